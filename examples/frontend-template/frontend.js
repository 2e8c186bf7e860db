// @ts-check
import { isPosternError } from "postern";
import { defineFrontend, listen, option, requestSignal, sendStream } from "postern/frontend";

/** GET /BUCKET/KEY gives the object, GET /BUCKET/ the keys in it. User name and password are S3 credentials. */
export const frontend = defineFrontend({
  name: "hello",
  options: {
    host: option.host(),
    port: option.port({ about: "TCP port", default: 9100 }),
    greeting: option.text({ about: "first line of each list of keys", default: "Hello!" }),
  },
  async start(deps, { host, port, greeting }) {
    const requests = deps.metrics.counter({ name: "requests_total", help: "Requests by status", labels: ["status"] });

    const listening = await listen(
      async (req, res) => {
        try {
          const project = await logIn(deps, req.headers.authorization);
          await answer(project, req, res, greeting);
        } catch (error) {
          if (res.headersSent) res.destroy(); // all that is left to say that the body is not whole
          else refuse(res, error, deps.log);
        }
        requests.add({ status: String(res.statusCode) });
      },
      { host, port },
    );
    return {
      addresses: { http: listening.url },
      stop: ({ graceMs = 10_000 } = {}) => listening.stop(graceMs),
    };
  },
});

/**
 * @param {import("postern/frontend").FrontendDeps} deps
 * @param {string | undefined} authorization
 */
function logIn(deps, authorization = "") {
  const text = Buffer.from(authorization.replace(/^Basic /i, ""), "base64").toString();
  const colon = text.indexOf(":");
  return deps.openWithCredentials(text.slice(0, Math.max(colon, 0)), text.slice(colon + 1));
}

/**
 * @param {import("postern").Project} project
 * @param {import("node:http").IncomingMessage} req
 * @param {import("node:http").ServerResponse} res
 * @param {string} greeting
 */
async function answer(project, req, res, greeting) {
  const signal = requestSignal(res); // aborted when the client goes away: nobody works for nobody
  const { pathname } = new URL(req.url ?? "/", "http://localhost");
  const [, bucket = "", key = ""] = /^\/([^/]+)\/(.*)$/.exec(decodeURIComponent(pathname)) ?? [];
  if (key === "") {
    const { entries } = await project.listObjects(bucket, { signal });
    const keys = entries.map((entry) => (entry.kind === "object" ? entry.object.key : entry.prefix));
    res.setHeader("Content-Type", "text/plain; charset=utf-8");
    res.end([greeting, ...keys, ""].join("\n"));
    return;
  }
  const { body, length } = await project.getObject(bucket, key, { signal });
  res.setHeader("Content-Type", "application/octet-stream");
  res.setHeader("Content-Length", length);
  await sendStream(res, body);
}

/**
 * @param {import("node:http").ServerResponse} res
 * @param {unknown} error
 * @param {import("postern/frontend").Logger} log
 */
function refuse(res, error, log) {
  const known = isPosternError(error) ? statuses[error.code] : undefined;
  if (known === undefined) log.error({ code: isPosternError(error) ? error.code : "unknown" }, "request failed");
  res.statusCode = known ?? 500;
  if (res.statusCode === 401) res.setHeader("WWW-Authenticate", 'Basic realm="Postern"');
  res.end();
}

/** @type {Record<string, number>} */
const statuses = {
  unauthenticated: 401,
  "permission-denied": 403,
  "bucket-not-found": 404,
  "object-not-found": 404,
  "bucket-name-invalid": 404,
  canceled: 499,
  unavailable: 503,
};
