import { once } from "node:events";
import { connect } from "node:tls";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ChannelCredentials, Client } from "@grpc/grpc-js";
import test from "ava";
import { service as health } from "grpc-health-check";
import { utf8Text } from "../../../core/bytes/bytes.js";
import { isPosternError } from "../../../core/errors.js";
import { createIdentity } from "../../../core/identity/identity.js";
import { createClient } from "../../../core/rpc/client.js";
import { serveGrpc } from "../../../core/rpc/grpc/server.js";
import { createGrpcTransport } from "../../../core/rpc/grpc/transport.js";
import { bindService, type RunningServer } from "../../../core/rpc/transport.js";
import {
  EdgeAuthDefinition,
  EdgeRegisterAccessRequest,
  EdgeRegisterAccessResponse,
} from "../../../proto/gen/edgeauth.js";
import { MetainfoDefinition } from "../../../proto/gen/metainfo.js";
import { webCertificate } from "../../helpers/web-certificate.js";
import { transportSuite } from "../../suites/transport-suite.js";

const listen = { host: "127.0.0.1", port: 0 };
const serverIdentity = await createIdentity();
const clientIdentity = await createIdentity();

transportSuite(test, async (services, options) => {
  const server = await serveGrpc({ listen, services, identity: serverIdentity, ...options });
  return {
    transport: createGrpcTransport({ identity: clientIdentity }),
    target: { address: server.address, nodeId: serverIdentity.nodeId },
    server,
    clientChain: clientIdentity.chain,
    serverChain: serverIdentity.chain,
  };
});

function portOf({ address }: RunningServer): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

const edgeAuth = bindService(EdgeAuthDefinition, {
  registerAccess: async ({ accessGrant }) => EdgeRegisterAccessResponse.create({ accessKeyId: accessGrant }),
});
const metainfo = bindService(MetainfoDefinition, {});
const register = EdgeRegisterAccessRequest.create({ accessGrant: "grant" });

test("in clear, without identities", async (t) => {
  const server = await serveGrpc({ listen, services: [edgeAuth] });
  t.teardown(() => server.stop());
  const connection = await createGrpcTransport().dial({ address: server.address });
  t.teardown(() => connection.close());
  const client = createClient(EdgeAuthDefinition, connection);
  t.is((await client.registerAccess(register)).accessKeyId, "grant");
  t.is(connection.peerChain, undefined);
});

test("over web TLS the server's name is checked", async (t) => {
  const { cert, key } = webCertificate();
  const server = await serveGrpc({ listen, services: [edgeAuth], tls: { cert, key } });
  t.teardown(() => server.stop());
  const address = server.address.replace("127.0.0.1", "localhost");
  const connection = await createGrpcTransport({ tls: { ca: Buffer.from(cert) } }).dial({ address });
  t.teardown(() => connection.close());
  t.is((await createClient(EdgeAuthDefinition, connection).registerAccess(register)).accessKeyId, "grant");
  const refused = await t.throwsAsync(createGrpcTransport({ tls: true }).dial({ address }));
  t.true(isPosternError(refused, "unavailable"));
});

test("a server with another node id is refused, and a caller without identity", async (t) => {
  const server = await serveGrpc({ listen, services: [edgeAuth], identity: serverIdentity });
  t.teardown(() => server.stop());
  const transport = createGrpcTransport({ identity: clientIdentity });
  const target = { address: server.address, nodeId: clientIdentity.nodeId };
  const refused = await t.throwsAsync(transport.dial(target), { message: "peer ID did not match requested ID" });
  t.true(isPosternError(refused, "unauthenticated"));
  const anonymous = connect({
    host: "127.0.0.1",
    port: portOf(server),
    rejectUnauthorized: false,
    ALPNProtocols: ["h2"],
  });
  anonymous.on("error", () => {});
  await once(anonymous, "close");
  t.pass();
});

test("health and reflection", async (t) => {
  const server = await serveGrpc({ listen, services: [edgeAuth, metainfo], reflection: true });
  t.teardown(() => server.stop());
  const client = new Client(server.address, ChannelCredentials.createInsecure());
  t.teardown(() => client.close());

  const check = health["Check"]!;
  const askHealth = (service: string) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        check.path,
        check.requestSerialize,
        check.responseDeserialize,
        { service },
        (error, value) => (error ? reject(error) : resolve(value)),
      );
    });
  t.like(await askHealth(""), { status: "SERVING" });
  t.like(await askHealth("metainfo.Metainfo"), { status: "SERVING" });
  await t.throwsAsync(askHealth("piecestore.Piecestore"));

  // grpc/reflection/v1/reflection.proto: requests file_containing_symbol = 4 and list_services = 7; responses
  // file_descriptor_response = 4 and list_services_response = 6, each with its list in field 1.
  const reflect = (field: number, text: string, answer: number) =>
    new Promise<Uint8Array[]>((resolve, reject) => {
      const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
      const asIs = (data: Buffer) => data;
      const call = client.makeBidiStreamRequest(path, asIs, asIs);
      call.on("data", (data: Buffer) => {
        const [response] = fieldsOf(data, answer);
        resolve(response === undefined ? [] : fieldsOf(response, 1));
      });
      call.on("error", reject);
      call.write(Buffer.from(new BinaryWriter().tag(field, 2).string(text).finish()));
      call.end();
    });
  const services = (await reflect(7, "*", 6)).flatMap((service) => fieldsOf(service, 1).map(utf8Text));
  t.deepEqual(services.sort(), ["EdgeAuth", "grpc.health.v1.Health", "metainfo.Metainfo"]);
  const typesAround = async (symbol: string) => {
    const files = (await reflect(4, symbol, 4)).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    const file = importsFirst(files);
    // Throws for imports and types that are not there.
    return createFileRegistry(create(FileDescriptorSetSchema, { file }));
  };
  for (const symbol of [...services, "metainfo.BeginObjectRequest", "EdgeRegisterAccessRequest"]) {
    t.truthy((await typesAround(symbol)).get(symbol), symbol);
  }
  const withMap = (await typesAround("metainfo.Metainfo")).getMessage("metainfo.AddressedOrderLimit");
  t.is(withMap?.fields.find(({ name }) => name === "tags")?.fieldKind, "map");
  t.deepEqual(await reflect(4, "nothing.There", 4), []);
});

function importsFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto) => {
    for (const one of files) if (file.dependency.includes(one.name) && !ordered.has(one)) visit(one);
    ordered.add(file);
  };
  files.forEach(visit);
  return [...ordered];
}

function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(type);
  }
  return found;
}
