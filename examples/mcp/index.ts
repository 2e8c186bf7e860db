import { defineFrontend, listen, option } from "postern/frontend";
import { createHandler } from "./handler.js";

/**
 * A server of the Model Context Protocol over streamable HTTP, at /mcp: buckets and objects as tools and resources, for
 * programs that work with language models. Reads only, unless it is told otherwise.
 */
export const frontend = defineFrontend({
  name: "mcp",
  options: {
    host: option.host(),
    port: option.port({ about: "TCP port", default: 9106 }),
    tls: option.tls(),
    allowWrites: option.flag({ about: "also tools that write and delete", default: false }),
    maxReadBytes: option.whole({
      about: "most of an object that one call gives, in bytes",
      default: 256 * 1024,
      least: 1,
      most: 16 * 1024 * 1024,
    }),
    maxMessageBytes: option.whole({
      about: "longest request, in bytes; it bounds what a call can write",
      default: 4 * 1024 * 1024,
      least: 1_024,
      most: 64 * 1024 * 1024,
    }),
    maxRequests: option.whole({ about: "most requests at a time; more get 503", default: 64, least: 1 }),
    origins: option.list({ about: "origins whose web pages may call; others are refused", default: [] }),
  },
  async start(deps, options) {
    const { host, port, tls } = options;
    const listening = await listen(createHandler(deps, options), { host, port, tls });
    return {
      addresses: { http: `${listening.url}/mcp` },
      stop: ({ graceMs = 10_000 } = {}) => listening.stop(graceMs),
    };
  },
});
