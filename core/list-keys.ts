import { concatBytes } from "./bytes/bytes.js";
import { deriveKey, derivePathComponentKey } from "./crypto/derive.js";
import { decryptPathRaw } from "./crypto/path.js";
import { isPosternError } from "./errors.js";

const slash = 0x2f;

export interface OpenedKey {
  /** The whole plain key. */
  readonly key: Uint8Array;
  /** Wraps the content and metadata keys of the object. */
  contentKey(): Uint8Array;
}

interface Folder {
  /** Encrypted, relative to the listed prefix, without a slash at the end. */
  readonly encrypted: Uint8Array;
  /** Plain and whole, empty or with a slash at the end; undefined when it cannot be decrypted. */
  readonly plain: Uint8Array | undefined;
  readonly key: Uint8Array;
}

/**
 * Opens the keys of a listing. They come in order, so neighbours mostly lie in one folder, which is opened once.
 */
export class ListedKeys {
  private folder: Folder;
  private readonly top: Folder;

  /** @param prefix listed, plain: empty or with a slash at the end; `key` is its path key */
  constructor(
    prefix: Uint8Array,
    private readonly cipher: number,
    key: Uint8Array,
  ) {
    this.top = { encrypted: new Uint8Array(0), plain: prefix, key };
    this.folder = this.top;
  }

  /**
   * Opens a key, or a prefix with a slash at its end. Undefined for what cannot be decrypted: it belongs to another
   * passphrase.
   */
  open(encrypted: Uint8Array, isPrefix: boolean): OpenedKey | undefined {
    const path = isPrefix ? encrypted.subarray(0, -1) : encrypted;
    const end = path.lastIndexOf(slash);
    const { plain, key } = this.folderOf(path.subarray(0, Math.max(end, 0)));
    if (plain === undefined) return undefined;
    const last = this.decrypt(path.subarray(end + 1), key);
    if (last === undefined) return undefined;
    const contentKey = () => deriveKey(derivePathComponentKey(key, last), "content");
    return { key: concatBytes(plain, last, isPrefix ? Uint8Array.of(slash) : new Uint8Array(0)), contentKey };
  }

  private folderOf(encrypted: Uint8Array): Folder {
    if (encrypted.length === 0) return this.top;
    if (Buffer.compare(encrypted, this.folder.encrypted) === 0) return this.folder;
    let key = this.top.key;
    let plain = this.top.plain as Uint8Array;
    for (let from = 0; from <= encrypted.length; ) {
      const next = encrypted.indexOf(slash, from);
      const end = next < 0 ? encrypted.length : next;
      const component = this.decrypt(encrypted.subarray(from, end), key);
      if (component === undefined) {
        this.folder = { encrypted, plain: undefined, key };
        return this.folder;
      }
      key = derivePathComponentKey(key, component);
      plain = concatBytes(plain, component, Uint8Array.of(slash));
      from = end + 1;
    }
    this.folder = { encrypted, plain, key };
    return this.folder;
  }

  private decrypt(component: Uint8Array, key: Uint8Array): Uint8Array | undefined {
    try {
      return decryptPathRaw(component, this.cipher, key);
    } catch (error) {
      if (isPosternError(error, "decryption-failed")) return undefined;
      throw error;
    }
  }
}
