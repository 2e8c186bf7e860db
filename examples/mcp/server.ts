import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Project } from "postern";
import type { Logger } from "postern/frontend";
import { addReadingTools } from "./reading.js";
import { addResources } from "./resources.js";
import { addWritingTools } from "./writing.js";

export interface ObjectServerInit {
  readonly project: Project;
  readonly options: { readonly allowWrites: boolean; readonly maxReadBytes: number };
  readonly log: Logger;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** The tools and resources of one project. */
export function createObjectServer(init: ObjectServerInit): McpServer {
  const server = new McpServer(
    { name: "postern", version: "0.1.0" },
    { instructions: "Buckets and objects of one Storj project. Keys with slashes are paths; list with a prefix." },
  );
  addReadingTools(server, init);
  if (init.options.allowWrites) addWritingTools(server, init);
  addResources(server, init);
  return server;
}
