import type { CallContext } from "../../../core/rpc/transport.js";
import type { SatelliteParts } from "../satellite-parts.js";

/** One RPC of the service. Throws errors with the status and the text that the caller is to see. */
export type Handler<Request, Response> = (
  satellite: SatelliteParts,
  request: Request,
  context: CallContext,
) => Promise<Response>;
