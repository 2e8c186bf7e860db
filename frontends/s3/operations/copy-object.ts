import type { CustomMetadata, ObjectInfo } from "../../../core/index.js";
import { aclKey } from "../access/bucket-access.js";
import { type Call, keyOf, keyText, type Operation } from "../call.js";
import { checksumKey, checksumOf, type ObjectChecksum, requestedChecksum } from "../checksums/object-checksum.js";
import { partChecksumsKey } from "../checksums/part-checksums.js";
import {
  type CopySource,
  directive,
  logSource,
  openCopySource,
  parseCopySource,
  type ReachedSource,
  reachCopySource,
} from "../copy-source.js";
import { customerKeyName } from "../encryption/customer-cipher.js";
import { S3Error } from "../errors.js";
import { hashedStream } from "../hashed-stream.js";
import { etagKey, etagOf, redirectKey, tagsKey } from "../metadata.js";
import { type NewObject, newObject, withChecksum, writtenHeaders } from "../new-object.js";
import { type Reply, xmlReply } from "../reply.js";
import { type WriteGuard, writeGuard } from "../stored-conditions.js";
import { layoutKey } from "../uploads/part-layout.js";
import { versionText } from "../version-id.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/**
 * Copies by reading and storing again. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const copyObject: Operation = {
  name: "CopyObject",
  slow: true,
  async run(call) {
    const source = parseCopySource(call.headers.get("x-amz-copy-source"));
    const metadata = directive(call, "x-amz-metadata-directive");
    const tagging = directive(call, "x-amz-tagging-directive");
    if (metadata === "COPY" && tagging === "COPY" && isItself(call, source) && !changesSomething(call)) {
      throw new S3Error("InvalidRequest", {
        message:
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
          "metadata, storage class, website redirect location or encryption attributes.",
      });
    }
    const guard = writeGuard(call);
    await guard.check();
    const reached = await reachCopySource(call, source);
    const object = await newObject(call);
    logSource(call, reached, "REST.COPY.OBJECT_GET");
    const sealed = object.cipher !== undefined || reached.info.custom[customerKeyName] !== undefined;
    const asked = requestedChecksum(call.headers)?.algorithm;
    const known = asked === undefined || checksumOf(reached.info)?.algorithm === asked;
    if (reached.access.isOwner && call.access.isOwner && !sealed && known) {
      return copyAtSatellite(call, reached, object, metadata, tagging, guard);
    }
    const opened = await openCopySource(call, reached);
    try {
      const copied = copiedMetadata(opened.info, object.custom, metadata, tagging);
      const { body, md5, checksum: computed } = hashedStream(opened.body, opened.length, call.hashes, asked);
      const checksum = () => computed() ?? fullChecksum(opened.info);
      let etag = "";
      const info = await call.project.putObject(call.bucket, keyOf(call), object.cipher?.encrypt(body, 0) ?? body, {
        custom: () => withChecksum(copied, checksum()),
        expiresAt: metadata === "COPY" ? opened.info.expiresAt : object.expiresAt,
        ...object.lock,
        ifNoneMatch: guard.ifNoneMatch,
        etag: async () => {
          await guard.check();
          etag = md5();
          return Buffer.from(etag);
        },
        signal: call.signal,
      });
      const written = { custom: copied, customer: object.customer };
      const headers = { ...writtenHeaders(call, written, info), ...sourceVersionHeaders(reached.info) };
      return copyReply("CopyObjectResult", etag, info.createdAt, { checksum: checksum(), headers });
    } finally {
      opened.close();
    }
  },
};

/** The pieces stay where they are; ETag, checksum and parts are the source's, as the data are. */
async function copyAtSatellite(
  call: Call,
  reached: ReachedSource,
  object: NewObject,
  metadata: string,
  tagging: string,
  guard: WriteGuard,
): Promise<Reply> {
  const { info: source, access, version } = reached;
  const kept = Object.fromEntries(Object.entries(source.custom).filter(([name]) => ofData.includes(name)));
  const custom = { ...copiedMetadata(source, object.custom, metadata, tagging), ...kept };
  const etag = etagOf(source);
  await guard.check();
  const info = await call.project.copyObject(
    { bucket: access.bucket, key: source.keyBytes, version },
    { bucket: call.bucket, key: keyOf(call) },
    {
      replace: { custom, etag: Buffer.from(etag) },
      ifNoneMatch: guard.ifNoneMatch,
      ...object.lock,
      signal: call.signal,
    },
  );
  const headers = {
    ...writtenHeaders(call, { custom, customer: undefined }, info),
    ...sourceVersionHeaders(source),
  };
  return copyReply("CopyObjectResult", etag, info.createdAt, { checksum: checksumOf(source), headers });
}

export function sourceVersionHeaders(source: ObjectInfo): Record<string, string> {
  return source.versioned ? { "x-amz-copy-source-version-id": versionText(source) } : {};
}

export function copyReply(
  root: string,
  etag: string,
  modifiedAt: Date,
  more: { readonly checksum?: ObjectChecksum; readonly headers: Readonly<Record<string, string>> },
) {
  return xmlReply(
    xmlDocument((xml) =>
      xml.group(
        root,
        () => {
          xml.text("LastModified", modifiedAt.toISOString());
          xml.text("ETag", `"${etag}"`);
          if (more.checksum !== undefined) {
            xml.text(`Checksum${more.checksum.algorithm}`, more.checksum.value);
            if (root === "CopyObjectResult") xml.text("ChecksumType", more.checksum.type);
          }
        },
        s3Namespace,
      ),
    ),
    more.headers,
  );
}

/** An older version is another object: that is how one is brought back. */
function isItself(call: Call, source: CopySource): boolean {
  return (
    source.versionId === undefined && source.bucket === call.bucket && keyText(source.key) === keyText(keyOf(call))
  );
}

/** What else makes a copy onto itself legal. */
function changesSomething({ headers }: Call): boolean {
  return [
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-checksum-algorithm",
    redirectKey,
  ].some((name) => headers.has(name));
}

/** The copy is stored whole: a checksum that is one of parts is not its. */
function fullChecksum(info: ObjectInfo): ObjectChecksum | undefined {
  const checksum = checksumOf(info);
  return checksum?.type === "FULL_OBJECT" ? checksum : undefined;
}

/** Of the source alone; the copy has its own, or none. */
const ofData = [checksumKey, partChecksumsKey, layoutKey];
const ofStorage = [etagKey, aclKey, checksumKey, partChecksumsKey, layoutKey, customerKeyName, redirectKey];

function copiedMetadata(source: ObjectInfo, fresh: CustomMetadata, metadata: string, tagging: string): CustomMetadata {
  const { [tagsKey]: freshTags, ...freshRest } = fresh;
  const { [tagsKey]: oldTags, ...oldRest } = Object.fromEntries(
    Object.entries(source.custom).filter(([name]) => !ofStorage.includes(name)),
  );
  const tags = tagging === "REPLACE" ? freshTags : oldTags;
  const own = Object.fromEntries(Object.entries(fresh).filter(([name]) => ofStorage.includes(name)));
  return {
    ...(metadata === "REPLACE" ? freshRest : { ...oldRest, ...own }),
    ...(tags === undefined ? {} : { [tagsKey]: tags }),
  };
}
