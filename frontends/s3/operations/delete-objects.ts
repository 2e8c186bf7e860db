import type { DeleteItemResult, ObjectToDelete } from "../../../core/index.js";
import { isPosternError } from "../../../core/index.js";
import type { Call, Operation } from "../call.js";
import { checkDelete, type DeleteConditions, deleteConditions } from "../delete-conditions.js";
import { S3Error, toS3Error } from "../errors.js";
import { bypassesGovernance } from "../object-lock.js";
import { xmlReply } from "../reply.js";
import { requireBucket } from "../require-bucket.js";
import { keepsVersions, nullVersion, nullVersionOf, parseVersion } from "../version-id.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";
import { markerText } from "./delete-object.js";

const mostKeys = 1000;
/** 1 000 keys of 1 024 bytes with room for elements and escapes. */
const maxBytes = 4 * 2 ** 20;
const atOnce = 16;

interface Victim {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly conditions: DeleteConditions | undefined;
}

/** What became of a victim. */
type Outcome = { readonly failure: S3Error } | { readonly result: DeleteItemResult | undefined };

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Operation = {
  name: "DeleteObjects",
  authorizesItself: true,
  async run(call) {
    const document = await call.xml("Delete", maxBytes);
    if (document === undefined) throw new S3Error("MalformedXML");
    const victims = children(document, "Object").map(victimOf);
    if (victims.length === 0 || victims.length > mostKeys) throw new S3Error("MalformedXML");
    const quiet = childText(document, "Quiet")?.trim().toLowerCase() === "true";
    const outcomes = await deleteAll(call, victims);
    logOutcomes(call, victims, outcomes);
    const marker = outcomes.find((outcome) => "result" in outcome && outcome.result?.marker !== undefined);
    const suspended =
      marker !== undefined && "result" in marker
        ? (await markerText(call, marker.result!.marker!.version)) === nullVersion
        : false;
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "DeleteResult",
          () => {
            for (const [index, victim] of victims.entries()) {
              const outcome = outcomes[index]!;
              if ("failure" in outcome) writeFailure(xml, victim, outcome.failure);
              else if (!quiet) writeDeleted(xml, victim, outcome.result, suspended);
            }
          },
          s3Namespace,
        ),
      ),
    );
  },
};

/** A line a key, as on Amazon, besides that of the request. */
function logOutcomes(call: Call, victims: readonly Victim[], outcomes: readonly Outcome[]): void {
  for (const [index, { key, versionId }] of victims.entries()) {
    const outcome = outcomes[index]!;
    const failure = "failure" in outcome ? outcome.failure : undefined;
    const operation = "BATCH.DELETE.OBJECT";
    const status = failure?.status ?? 204;
    call.alsoLog({ access: call.access, operation, key, versionId, status, code: failure?.code });
  }
}

function victimOf(node: XmlNode): Victim {
  const key = childText(node, "Key");
  if (key === undefined || key === "") throw new S3Error("MalformedXML");
  const conditions = deleteConditions({
    etag: childText(node, "ETag"),
    lastModified: childText(node, "LastModifiedTime"),
    size: childText(node, "Size"),
  });
  return { key, versionId: childText(node, "VersionId") || undefined, conditions };
}

/** What is allowed and as expected goes to the satellite in one call. A missing bucket fails the whole. */
async function deleteAll(call: Call, victims: readonly Victim[]): Promise<Outcome[]> {
  const outcomes: (Outcome | undefined)[] = new Array(victims.length).fill(undefined);
  const wanted: (ObjectToDelete | undefined)[] = new Array(victims.length).fill(undefined);
  const named = victims.some(({ versionId }) => versionId === nullVersion);
  const lookUp = named && (await keepsVersions(call.project, call.bucket, call.signal));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < victims.length; index = next++) {
      try {
        wanted[index] = await prepare(call, victims[index]!, lookUp);
        if (wanted[index] === undefined) outcomes[index] = { result: undefined };
      } catch (error) {
        if (isPosternError(error, "bucket-not-found", "canceled")) {
          next = victims.length;
          throw error;
        }
        const gone = error instanceof S3Error && error.code === "NoSuchVersion";
        outcomes[index] = gone ? { result: undefined } : { failure: toS3Error(error) };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, victims.length) }, work));

  const indices = [...wanted.keys()].filter((index) => wanted[index] !== undefined);
  const results = await call.project.deleteObjects(
    call.bucket,
    indices.map((index) => wanted[index]!),
    { bypassGovernance: bypassesGovernance(call), signal: call.signal },
  );
  for (const [at, index] of indices.entries()) outcomes[index] = outcomeOf(results[at]!);
  if (results.some(({ status }) => status === "not-found")) await requireBucket(call);
  return outcomes as Outcome[];
}

async function prepare(call: Call, victim: Victim, lookUp: boolean): Promise<ObjectToDelete | undefined> {
  const { key, versionId, conditions } = victim;
  if (Buffer.byteLength(key) > 1024) throw new S3Error("KeyTooLongError");
  const { access } = call;
  if (!access.isOwner || access.settings.policy !== undefined) {
    await call.authorize("DeleteObjects", { access, key, versionId });
  }
  let version = versionId === undefined ? undefined : parseVersion(versionId);
  if (versionId === nullVersion && lookUp) version = await nullVersionOf(access, key, call.signal);
  if (conditions !== undefined && !(await checkDelete(call, key, version, conditions))) return undefined;
  return version === undefined ? { key } : { key, version };
}

function outcomeOf(result: DeleteItemResult): Outcome {
  switch (result.status) {
    case "ok":
    case "not-found":
      return { result };
    case "unauthorized":
      return { failure: new S3Error("AccessDenied") };
    case "locked":
      return {
        failure: new S3Error("AccessDenied", { message: "Access Denied because object protected by object lock." }),
      };
    case "error":
      return { failure: new S3Error("InternalError") };
  }
}

function writeDeleted(xml: XmlWriter, victim: Victim, result: DeleteItemResult | undefined, suspended: boolean): void {
  xml.group("Deleted", () => {
    xml.text("Key", victim.key);
    xml.text("VersionId", victim.versionId);
    if (result?.marker !== undefined) {
      xml.text("DeleteMarker", true);
      const text = suspended ? nullVersion : Buffer.from(result.marker.version).toString("hex");
      xml.text("DeleteMarkerVersionId", text);
    } else if (victim.versionId !== undefined && result?.removed?.isDeleteMarker === true) {
      xml.text("DeleteMarker", true);
      xml.text("DeleteMarkerVersionId", victim.versionId);
    }
  });
}

function writeFailure(xml: XmlWriter, victim: Victim, failure: S3Error): void {
  xml.group("Error", () => {
    xml.text("Key", victim.key);
    xml.text("VersionId", victim.versionId);
    xml.text("Code", failure.code);
    xml.text("Message", failure.message);
  });
}
