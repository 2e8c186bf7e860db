import { type Options as LoaderOptions, loadSync, type ServiceDefinition as RawService } from "@grpc/proto-loader";
import { PosternError } from "../../errors.js";
import type { BoundService, CallContext, MessageType, MethodDefinition, ServiceDefinition } from "../transport.js";

/** A service of a .proto file that is read when the program runs. Messages are plain objects with camelCase fields. */
export interface ProtoService extends ServiceDefinition {
  readonly methods: { readonly [name: string]: ProtoMethod };
  /** Of its file and all that this imports, for reflection. */
  readonly descriptors: readonly Uint8Array[];
}

// The shapes of messages are those of the file: TypeScript can not know them.
export type ProtoMessage = Record<string, unknown>;
export type ProtoMethod = MethodDefinition<ProtoMessage, ProtoMessage>;

/** int64 as numbers, enums as texts, bytes as Buffers; what is not set has its default; of a oneof only what is set. */
const loading: LoaderOptions = { longs: Number, enums: String, bytes: Buffer, defaults: true, oneofs: true };

/**
 * Reads a service, such as "objects.v1.Objects", of a .proto file. Throws `invalid-argument` when the file can not be read
 * or has no such service.
 */
export function loadProtoService(
  file: string,
  fullName: string,
  options: { readonly includeDirs?: readonly string[] } = {},
): ProtoService {
  let loaded: ReturnType<typeof loadSync>;
  try {
    loaded = loadSync(file, { ...loading, includeDirs: [...(options.includeDirs ?? [])] });
  } catch (cause) {
    throw new PosternError("invalid-argument", `can not read ${file}: ${(cause as Error).message}`, { cause });
  }
  const raw = loaded[fullName];
  if (raw === undefined || "format" in raw) {
    const services = Object.keys(loaded).filter((name) => !("format" in loaded[name]!));
    throw new PosternError(
      "invalid-argument",
      `${file} has no service ${fullName}; it has ${services.join(", ") || "none"}`,
    );
  }
  // Once more, as the names of fields are in the file: that is what reflection has to tell.
  const asWritten = loadSync(file, { ...loading, keepCase: true, includeDirs: [...(options.includeDirs ?? [])] });
  const descriptors = Object.values(asWritten).flatMap((definition) =>
    "fileDescriptorProtos" in definition ? (definition.fileDescriptorProtos as Uint8Array[]) : [],
  );
  return { name: fullName.split(".").at(-1)!, fullName, methods: methodsOf(raw as RawService), descriptors };
}

/**
 * Handlers of such a service: TypeScript can not know the shapes of its messages, so each says itself what it takes. Takes
 * and gives an iterable where the .proto says `stream`. Throws `invalid-argument` for a method that is not there.
 */
export function bindProtoService(service: ProtoService, handlers: ProtoHandlers): BoundService {
  const stranger = Object.keys(handlers).find((name) => service.methods[name] === undefined);
  if (stranger !== undefined) {
    const known = Object.keys(service.methods).join(", ");
    throw new PosternError("invalid-argument", `${service.fullName} has no method ${stranger}; it has ${known}`);
  }
  return { definition: service, handlers: handlers as BoundService["handlers"] };
}

export type ProtoHandlers = Readonly<Record<string, (request: never, context: CallContext) => unknown>>;

/** By the names that handlers have: as in the file, but with a small first letter. */
function methodsOf(raw: RawService): ProtoService["methods"] {
  const methods: Record<string, ProtoMethod> = {};
  for (const [name, method] of Object.entries(raw)) {
    methods[name[0]!.toLowerCase() + name.slice(1)] = {
      name,
      requestType: messageType(method.requestSerialize, method.requestDeserialize),
      requestStream: method.requestStream,
      responseType: messageType(method.responseSerialize, method.responseDeserialize),
      responseStream: method.responseStream,
    };
  }
  return methods;
}

function messageType(serialize: (value: object) => Buffer, deserialize: (bytes: Buffer) => object) {
  const type: MessageType<ProtoMessage> = {
    encode: (message) => ({ finish: () => serialize(message) }),
    decode: (input) => deserialize(Buffer.from(input.buffer, input.byteOffset, input.byteLength)) as ProtoMessage,
  };
  return type;
}
