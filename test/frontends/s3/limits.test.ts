import test from "ava";
import { PosternError } from "../../../core/errors.js";
import { createLimits } from "../../../frontends/s3/limits.js";
import { createMemoryProject } from "../../helpers/memory-project.js";
import { elementText, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer, testCredentials, testGrant } from "../../helpers/s3-server.js";

test("requests of a client are limited a minute, and told when to come again", async (t) => {
  const server = await startS3TestServer({ requestsPerMinutePerClient: 2 });
  t.teardown(() => server.stop());
  const replies = [];
  for (let i = 0; i < 3; i++) replies.push(await signedRequest(server.url, { target: "/" }));
  t.deepEqual(
    replies.map(({ status }) => status),
    [200, 200, 503],
  );
  t.is(elementText(replies[2]!.body, "Code"), "SlowDown");
  t.true(Number(replies[2]!.headers["retry-after"]) > 1);
  t.is((await fetch(`${server.url}/-/health`)).status, 200, "load balancers go on looking");
});

test("keys of one project share its limit when its id is known, else those of one API key do", async (t) => {
  const second = `jv${testCredentials.accessKeyId.slice(2)}`;
  const publicProjectId = Buffer.alloc(16, 1);
  const grants = new Map([testCredentials.accessKeyId, second].map((id) => [id, testGrant()]));
  const serve = async (known: boolean) => {
    const server = await startS3TestServer(
      { requestsPerMinutePerProject: 1 },
      {
        access: {
          async resolve(id) {
            const accessGrant = grants.get(id);
            if (accessGrant === undefined) throw new PosternError("not-found", "not found");
            const rest = { public: false, usageTags: [], projectCreatedAt: undefined };
            const secretKey = testCredentials.secretAccessKey;
            return { accessGrant, secretKey, publicProjectId: known ? publicProjectId : undefined, ...rest };
          },
          register: () => Promise.reject(new PosternError("unimplemented", "")),
          ping: async () => {},
        },
        project: createMemoryProject(),
      },
    );
    t.teardown(() => server.stop());
    const status = async (accessKeyId: string) =>
      (await signedRequest(server.url, { target: "/", credentials: { ...testCredentials, accessKeyId } })).status;
    return [await status(testCredentials.accessKeyId), await status(second), await status(second)];
  };
  t.deepEqual(await serve(true), [200, 503, 503]);
  t.deepEqual(await serve(false), [200, 200, 503]);
});

test("places are given back, by client and by project", (t) => {
  const limits = createLimits(
    {
      maxRequestsPerClient: 1,
      maxRequestsPerProject: 2,
      requestsPerMinutePerClient: 0,
      requestsPerMinutePerProject: 0,
    },
    () => 0,
  );
  const leave = limits.enterClient("192.0.2.1");
  t.throws(() => limits.enterClient("::ffff:192.0.2.1"), { message: /reduce/i });
  const other = limits.enterClient("192.0.2.2");
  leave();
  limits.enterClient("192.0.2.1")();
  other();
  const [one, two] = [limits.enterProject("p"), limits.enterProject("p")];
  t.throws(() => limits.enterProject("p"));
  one();
  two();
  t.notThrows(() => limits.enterProject("p"));
});
