import type { BucketInfo } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { writeOwner } from "../owner.js";
import { decodeToken, encodeToken, pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** Pages of the core joined in one reply; Amazon too has 10 000 buckets at most without paging. */
const mostPages = 10;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export const listBuckets: Operation = {
  name: "ListBuckets",
  async run(call) {
    const limit = pageSize(call.query, "max-buckets", 10_000);
    const prefix = call.query.get("prefix") ?? "";
    const token = call.query.get("continuation-token");
    const buckets: BucketInfo[] = [];
    let cursor = token === undefined ? undefined : Buffer.from(decodeToken(token)).toString("utf8");
    let more = true;
    for (let pages = 0; more && pages < mostPages && buckets.length < limit; pages++) {
      const page = await call.project.listBuckets({ cursor, limit: 1000, signal: call.signal });
      for (const bucket of page.buckets) {
        if (buckets.length === limit) break;
        cursor = bucket.name;
        if (bucket.name.startsWith(prefix)) buckets.push(bucket);
      }
      more = page.next !== undefined || cursor !== page.buckets.at(-1)?.name;
      if (page.buckets.length === 0) more = false;
    }
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListAllMyBucketsResult",
          () => {
            writeOwner(xml, call.caller.kind === "user" ? call.caller.userId : "");
            xml.group("Buckets", () => {
              for (const bucket of buckets) {
                xml.group("Bucket", () => {
                  xml.text("Name", bucket.name);
                  xml.text("CreationDate", bucket.createdAt.toISOString());
                });
              }
            });
            if (more && cursor !== undefined) xml.text("ContinuationToken", encodeToken(Buffer.from(cursor)));
            if (prefix !== "") xml.text("Prefix", prefix);
          },
          s3Namespace,
        ),
      ),
    );
  },
};
