import test from "ava";
import { type ErrorCode, PosternError } from "../../../core/errors.js";
import { type CallSubject, metainfoError } from "../../../core/metainfo/errors.js";
import { rpcError } from "../../../core/rpc/status.js";

// Texts of storj/storj satellite/metainfo; what the uplink library makes of them is in its common.go and private/metaclient.
const answers: [number, string, CallSubject, ErrorCode][] = [
  [5, "bucket not found: photos", "bucket", "bucket-not-found"],
  [5, "bucket not found: photos", "object", "bucket-not-found"],
  [5, "bucket not found: photos", "upload", "bucket-not-found"],
  [13, "bucket not found: photos", "list", "bucket-not-found"],
  [5, "anything", "bucket-delete", "bucket-not-found"],
  [5, "object not found: metabase: x", "object", "object-not-found"],
  [5, "segment not found", "object", "object-not-found"],
  [5, "object not found: x", "multipart", "upload-not-found"],
  [5, "pending object missing", "multipart", "upload-not-found"],
  [5, "pending object missing", "upload", "not-found"],
  [10035, "invalid stream id", "multipart", "upload-not-found"],
  [6, "bucket already exists", "bucket-create", "bucket-already-exists"],
  [3, "bucket name must contain only lowercase letters", "bucket-create", "bucket-name-invalid"],
  [3, "metainfo: The specified bucket name must be at least 3", "object", "bucket-name-invalid"],
  [3, "key length is too big, got 5000, maximum allowed is 4000", "upload", "object-key-invalid"],
  [3, "metabase: invalid request: ObjectKey missing", "upload", "object-key-invalid"],
  [3, "metabase: invalid request: invalid range: 1000000000:11535336", "object", "range-not-satisfiable"],
  [3, "proto: internalpb.StreamID: illegal tag 0 (wire type 1)", "multipart", "upload-not-found"],
  [3, "something else", "multipart", "invalid-argument"],
  [3, "something else", "upload", "invalid-argument"],
  [9, "bucket not empty", "bucket-delete", "bucket-not-empty"],
  [9, "metabase: failed precondition: object already exists", "upload", "object-already-exists"],
  [
    9,
    "metabase: failed precondition: size of part number 1 is below minimum threshold, got: 1, min: 5.0 MiB",
    "multipart",
    "part-too-small",
  ],
  [9, "not enough nodes: requested from cache 10, found 8", "upload", "not-enough-nodes"],
  [9, "something else", "upload", "failed-precondition"],
  [8, "Too Many Requests", "list", "too-many-requests"],
  [8, "metainfo: Exceeded Usage Limit", "object", "bandwidth-limit-exceeded"],
  [8, "Exceeded Storage Limit", "upload", "storage-limit-exceeded"],
  [8, "Exceeded Segments Limit", "upload", "segments-limit-exceeded"],
  [8, "number of allocated buckets (100) exceeded", "bucket-create", "bucket-limit-exceeded"],
  [8, "other", "upload", "resource-exhausted"],
  [7, "Unauthorized API credentials", "object", "permission-denied"],
  [17, "method not allowed", "object", "method-not-allowed"],
  [10005, "object is protected by Object Lock settings", "object", "object-protected"],
  [14, "down", "object", "unavailable"],
];

test("answers of the satellite", (t) => {
  for (const [status, text, subject, code] of answers) {
    const error = metainfoError(rpcError(status, text), subject) as PosternError;
    t.is(error.code, code, `${status} ${text} (${subject})`);
    t.is(error.message, text);
    t.is(error.status, status);
  }
});

test("errors that are no answers pass through", (t) => {
  const lost = new PosternError("unavailable", "connection lost");
  t.is(metainfoError(lost, "bucket"), lost);
  const defect = new TypeError("x");
  t.is(metainfoError(defect, "bucket"), defect);
});
