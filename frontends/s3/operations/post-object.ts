import { type Call, keyOf, keyText, type Operation } from "../call.js";
import { S3Error } from "../errors.js";
import type { FormPolicy } from "../form/form-policy.js";
import { checksumOfPayload, newObject, withChecksum, writtenHeaders } from "../new-object.js";
import type { Reply } from "../reply.js";
import { bytesOfText, encodePathBytes } from "../uri.js";
import { xmlDocument } from "../xml/write.js";
import { md5Text } from "./put-object.js";

/** What is left of a form when its fields have become a call's headers and key. */
export interface PostedForm {
  readonly policy: FormPolicy | undefined;
  readonly successStatus: string | undefined;
  readonly successRedirect: string | undefined;
}

/** Uploads by browser forms. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export function postObject(form: PostedForm): Operation {
  return {
    name: "PostObject",
    async run(call) {
      const object = await newObject(call);
      const payload = await call.payload(call.plan(), { md5: true });
      const plain = bounded(payload.body, form.policy?.length, call.options.maxPutBytes);
      const body = object.cipher?.encrypt(plain, 0) ?? plain;
      const info = await call.project.putObject(call.bucket, keyOf(call), body, {
        custom: () => withChecksum(object.custom, checksumOfPayload(payload)),
        expiresAt: object.expiresAt,
        ...object.lock,
        etag: () => Buffer.from(md5Text(payload)),
        signal: call.signal,
      });
      return replyOf(call, form, `"${md5Text(payload)}"`, writtenHeaders(call, object, info));
    },
  };
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  length: FormPolicy["length"],
  maxPutBytes: number,
): AsyncGenerator<Uint8Array> {
  const most = Math.min(length?.most ?? maxPutBytes, maxPutBytes);
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most) throw new S3Error("EntityTooLarge", { extra: { ProposedSize: size, MaxSizeAllowed: most } });
    yield chunk;
  }
  if (length !== undefined && size < length.least) {
    throw new S3Error("EntityTooSmall", { extra: { ProposedSize: size, MinSizeAllowed: length.least } });
  }
}

function replyOf(call: Call, form: PostedForm, etag: string, about: Readonly<Record<string, string>>): Reply {
  const key = keyText(keyOf(call));
  const location = `${call.secure ? "https" : "http"}://${call.headers.get("host") ?? ""}/${call.bucket}/${encodePathBytes(bytesOfText(key))}`;
  const headers = { ETag: etag, Location: location, ...about };
  const redirect = redirectOf(form.successRedirect, { bucket: call.bucket, key, etag });
  if (redirect !== undefined) return { status: 303, headers: { ...headers, Location: redirect } };
  if (form.successStatus === "200") return { status: 200, headers };
  if (form.successStatus !== "201") return { status: 204, headers };
  const body = xmlDocument((xml) =>
    xml.group("PostResponse", () => {
      xml.text("Location", location);
      xml.text("Bucket", call.bucket);
      xml.text("Key", key);
      xml.text("ETag", etag);
    }),
  );
  return { status: 201, headers, body };
}

/** What is no URL is as if it were not there, as on Amazon. */
function redirectOf(text: string | undefined, told: Readonly<Record<string, string>>): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const parameters = Object.entries(told).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  // In characters that a header can have.
  const url = /^[\x21-\x7e]*$/.test(text) ? text : new URL(text).href;
  return `${url}${url.includes("?") ? "&" : "?"}${parameters.join("&")}`;
}
