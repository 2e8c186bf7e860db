import type { Context } from "koa";
import type { FrontendDeps } from "../frontend.js";
import { clientAddress, createGate, createKeyedGate, requestSignal, settleBody } from "../http/index.js";
import { createCredentials, type LinkCredentials } from "./access/credentials.js";
import { assetReply } from "./asset-reply.js";
import { clientClosed, LinkError, reasonOf, titleOf, toLinkError } from "./errors.js";
import { certificateReply } from "./hosting/certificate-reply.js";
import type { Sites } from "./hosting/sites.js";
import { createHosts } from "./hosts.js";
import { siteLinks, standardLinks } from "./links.js";
import { createLinkMetrics } from "./metrics.js";
import type { CompleteLinkShareOptions } from "./options.js";
import { createBlocklist, healthReply, redirectOldLink, redirectToHttps, standardTarget } from "./own-host.js";
import { htmlReply } from "./pages/html.js";
import { notFoundReply } from "./pages/not-found.js";
import { present } from "./present.js";
import { wishesOf } from "./query.js";
import { type Reply, redirect, sendReply, textReply } from "./reply.js";
import { type LinkRequest, readRequest } from "./request.js";
import type { View, ViewServices } from "./view.js";
import { renderErrorPage, renderLandingPage } from "./views/index.js";

export interface HandlerInit {
  readonly deps: Pick<FrontendDeps, "openProject" | "access" | "log" | "metrics">;
  readonly options: CompleteLinkShareOptions;
  /** Undefined where there are none. */
  readonly sites: Sites | undefined;
  readonly services: Pick<ViewServices, "previewer" | "thumbnails" | "archives">;
  readonly stopping: () => boolean;
  readonly now: () => number;
}

const corsHeaders: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, HEAD",
  "Access-Control-Allow-Headers": "*",
};

/** What a client that was refused may go on sending. */
const unwanted = { maxBytes: 2 ** 20, maxMs: 5_000 };

