import { createHmac, randomBytes } from "node:crypto";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { parseGrant } from "../../core/access/grant.js";
import { accessKeyIdText, newAccessKey, parseAccessKeyId } from "../../core/auth/access-key.js";
import { createGrpcTransport, createPlainDrpcTransport } from "../../core/rpc/index.js";
import { EdgeAuthDefinition } from "../../proto/gen/edgeauth.js";
import { plainRequest, signedHeaders } from "./s3-request.js";

export interface SecretTarget {
  readonly s3: string;
  readonly authHttp: string;
  readonly authGrpc: string;
  readonly authDrpc: string;
  readonly authToken: string;
  readonly accessGrant: string;
  /** Where there is link sharing. */
  readonly linksharing?: string;
}

export interface Secret {
  readonly name: string;
  readonly value: Uint8Array | string;
}

export interface SecretsUsed {
  /** All that was sent or answered and that nobody else may see. */
  readonly secrets: readonly Secret[];
  /** Of them those of the credentials that S3 was used with, which it may remember for a while. */
  readonly remembered: readonly Secret[];
  /** Status of each request, by name. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** A connection that stays open keeps its last request in the server's memory. */
const close = { Connection: "close" };

/** Good and bad requests over every protocol, each of which carries secrets. */
export async function secretRequests(target: SecretTarget): Promise<SecretsUsed> {
  const secrets: Secret[] = [];
  const outcomes: Record<string, number> = {};
  const note = (name: string, value: Uint8Array | string) => {
    secrets.push({ name, value });
    return value;
  };

  const { accessGrant } = target;
  const broken = accessGrant.slice(0, -1);
  const long = accessGrant.repeat(Math.ceil(4_200 / accessGrant.length));
  note("access grant", accessGrant);
  note("most of the access grant", broken);
  const { apiKey, encryption } = parseGrant(accessGrant);
  note("API key tail", apiKey.tail);
  note("root key", encryption.defaultKey!);
  note("auth token", target.authToken);

  const post = async (name: string, body: string) => {
    const reply = await fetch(`${target.authHttp}/v1/access`, { method: "POST", headers: close, body });
    outcomes[`http ${name}`] = reply.status;
    return reply.text();
  };
  const issued = JSON.parse(await post("good", JSON.stringify({ access_grant: accessGrant, public: true })));
  await post("broken", JSON.stringify({ access_grant: broken }));
  await post("long", JSON.stringify({ access_grant: long }));
  await post("no JSON", `{"access_grant": "${accessGrant}"`);
  await post("unknown tag", JSON.stringify({ access_grant: accessGrant, usage_tags: ["x"] }));
  const lookUp = async (name: string, id: string, authorization: string) => {
    const headers = { ...close, authorization };
    outcomes[`look up ${name}`] = (await fetch(`${target.authHttp}/v1/access/${id}`, { headers })).status;
  };
  const wrongToken = `wrong-${randomBytes(16).toString("hex")}`;
  note("wrong token", wrongToken);
  const unknown = accessKeyIdText(newAccessKey());
  note("unknown access key id", unknown);
  await lookUp("good", issued.access_key_id, `Bearer ${target.authToken}`);
  await lookUp("wrong token", issued.access_key_id, `Bearer ${wrongToken}`);
  await lookUp("unknown", unknown, `Bearer ${target.authToken}`);
  await lookUp("malformed", `${unknown}2`, `Bearer ${target.authToken}`);
  const credentialsOf = (name: string, id: string, secretKey: string) => {
    note(`access key id of ${name}`, id);
    note(`access key of ${name}`, parseAccessKeyId(id));
    note(`secret key of ${name}`, secretKey);
    return { accessKeyId: id, secretAccessKey: secretKey };
  };
  const used = credentialsOf("HTTP", issued.access_key_id, issued.secret_key);

  for (const [name, transport, address] of [
    ["gRPC", createGrpcTransport(), target.authGrpc],
    ["DRPC", createPlainDrpcTransport(), target.authDrpc],
  ] as const) {
    const register = async (what: string, grant: string) => {
      const connection = await transport.dial({ address });
      try {
        const request = { accessGrant: grant, public: false };
        const method = EdgeAuthDefinition.methods.registerAccess;
        const reply = await connection.unary(EdgeAuthDefinition, method, request);
        credentialsOf(name, reply.accessKeyId, reply.secretKey);
        outcomes[`${name} ${what}`] = 0;
      } catch (error) {
        outcomes[`${name} ${what}`] = (error as { status?: number }).status ?? -1;
      } finally {
        await connection.close();
      }
    };
    await register("good", accessGrant);
    await register("broken", broken);
    await register("long", long);
  }

  // What is asked last, and of what: V8 remembers the subject of its last regular expression.
  const wrong = { ...used, secretAccessKey: `wrong${used.secretAccessKey}` };
  const s3 = async (
    name: string,
    credentials: typeof used,
    change: (headers: Record<string, string>) => void = () => {},
  ) => {
    const headers = await signedHeaders(target.s3, { target: "/", credentials });
    note(`authorization of ${name}`, headers["authorization"]!);
    note(`signature of ${name}`, /Signature=(\w+)/.exec(headers["authorization"]!)![1]!);
    change(headers);
    outcomes[`S3 ${name}`] = (await plainRequest(target.s3, { target: "/", headers: { ...headers, ...close } })).status;
  };
  await s3("good", used);
  await s3("wrong secret", wrong);
  await s3("unknown key", { ...used, accessKeyId: unknown });
  await s3("malformed authorization", used, (headers) => {
    headers["authorization"] = headers["authorization"]!.replace("aws4_request", "aws5_request");
  });
  await s3("unsigned header", used, (headers) => {
    headers["x-amz-meta-a"] = "b";
  });
  for (const [name, { accessKeyId, secretAccessKey }] of Object.entries({ good: used, wrong })) {
    const date = new Date().toUTCString();
    const signature = createHmac("sha1", secretAccessKey).update(`GET\n\n\n${date}\n/`).digest("base64");
    note(`V2 signature, ${name}`, signature);
    const headers = { ...close, Date: date, Authorization: `AWS ${accessKeyId}:${signature}` };
    outcomes[`S3 V2 ${name}`] = (await plainRequest(target.s3, { target: "/", headers })).status;
  }
  for (const [name, credentials] of Object.entries({ good: used, wrong })) {
    const client = new S3Client({ endpoint: target.s3, region: "us-east-1", forcePathStyle: true, credentials });
    const url = new URL(await getSignedUrl(client, new GetObjectCommand({ Bucket: "nowhere", Key: "a" })));
    client.destroy();
    note(`presigned signature, ${name}`, url.searchParams.get("X-Amz-Signature")!);
    outcomes[`S3 presigned ${name}`] = (await fetch(url, { headers: close })).status;
    const policy = Buffer.from(
      JSON.stringify({
        expiration: "2099-01-01T00:00:00Z",
        conditions: [{ bucket: "nowhere" }, ["starts-with", "$key", ""]],
      }),
    ).toString("base64");
    const form = new FormData();
    const signature = createHmac("sha1", credentials.secretAccessKey).update(policy).digest("base64");
    note(`form signature, ${name}`, signature);
    for (const [field, value] of Object.entries({
      key: "a",
      AWSAccessKeyId: credentials.accessKeyId,
      policy,
      signature,
    })) {
      form.set(field, value);
    }
    form.set("file", new Blob(["x"]));
    const encoded = new Response(form);
    const headers = { ...close, "Content-Type": encoded.headers.get("content-type")! };
    const body = Buffer.from(await encoded.arrayBuffer());
    const posted = await plainRequest(target.s3, { method: "POST", target: "/nowhere", headers, body });
    outcomes[`S3 form ${name}`] = posted.status;
  }
  if (target.linksharing !== undefined) {
    const ofGrpc = secrets.find(({ name }) => name === "access key id of gRPC")!.value;
    for (const [name, id] of Object.entries({ public: used.accessKeyId, private: String(ofGrpc), unknown })) {
      for (const kind of ["raw", "s"]) {
        const reply = await fetch(`${target.linksharing}/${kind}/${id}/nowhere/a`, { headers: close });
        outcomes[`${kind} ${name}`] = reply.status;
        await reply.text();
      }
    }
  }
  // Nothing of the above is the last that was read.
  for (let i = 0; i < 10; i++) {
    await (await fetch(`${target.authHttp}/v1/health/live`, { headers: close })).text();
    await (await fetch(`${target.s3}/nothing-secret?versioning`, { headers: close })).text();
  }
  const ofS3 = new Set(["access grant", "access key id of HTTP", "secret key of HTTP", "most of the access grant"]);
  return { secrets, remembered: secrets.filter(({ name }) => ofS3.has(name)), outcomes };
}

export function secretBytes({ value }: Secret): Buffer {
  return Buffer.from(value as string);
}
