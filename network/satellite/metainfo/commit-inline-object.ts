import type {
  BeginObjectRequest,
  BeginObjectResponse,
  CommitObjectRequest,
  CommitObjectResponse,
  MakeInlineSegmentRequest,
  MakeInlineSegmentResponse,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { BucketVersioning } from "../data/buckets.js";
import { commitInlineObject as commit } from "../data/commit-inline-object.js";
import { microsOfMillis } from "../data/times.js";
import { newUuid } from "../data/uuid.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { beginObjectMessage, unlessBucketGone } from "./begin-object.js";
import { checkBeginObject } from "./begin-object-checks.js";
import { commitUserData } from "./commit-object.js";
import { inlineSegmentOf } from "./make-inline-segment.js";
import { objectMessage } from "./object-message.js";

export interface InlineObjectRequests {
  readonly begin: BeginObjectRequest;
  readonly segment: MakeInlineSegmentRequest;
  readonly commit: CommitObjectRequest;
}

export interface InlineObjectResponses {
  readonly begin: BeginObjectResponse;
  readonly segment: MakeInlineSegmentResponse;
  readonly commit: CommitObjectResponse;
}

/** The three calls of a small object as one: it is never pending, and one transaction makes it. */
export async function commitInlineObject(
  satellite: SatelliteParts,
  requests: InlineObjectRequests,
): Promise<InlineObjectResponses> {
  const { begin } = requests;
  const terms = await checkBeginObject(satellite, begin);
  const { caller } = terms;
  const at = { bucket: begin.bucket, path: begin.encryptedObjectKey };
  const mayDelete = await caller.may({ op: Action.Delete, ...at });
  const sight = {
    retention: await caller.may({ op: Action.GetObjectRetention, ...at }),
    legalHold: await caller.may({ op: Action.GetObjectLegalHold, ...at }),
  };
  const segment = inlineSegmentOf(satellite, requests.segment);
  const userData = commitUserData(satellite, requests.commit) ?? terms.userData;

  const streamId = newUuid();
  const projectId = caller.project.id;
  const object = await unlessBucketGone(satellite, terms, () =>
    satellite.db.write((tx) =>
      commit(tx, {
        projectId,
        bucket: begin.bucket,
        key: begin.encryptedObjectKey,
        streamId,
        now: microsOfMillis(caller.time),
        expiresAt: terms.expiresAt,
        encryption: terms.encryption,
        userData,
        retention: terms.retention,
        legalHold: begin.legalHold,
        versioned: terms.bucket.versioning === BucketVersioning.Enabled,
        disallowDelete: !mayDelete,
        ifNoneMatch: requests.commit.ifNoneMatch,
        segment,
      }),
    ),
  );
  satellite.usage.stored(projectId, { bytes: segment.inlineData.length, segments: 1 });
  return {
    begin: beginObjectMessage(satellite, begin, terms, { version: object.version, streamId, multipart: false }),
    segment: {},
    commit: { object: objectMessage(satellite, projectId, begin.bucket, object, sight) },
  };
}
