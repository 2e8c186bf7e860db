import { createHash } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { SignatureV4 } from "@smithy/signature-v4";
import { testCredentials } from "./s3-server.js";

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  /** Path and query as they go on the wire, percent-encoded. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Value of x-amz-content-sha256; the body's SHA-256 when absent. */
  readonly payloadHash?: string;
  /** Signs; the test server's own when absent. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Headers added after signing. */
  readonly unsigned?: Readonly<Record<string, string>>;
}

/** SHA-256 and its HMAC, as the SDK wants them. */
export class Sha256 {
  private readonly hash = createHash("sha256");
  private readonly secret: Uint8Array | undefined;
  private inner = createHash("sha256");

  constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) return;
    const key = Buffer.alloc(64);
    const bytes = toBytes(secret);
    key.set(bytes.length > 64 ? createHash("sha256").update(bytes).digest() : bytes);
    this.secret = key.map((byte) => byte ^ 0x5c);
    this.inner = createHash("sha256").update(key.map((byte) => byte ^ 0x36));
  }

  update(data: string | Uint8Array | ArrayBuffer | ArrayBufferView): void {
    (this.secret === undefined ? this.hash : this.inner).update(toBytes(data));
  }

  async digest(): Promise<Uint8Array> {
    if (this.secret === undefined) return this.hash.digest();
    return createHash("sha256").update(this.secret).update(this.inner.digest()).digest();
  }

  reset(): void {}
}

function toBytes(data: string | Uint8Array | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}

/** The SDK's own signer, so that our verification is not compared with itself. */
const signerOf = (credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }) =>
  new SignatureV4({
    service: "s3",
    region: "us-east-1",
    credentials,
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });

/** Headers of a signed request, without sending it. */
export async function signedHeaders(url: string, raw: RawRequest): Promise<Record<string, string>> {
  const { host, hostname, port } = new URL(url);
  const [path = "/", search = ""] = raw.target.split("?");
  const hash =
    raw.payloadHash ??
    createHash("sha256")
      .update(raw.body ?? "")
      .digest("hex");
  const query: Record<string, string> = {};
  for (const piece of search === "" ? [] : search.split("&")) {
    const [name = "", value = ""] = piece.split("=");
    query[decodeURIComponent(name)] = decodeURIComponent(value);
  }
  const signed = await signerOf(raw.credentials ?? testCredentials).sign({
    method: raw.method ?? "GET",
    protocol: "http:",
    hostname,
    port: Number(port),
    path,
    query,
    headers: { host, ...raw.headers, "x-amz-content-sha256": hash },
  });
  return signed.headers;
}

/** Sends a signed request exactly as written. */
export async function signedRequest(url: string, raw: RawRequest): Promise<RawReply> {
  const headers = { ...(await signedHeaders(url, raw)), ...raw.unsigned };
  return plainRequest(url, { ...raw, headers });
}

/** Sends a request as it is. */
export function plainRequest(url: string, raw: RawRequest): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const req = request(
      {
        ...{ hostname, port, path: raw.target, method: raw.method ?? "GET" },
        ...{ headers: { ...raw.headers }, agent: false, signal: raw.signal },
      },
      (res) => {
        const parts: Buffer[] = [];
        res.on("data", (part: Buffer) => parts.push(part));
        res.on("error", reject);
        res.on("end", () =>
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    req.on("error", reject);
    req.end(raw.body);
  });
}

/** Sends bytes and returns all that comes back until the other side closes. */
export function exchange(url: string, send: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(send));
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(parts).toString()));
  });
}

/** The text of the first element of that name. */
export function elementText(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
