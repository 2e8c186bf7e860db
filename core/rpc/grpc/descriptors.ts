import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type EnumDescriptorProto,
  EnumDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { equalBytes } from "../../bytes/bytes.js";
import { PosternError } from "../../errors.js";

/**
 * Descriptors as a strict reader wants them. Those of @grpc/proto-loader name no imports, and their type names are
 * relative: current grpcurl (Go's protodesc) resolves neither.
 */
export function repairDescriptors(files: readonly Uint8Array[]): Uint8Array[] {
  const decoded = new Map<string, FileDescriptorProto>();
  for (const bytes of files) {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    const known = decoded.get(file.name);
    if (known === undefined) decoded.set(file.name, file);
    else merge(known, file);
  }
  const fileOfSymbol = new Map<string, string>();
  for (const file of decoded.values()) file.messageType.forEach(nameMapEntries);
  for (const file of decoded.values()) index(file.package, file.messageType, file.enumType, file.name, fileOfSymbol);
  for (const file of decoded.values()) repair(file, fileOfSymbol);
  return [...decoded.values()].map((file) => toBinary(FileDescriptorProtoSchema, file));
}

/**
 * @grpc/proto-loader names files after their packages, so files that were loaded apart meet here. Those that both import,
 * such as google/protobuf/timestamp.proto, are in both.
 */
function merge(into: FileDescriptorProto, file: FileDescriptorProto): void {
  const add = <T extends { readonly name: string }>(kept: T[], more: readonly T[], bytes: (item: T) => Uint8Array) => {
    for (const item of more) {
      const same = kept.find(({ name }) => name === item.name);
      if (same === undefined) kept.push(item);
      else if (!equalBytes(bytes(same), bytes(item))) {
        throw new PosternError(
          "already-exists",
          `two .proto files describe ${file.package}.${item.name}, not the same way`,
        );
      }
    }
  };
  add(into.messageType, file.messageType, (item) => toBinary(DescriptorProtoSchema, item));
  add(into.enumType, file.enumType, (item) => toBinary(EnumDescriptorProtoSchema, item));
  add(into.service, file.service, (item) => toBinary(ServiceDescriptorProtoSchema, item));
}

/** The type behind a map field has a name that follows from the field's (descriptor.proto, MessageOptions.map_entry). */
function nameMapEntries(message: DescriptorProto): void {
  for (const entry of message.nestedType) {
    nameMapEntries(entry);
    if (!entry.options?.mapEntry) continue;
    const field = message.field.find(({ name }) => name[0]?.toUpperCase() + name.slice(1) === entry.name);
    if (field === undefined) continue;
    entry.name = `${field.name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;
    field.typeName = entry.name;
  }
}

function within(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

function index(
  scope: string,
  messages: readonly DescriptorProto[],
  enums: readonly EnumDescriptorProto[],
  file: string,
  fileOfSymbol: Map<string, string>,
): void {
  for (const { name } of enums) fileOfSymbol.set(within(scope, name), file);
  for (const { name, nestedType, enumType } of messages) {
    fileOfSymbol.set(within(scope, name), file);
    index(within(scope, name), nestedType, enumType, file, fileOfSymbol);
  }
}

function repair(file: FileDescriptorProto, fileOfSymbol: ReadonlyMap<string, string>): void {
  const imports = new Set<string>();

  /** The absolute form of a type name: the innermost scope that has it counts, as in protoc. */
  function absolute(name: string, scope: string): string {
    if (name === "" || name.startsWith(".")) return name;
    for (let outer = scope; ; outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")))) {
      const found = fileOfSymbol.get(within(outer, name));
      if (found !== undefined) {
        if (found !== file.name) imports.add(found);
        return `.${within(outer, name)}`;
      }
      if (outer === "") return name;
    }
  }

  function repairMessages(messages: readonly DescriptorProto[], scope: string): void {
    for (const message of messages) {
      const inner = within(scope, message.name);
      for (const field of message.field) field.typeName = absolute(field.typeName, inner);
      for (const range of message.reservedRange) range.end++; // Exclusive in descriptors, not so in protobuf.js.
      repairMessages(message.nestedType, inner);
    }
  }

  repairMessages(file.messageType, file.package);
  for (const service of file.service) {
    for (const method of service.method) {
      method.inputType = absolute(method.inputType, file.package);
      method.outputType = absolute(method.outputType, file.package);
    }
  }
  file.dependency = [...imports];
}
