import { connect } from "node:net";
import test, { type ExecutionContext } from "ava";
import { listen } from "../../../frontends/http/index.js";
import { deferred } from "../../helpers/deferred.js";
import { until } from "../../helpers/until.js";

/** A server that answers each request with its path, "/slow" only when told to, and "/half" in two parts, the
 * second when more has come. */
async function started(t: ExecutionContext) {
  const asked = deferred<void>();
  const go = deferred<void>();
  const server = await listen(
    (req, res) => {
      const end = () => res.end(`[${req.url}]`);
      const { bytesRead } = req.socket;
      if (req.url === "/half") res.write("half ");
      asked.resolve();
      if (req.url === "/half") void until(() => req.socket.bytesRead > bytesRead).then(end);
      else if (req.url === "/fast") end();
      else void go.promise.then(end);
    },
    {
      host: "127.0.0.1",
      port: 0,
      headersTimeoutMs: 200,
      malformedReply: (status) => ({ type: "a/b", body: `no: ${status}` }),
    },
  );
  t.teardown(() => server.stop(0));
  const port = Number(new URL(server.url).port);
  /** All that comes back until the server closes the connection. */
  const send = (...parts: readonly string[]) => {
    const socket = connect(port, "127.0.0.1", async () => {
      for (const part of parts) {
        socket.write(part);
        await asked.promise;
      }
      setImmediate(() => go.resolve());
    });
    return new Promise<string>((resolve) => {
      let text = "";
      socket.setEncoding("latin1").on("data", (data) => {
        text += data;
      });
      socket.on("error", () => {}).on("close", () => resolve(text));
    });
  };
  return { send };
}

const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

test("what is not HTTP is told so", async (t) => {
  const { send } = await started(t);
  const text = await send("hello\r\n\r\n");
  t.regex(text, /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\nContent-Type: a\/b\r\n/);
  t.true(text.endsWith("no: 400"));
});

test("a request is answered though what comes after it is not HTTP", async (t) => {
  const { send } = await started(t);
  const text = await send(`${get("/slow")}hello\r\n\r\n`);
  t.deepEqual(statuses(text), ["200"]);
  t.true(text.endsWith("[/slow]"));
});

test("a request is answered though more comes after the last of a connection", async (t) => {
  const { send } = await started(t);
  const text = await send(get("/slow", "Connection: close\r\n") + get("/fast"));
  t.deepEqual(statuses(text), ["200"]);
  t.true(text.endsWith("[/slow]"));
});

test("nothing gets into the middle of a reply", async (t) => {
  const { send } = await started(t);
  const text = await send(get("/half"), "hello\r\n\r\n");
  t.deepEqual(statuses(text), ["200"]);
  t.regex(text, /half [\s\S]*\[\/half\]\r\n0\r\n\r\n$/);
});

test("a request whose body is malformed is told so", async (t) => {
  const { send } = await started(t);
  const text = await send("POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  t.deepEqual(statuses(text), ["400"]);
});

test("a second request that does not end does not hold the connection", async (t) => {
  const { send } = await started(t);
  const text = await send(`${get("/fast")}GET / HTTP/1.1\r\nHost:`);
  t.deepEqual(statuses(text), ["200", "408"]);
});

test("a request for two hosts is refused", async (t) => {
  const { send } = await started(t);
  const text = await send(get("/fast", "HOST: y\r\n"));
  t.regex(text, /^HTTP\/1\.1 400 /);
  t.true(text.endsWith("no: 400"));
});
