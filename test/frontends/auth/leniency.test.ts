import { connect } from "node:net";
import test from "ava";
import { authFrontend } from "../../../frontends/auth/index.js";
import { parseRegistration } from "../../../frontends/auth/registration.js";
import { pathOf } from "../../../frontends/auth/request-path.js";
import { authDeps } from "../../helpers/auth-deps.js";

// What Storj's service (storj/edge d3e74da) was seen to make of the same bytes.

const read = (text: string) => parseRegistration(Buffer.from(text));

test("a registration is read as Go's JSON decoder reads it", (t) => {
  const none = { accessGrant: "", public: false, usageTags: [] };
  t.deepEqual(read("{}"), none);
  t.deepEqual(read("null"), none);
  t.deepEqual(read('{"access_grant":null,"public":null,"usage_tags":null}'), none);
  t.deepEqual(read('{"__proto__":{"access_grant":"x"}}'), none);
  t.deepEqual(read('{"Access_Grant":"x","PUBLIC":true,"other":[{}]}'), { ...none, accessGrant: "x", public: true });
  t.is(read('{"access_grant":"x","access_grant":"y"}')?.accessGrant, "y");
  t.is(read('{"access_grant":"x","ACCESS_GRANT":"y"}')?.accessGrant, "y");
  t.deepEqual(read('{"usage_tags":[null,"mcp"]}')?.usageTags, ["", "mcp"]);
  for (const text of ["", "[]", "5", '"x"', "true", "{", '{"access_grant":5}', '{"public":"true"}', '{"public":1}']) {
    t.is(read(text), undefined, text);
  }
  for (const text of ['{"usage_tags":"mcp"}', '{"usage_tags":[1]}', '{"usage_tags":{}}'])
    t.is(read(text), undefined, text);
});

test("paths are decoded, and taken from whole URLs", (t) => {
  t.is(pathOf("/v1/access?x=%zz"), "/v1/access");
  t.is(pathOf("/v1/%61ccess"), "/v1/access");
  t.is(pathOf("http://auth.example:9001/v1/access?y"), "/v1/access");
  t.is(pathOf("HTTPS://auth.example"), "/");
  t.is(pathOf("//v1/access"), "//v1/access");
  t.is(pathOf("*"), "*");
  t.is(pathOf("/v1/access%"), undefined);
  t.is(pathOf("/v1/access/%ff"), undefined);
});

test("keys are found by a percent-coded id and by a whole URL", async (t) => {
  const { deps, grant } = authDeps();
  const running = await authFrontend({ httpPort: 0, tokens: ["token"] }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const url = new URL(running.addresses["http"]!);
  const { accessKeyId } = await deps.access.register({ accessGrant: grant, public: false });
  const get = (target: string) =>
    new Promise<string>((resolve, reject) => {
      let text = "";
      const head = `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\nConnection: close\r\n\r\n`;
      const socket = connect(Number(url.port), url.hostname, () => socket.write(head));
      socket.on("data", (data) => {
        text += data.toString();
      });
      socket
        .on("error", reject)
        .on("close", () => resolve(`${text.slice(9, 12)} ${text.split("\r\n\r\n")[1]?.trim()}`));
    });
  const found = await get(`/v1/access/${accessKeyId}`);
  t.regex(found, /^200 \{"access_grant"/);
  t.is(await get(`/v1/access/%${accessKeyId.charCodeAt(0).toString(16)}${accessKeyId.slice(1)}`), found);
  t.is(await get(`http://x/v1/access/${accessKeyId}?a=b`), found);
  t.is(await get("/v1/access/"), "400 alphanumeric encryption key length expected to be 28, was 0");
  t.is(await get("/v1/access/%C3%BC"), "400 alphanumeric encryption key length expected to be 28, was 2");
  t.regex(await get(`/v1/access/${accessKeyId}%2F`), /^404 /);
  t.regex(await get(`/v1/access/${accessKeyId}%`), /^400 /);
});

test("without an access grant a registration is refused as a bad grant", async (t) => {
  const { deps } = authDeps();
  const running = await authFrontend({ httpPort: 0 }).start(deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  for (const body of ["{}", "null", '{"access_grant":""}']) {
    const reply = await fetch(`${running.addresses["http"]}/v1/access`, { method: "POST", body });
    t.is(reply.status, 400);
    t.is(await reply.text(), "access grant: invalid access grant format\n");
  }
});
