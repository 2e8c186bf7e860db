import { fileURLToPath } from "node:url";
import { bindProtoService, defineFrontend, loadProtoService, option } from "postern/frontend";
import { objectHandlers } from "./handlers.js";
import { createOpen } from "./open.js";

/** It lies in the sources; the compiled code is elsewhere. */
const protoFile = fileURLToPath(
  new URL("examples/grpc-objects/objects.proto", import.meta.resolve("postern/package.json")),
);

/** objects.v1.Objects on the gRPC server that all frontends share: upload and download as streams. */
export const frontend = defineFrontend({
  name: "grpc-objects",
  options: {
    chunkBytes: option.whole({
      about: "longest data in one message of a download, in bytes",
      default: 64 * 1024,
      least: 1,
      most: 3 * 1024 * 1024,
    }),
  },
  async start(deps, { chunkBytes }) {
    const definition = loadProtoService(protoFile, "objects.v1.Objects");
    const open = createOpen(deps);
    deps.grpc.mount(bindProtoService(definition, objectHandlers(open, chunkBytes)));
    return { async stop() {} };
  },
});