/** Handles one request from admission to the last byte of its reply. Source: storj/edge sharing/handler.go, peer.go. */
export function createHandler(init: HandlerInit): (ctx: Context) => Promise<void> {
  const { deps, options, sites, now } = init;
  const metrics = createLinkMetrics(deps.metrics);
  const gate = createGate(options.maxRequests);
  const projectGate = createKeyedGate(options.maxRequestsPerProject);
  const clientGate = createKeyedGate(options.maxRequestsPerClient);
  const folderGate = createGate(options.maxFolderDownloads);
  const hosts = createHosts(options, sites !== undefined);
  const checkBlocked = createBlocklist(options.blocked);
  const credentials = createCredentials(deps.access, {
    entries: options.accessCacheEntries,
    ms: options.accessCacheMs,
    now,
  });

  return async (ctx) => {
    const { req, res } = ctx;
    ctx.respond = false;
    const started = performance.now();
    // What the reply holds open, in reverse order.
    const leaving: (() => void)[] = [];
    const leave = gate.enter();
    const controller = new AbortController();
    const deadline = setTimeout(() => controller.abort(timeOut()), options.replyMs);
    const signal = AbortSignal.any([requestSignal(res), controller.signal]);
    let failure: LinkError | undefined;
    let readyMs: number | undefined;
    try {
      if (leave === undefined) throw new LinkError(503, "Too many requests are under way. Please try again later.");
      const leaveClient = clientGate.enter(clientAddress(req, options.trustedProxies));
      if (leaveClient === undefined) throw new LinkError(429, "Too many requests.");
      leaving.push(leaveClient);
      const reply = await replyTo(ctx, signal, leaving);
      clearTimeout(deadline);
      readyMs = performance.now() - started;
      await sendReply(res, { ...reply, headers: { ...corsHeaders, ...reply.headers } }, options.idleMs);
    } catch (error) {
      failure = toLinkError(controller.signal.aborted ? timeOut() : error);
      if (res.headersSent || res.destroyed || failure.status === clientClosed) {
        // Cutting the connection is the only way left to tell that the body is not whole.
        res.destroy();
      } else {
        await sendReply(res, refusal(failure), options.idleMs).catch(() => res.destroy());
      }
    } finally {
      clearTimeout(deadline);
      for (const release of leaving.reverse()) release();
      leave?.();
      settleBody(req, unwanted);
      const ms = performance.now() - started;
      metrics.observe(ctx.req.method, res.statusCode, readyMs ?? ms);
      observe(ctx, failure, ms);
    }
  };

  async function replyTo(ctx: Context, signal: AbortSignal, leaving: (() => void)[]): Promise<Reply> {
    const { method } = ctx.req;
    if (method === "OPTIONS") return { status: 200, headers: {}, body: "" };
    if (method !== "GET" && method !== "HEAD")
      return textReply(405, "Method Not Allowed", { Allow: "GET, HEAD, OPTIONS" });
    const request = readRequest(ctx.req, options.trustedProxies);
    return hosts.isOwn(request) ? onOwnHost(request, signal, leaving) : onSite(request, signal, leaving);
  }

  async function onOwnHost(request: LinkRequest, signal: AbortSignal, leaving: (() => void)[]): Promise<Reply> {
    const { path } = request;
    if (path.startsWith("/health/process")) return healthReply(init.stopping());
    if (path.startsWith("/static/")) return assetReply(request, path.slice("/static/".length));
    if (path === "/tls/allowed") return certificateReply(request, sites, credentials);
    const old = redirectOldLink(request, options.redirectHttps);
    if (old !== undefined) return old;
    checkBlocked(request);
    if (options.redirectHttps && !request.secure) return redirectToHttps(request);
    if (path === "/") {
      if (options.landingUrl !== undefined) return redirect(303, options.landingUrl);
      return htmlReply(200, renderLandingPage({ assets: assets(false) }), assets(false));
    }
    const target = standardTarget(path);
    const found = await credentials.ofRequest(target.access, request);
    const view = await openView(request, found, signal, leaving, {
      bucket: target.bucket,
      key: target.key,
      top: "",
      title: target.bucket,
      hosting: false,
      wishes: wishesOf(request.query, !target.raw),
      links: standardLinks(target.access, target.bucket, hosts.origin(request)),
    });
    return present(view);
  }

  async function onSite(request: LinkRequest, signal: AbortSignal, leaving: (() => void)[]): Promise<Reply> {
    checkBlocked(request);
    const site = await sites!.find(request.hostname);
    if (site === undefined) throw new LinkError(404, "There is no site at this address.");
    if (options.redirectHttps && !request.secure && site.tls) return redirectToHttps(request);
    const found = await credentials.ofSite(site.access);
    const path = request.path.slice(1);
    const origin = `${request.secure ? "https" : "http"}://${request.host}`;
    const view = await openView(request, found, signal, leaving, {
      bucket: site.bucket,
      key: site.prefix + (path === "" ? "index.html" : path),
      top: site.prefix,
      title: request.hostname,
      hosting: true,
      wishes: wishesOf(request.query, false),
      links: siteLinks(site.prefix, origin),
    });
    return present(view).catch((error: unknown) => notFoundReply(view, error));
  }

  type Place = Pick<View, "bucket" | "key" | "top" | "title" | "hosting" | "wishes" | "links">;

  async function openView(
    request: LinkRequest,
    found: LinkCredentials,
    signal: AbortSignal,
    leaving: (() => void)[],
    place: Place,
  ): Promise<View> {
    const leave = projectGate.enter(found.project);
    if (leave === undefined) throw new LinkError(429, "Too many requests.");
    leaving.push(leave);
    const project = await deps.openProject(found.grantText);
    leaving.push(() => void project.close().catch((error: unknown) => warn("closing a project failed", error)));
    const { rendersContent, viewsHtml } = options;
    return {
      ...place,
      request,
      project,
      grant: found.grant,
      content: { hosting: place.hosting, rendersContent, viewsHtml },
      options,
      services: {
        ...init.services,
        log: deps.log,
        assets,
        enterFolderDownload: () => folderGate.enter(),
      },
      signal,
    };
  }

  function assets(hosting: boolean): string {
    return hosting ? `${options.publicUrls[0]?.replace(/\/$/, "") ?? ""}/static/` : "/static/";
  }

  function refusal(error: LinkError): Reply {
    const wait: Record<string, string> = [429, 503].includes(error.status) ? { "Retry-After": "5" } : {};
    const headers = { ...corsHeaders, ...wait, ...error.headers };
    if (error.status === 429) return textReply(429, "429 Too Many Requests", headers);
    // The host of a site has no assets of ours, unless we know our own.
    const base = sites === undefined || options.publicUrls[0] === undefined ? "/static/" : assets(true);
    const html = renderErrorPage({
      assets: base,
      status: error.status,
      title: titleOf(error.status),
      text: error.text,
    });
    return htmlReply(error.status, html, base, headers);
  }

  /** Neither paths nor queries: there are keys in them. */
  function observe(ctx: Context, failure: LinkError | undefined, ms: number): void {
    const fields = { method: ctx.req.method, status: ctx.res.statusCode, ms: Math.round(ms) };
    if (failure === undefined || failure.status < 500) deps.log.debug(fields, "link request");
    else deps.log.error({ ...fields, error: reasonOf(failure) }, "link request failed");
  }

  function warn(message: string, error: unknown): void {
    deps.log.warn({ error: reasonOf(error) }, message);
  }
}

function timeOut(): LinkError {
  return new LinkError(503, "This took too long. Please try again later.");
}
