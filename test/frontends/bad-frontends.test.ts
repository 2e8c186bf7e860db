import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import type { Project } from "../../core/index.js";
import { defineFrontend, type FrontendDeps, option } from "../../frontends/frontend.js";
import { requestSignal } from "../../frontends/http/index.js";
import { basicAuth } from "../helpers/basic-auth.js";
import { frontendSuite } from "../suites/index.js";

interface Faults {
  /** In place of logging in with what the client sent. */
  readonly open?: (deps: FrontendDeps, id: string, secret: string) => Promise<Project>;
  readonly onRequest?: (deps: FrontendDeps, id: string, secret: string) => void;
  readonly onError?: (deps: FrontendDeps, res: ServerResponse, error: unknown) => void;
  readonly stop?: (server: Server, graceMs: number) => Promise<void>;
  readonly download?: (project: Project) => Promise<void>;
  /** Requests that it can have under way; they are not counted down when they fail. */
  readonly places?: number;
  readonly swallowPort?: boolean;
}

/** Ends what bad frontends leave behind: the test's process waits for it. */
const leftovers: (() => void)[] = [];

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    leftovers.push(() => clearTimeout(cut));
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** A frontend that is good but for its faults. */
function frontendWith(faults: Faults) {
  return defineFrontend({
    name: "bad",
    options: { port: option.port({ about: "TCP port", default: 0 }) },
    async start(deps, { port }) {
      let running = 0;
      const handle = async (req: IncomingMessage, res: ServerResponse) => {
        if (running >= (faults.places ?? Number.POSITIVE_INFINITY)) return void res.writeHead(503).end();
        running++;
        try {
          const login = Buffer.from(req.headers.authorization?.slice(6) ?? "", "base64").toString();
          const [id = "", secret = ""] = login.split(":");
          faults.onRequest?.(deps, id, secret);
          const project = await (faults.open?.(deps, id, secret) ?? deps.openWithCredentials(id, secret));
          const signal = requestSignal(res);
          if (faults.download) await faults.download(project);
          const { body } = await project.getObject("suite", "k", { signal });
          for await (const chunk of body) res.write(chunk);
          res.end();
          running--;
        } catch (error) {
          if (faults.onError) faults.onError(deps, res, error);
          else res.writeHead(500).end();
          if (faults.places === undefined) running--;
        }
      };
      const server = createServer(handle);
      leftovers.push(() => {
        server.close();
        server.closeAllConnections();
      });
      await new Promise<void>((resolve, reject) => {
        server.once("error", faults.swallowPort ? () => resolve() : reject);
        server.listen(port, "127.0.0.1", resolve);
      });
      const address = server.address() as AddressInfo | null;
      return {
        addresses: { http: `http://127.0.0.1:${address?.port ?? port}` },
        stop: ({ graceMs = 1_000 } = {}) => (faults.stop ?? close)(server, graceMs),
      };
    },
  });
}

/** Runs the case of the suite whose title has these words, and gives what it failed with. */
async function failureOf(faults: Faults, words: string): Promise<unknown> {
  const cases: { readonly title: string; readonly run: () => Promise<void> }[] = [];
  frontendSuite(
    () => ({
      plugin: frontendWith(faults),
      options: { port: 0 },
      async use({ addresses, credentials, project }, signal) {
        await project.putObject("suite", "k", [Buffer.from("content")]);
        const headers = { authorization: basicAuth(credentials), connection: "close" };
        const reply = await fetch(addresses["http"]!, { headers, signal });
        const text = await reply.text();
        assert.equal(text, "content");
        return text;
      },
    }),
    { test: (title, run) => cases.push({ title, run }) },
  );
  const found = cases.filter(({ title }) => title.includes(words));
  assert.equal(found.length, 1, words);
  try {
    await found[0]!.run();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    for (const end of leftovers.splice(0)) end();
  }
}

function leaveTimer(): void {
  const timer = setInterval(() => {}, 60_000);
  leftovers.push(() => clearInterval(timer));
}

const bad: readonly [name: string, words: string, faults: Faults][] = [
  ["stays open", "starts, serves, stops", { stop: async (server) => void server.unref() }],
  [
    "takes everybody",
    "refuses wrong",
    {
      open: (deps) =>
        deps.access
          .register({ accessGrant: "", public: false })
          .then(({ accessKeyId, secretKey }) => deps.openWithCredentials(accessKeyId, secretKey)),
    },
  ],
  [
    "looks at the id alone",
    "refuses wrong",
    { open: async (deps, id) => deps.openProject((await deps.access.resolve(id)).accessGrant) },
  ],
  ["logs the secret", "tells no secret", { onRequest: (deps, id, secret) => deps.log.info({ id, secret }, "request") }],
  ["prints the key", "tells no secret", { onRequest: (_, id) => void process.stdout.write(`${id}\n`) }],
  [
    "logs texts of errors",
    "tells no secret",
    {
      onError: (deps, res, error) => {
        deps.log.error({ error: String(error) }, "failed");
        res.writeHead(500).end();
      },
    },
  ],
  [
    "answers with texts of errors",
    "tells no secret",
    { onError: (_, res, error) => void res.writeHead(500).end(String(error)) },
  ],
  ["leaves downloads open", "leaks no", { download: async (project) => void (await project.getObject("suite", "k")) }],
  ["leaves a timer", "leaks no", { onRequest: leaveTimer }],
  ["cuts requests off", "as long as its grace", { stop: (server) => close(server, 0) }],
  ["waits for ever", "stops at once", { stop: (server) => close(server, 60_000) }],
  ["keeps places of cancelled requests", "cancelled at any moment", { places: 1 }],
  ["hides that its port is taken", "port in use", { swallowPort: true }],
];

test.serial("a good one passes", async (t) => {
  for (const words of new Set(bad.map(([, words]) => words))) t.is(await failureOf({}, words), undefined, words);
});

for (const [name, words, faults] of bad) {
  test.serial(`the suite finds a frontend that ${name}`, async (t) => {
    t.true((await failureOf(faults, words)) instanceof Error);
  });
}
