// Uploads stdin, then prints the object: node client.js HOST:PORT ID SECRET BUCKET KEY < FILE
import { fileURLToPath } from "node:url";
import { credentials, loadPackageDefinition, Metadata, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [address = "", id, secret, bucket, key] = process.argv.slice(2);
const file = fileURLToPath(new URL("examples/grpc-objects/objects.proto", import.meta.resolve("postern/package.json")));
const root = loadPackageDefinition(loadSync(file)) as { objects?: { v1?: { Objects?: ServiceClientConstructor } } };
const client = new root.objects!.v1!.Objects!(address, credentials.createInsecure());
const metadata = new Metadata();
metadata.set("authorization", `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`);

await new Promise<void>((resolve, reject) => {
  const call = client["Upload"]!(metadata, (error: Error | null) => (error ? reject(error) : resolve()));
  call.write({ start: { name: { bucket, key } } });
  process.stdin.on("data", (data) => call.write({ data })).on("end", () => call.end());
});
for await (const { data } of client["Download"]!({ name: { bucket, key } }, metadata))
  if (data) process.stdout.write(data);
client.close();
