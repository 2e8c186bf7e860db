import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath as healthProto } from "grpc-health-check";
import { PosternError } from "../../errors.js";
import { repairDescriptors } from "./descriptors.js";

/** The folder of the .proto files: beside package.json, above this file both in the sources and in dist. */
function protoFolder(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const folder = join(dir, "proto");
    if (existsSync(join(folder, "metainfo.proto"))) return folder;
    if (dir === dirname(dir)) throw new PosternError("internal", "the .proto files are missing");
  }
}

/**
 * Lets clients such as grpcurl list, describe and call the services without .proto files of their own. `more` describes
 * services that our .proto files do not have.
 */
export function addReflection(server: Server, serviceNames: readonly string[], more: readonly Uint8Array[]): void {
  const folder = protoFolder();
  const files = readdirSync(folder).filter((name) => name.endsWith(".proto"));
  const definitions = loadSync([...files, healthProto], { includeDirs: [folder], keepCase: true });
  const descriptors = Object.values(definitions).flatMap((definition) =>
    "fileDescriptorProtos" in definition ? (definition.fileDescriptorProtos as Uint8Array[]) : [],
  );
  // The reflection service reads nothing but this field of a package definition.
  const repaired = { all: { fileDescriptorProtos: repairDescriptors(unique([...descriptors, ...more])) } };
  const services = serviceNames.map((name) => (name.includes(".") ? name : `.${name}`));
  new ReflectionService(repaired as unknown as PackageDefinition, { services }).addToServer({
    addService(definition, implementation) {
      const handle = implementation["ServerReflectionInfo"] as (stream: ReflectionStream) => void;
      server.addService(definition, {
        ServerReflectionInfo: (stream: ReflectionStream) => handle(withoutPackage(stream)),
      });
    },
  });
}

/** Each definition comes with its file's descriptor and those of all imports. */
function unique(descriptors: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(descriptors.map((bytes) => [Buffer.from(bytes).toString("latin1"), bytes])).values()];
}

interface ReflectionRequest {
  fileContainingSymbol?: string;
}

interface ReflectionResponse {
  errorResponse?: unknown;
  listServicesResponse?: { service: { name: string }[] };
}

type ReflectionStream = ServerDuplexStream<ReflectionRequest, ReflectionResponse>;

/**
 * @grpc/reflection knows what is in no package (EdgeAuth) under a name with a leading dot; the protocol has it without.
 */
function withoutPackage(stream: ReflectionStream): ReflectionStream {
  const spelled = (request: ReflectionRequest): ReflectionRequest => {
    const symbol = request.fileContainingSymbol;
    const dotted = symbol !== undefined && symbol !== "" && !/^(\.|[a-z])/.test(symbol);
    return dotted ? { ...request, fileContainingSymbol: `.${symbol}` } : request;
  };
  const shim = {
    on(event: string, listener: (value: unknown) => void) {
      stream.on(event, event === "data" ? (request: ReflectionRequest) => listener(spelled(request)) : listener);
      return shim;
    },
    write(response: ReflectionResponse) {
      const listed = response.listServicesResponse?.service.map(({ name }) => ({ name: name.replace(/^\./, "") }));
      return stream.write(listed ? { ...response, listServicesResponse: { service: listed } } : response);
    },
    end: () => stream.end(),
  };
  return shim as unknown as ReflectionStream;
}
