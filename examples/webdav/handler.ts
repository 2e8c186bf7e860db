import type { Context } from "koa";
import { isPosternError } from "postern";
import { createGate, type FrontendDeps, requestSignal, settleBody } from "postern/frontend";
import type { Call } from "./call.js";
import { DavError, statusOf } from "./errors.js";
import { parseIf } from "./if-header.js";
import type { Locks } from "./locks.js";
import { copyOrMove } from "./methods/copy-move.js";
import { remove } from "./methods/delete.js";
import { get } from "./methods/get.js";
import { lock, unlock } from "./methods/lock.js";
import { makeCollection } from "./methods/mkcol.js";
import { propfind } from "./methods/propfind.js";
import { proppatch } from "./methods/proppatch.js";
import { put } from "./methods/put.js";
import { etagOf, findResource } from "./resource.js";
import type { Sessions } from "./sessions.js";
import { targetOf } from "./target.js";

interface HandlerInit {
  readonly deps: FrontendDeps;
  readonly options: { readonly readOnly: boolean; readonly maxRequests: number };
  readonly sessions: Sessions;
  readonly locks: Locks;
}

type Method = (call: Call) => Promise<void>;

const reading: Readonly<Record<string, Method>> = { GET: get, HEAD: get, PROPFIND: propfind };
const writing: Readonly<Record<string, Method>> = {
  PUT: put,
  DELETE: remove,
  MKCOL: makeCollection,
  COPY: (call) => copyOrMove(call, false),
  MOVE: (call) => copyOrMove(call, true),
  PROPPATCH: proppatch,
  LOCK: lock,
  UNLOCK: unlock,
};

/** Handles one request to the last byte of its reply. */
export function createHandler({ deps, options, sessions, locks }: HandlerInit): (ctx: Context) => Promise<void> {
  const methods = options.readOnly ? reading : { ...reading, ...writing };
  const allowed = ["OPTIONS", ...Object.keys(methods)].join(", ");
  const gate = createGate(options.maxRequests);
  const requests = deps.metrics.counter({
    name: "requests_total",
    help: "Requests by method and status",
    labels: ["method", "status"],
  });

  async function run({ req, res }: Context): Promise<void> {
    // Some clients look for the protocol before they have credentials.
    if (req.method === "OPTIONS") {
      const headers = { DAV: options.readOnly ? "1" : "1, 2", "MS-Author-Via": "DAV", Allow: allowed };
      res.writeHead(200, { ...headers, "Content-Length": 0 }).end();
      return;
    }
    const { project, space } = await sessions.open(req.headers.authorization);
    const method = methods[req.method ?? ""];
    if (method === undefined) {
      res.setHeader("Allow", allowed);
      throw new DavError(405);
    }
    const signal = requestSignal(res);
    // A fragment is the client's own affair (RFC 3986 clause 3.5): with one, it means something else than it says.
    if (req.url?.includes("#")) throw new DavError(400);
    const target = targetOf(new URL(req.url ?? "/", "http://here.invalid").pathname);
    const condition = parseIf(req.headers["if"] as string | undefined, req.headers.host);
    const call: Call = { req, res, target, project, space, locks, condition, signal };
    if (!(await holds(call))) throw new DavError(412);
    await method(call);
  }

  return async (ctx) => {
    ctx.respond = false;
    const { req, res } = ctx;
    res.once("finish", () => settleBody(req));
    const leave = gate.enter();
    try {
      if (leave === undefined) throw new DavError(503);
      await run(ctx);
    } catch (error) {
      refuse(ctx, error);
    } finally {
      leave?.();
      const known = methods[req.method ?? ""] === undefined ? "other" : req.method!;
      requests.add({ method: known, status: String(res.statusCode) });
    }
  };

  function refuse({ req, res }: Context, error: unknown): void {
    const status = statusOf(error);
    // Neither path nor text: they may tell what is secret.
    const fields = { method: req.method, status, code: isPosternError(error) ? error.code : (error as Error)?.name };
    if (status === 500) deps.log.error(fields, "request failed");
    else deps.log.debug(fields, "request refused");
    if (res.headersSent || res.destroyed) {
      res.destroy();
      return;
    }
    const condition = error instanceof DavError ? error.condition : undefined;
    const body =
      condition === undefined
        ? ""
        : `<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:${condition}/></D:error>\n`;
    if (status === 401) res.setHeader("WWW-Authenticate", 'Basic realm="Postern", charset="UTF-8"');
    if (status === 503) res.setHeader("Retry-After", "5");
    res.writeHead(status, {
      "Content-Type": "application/xml; charset=utf-8",
      "Content-Length": Buffer.byteLength(body),
    });
    res.end(body);
  }
}

async function holds({ condition, target, project, space, locks, signal }: Call): Promise<boolean> {
  return await condition.holds(async (other = target) => {
    const resource = await findResource(project, other, signal);
    const etag = resource?.kind === "file" ? etagOf(resource.object) : undefined;
    return { tokens: locks.on(space, other).map(({ token }) => token), etag };
  });
}
