import test from "ava";
import fc from "fast-check";
import { aclAllows, aclText, cannedAcl, parseAclText } from "../../../../frontends/s3/access/acl.js";
import { matchesPattern } from "../../../../frontends/s3/access/pattern.js";
import { parsePolicy } from "../../../../frontends/s3/access/policy.js";
import { evaluatePolicy, isPublicPolicy } from "../../../../frontends/s3/access/policy-evaluate.js";
import { S3Error } from "../../../../frontends/s3/errors.js";

const owner = "a".repeat(64);
const other = "b".repeat(64);

function policy(...statements: object[]) {
  return parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "bucket");
}
const allow = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/*" };
const ask = (action: string, resource: string, values: Record<string, string> = {}, userId?: string) => ({
  userId,
  action,
  resource,
  context: (key: string) => (values[key] === undefined ? undefined : [values[key]]),
});

test("a denial wins, and nothing is allowed by itself", (t) => {
  const both = policy(allow, { ...allow, Effect: "Deny", Resource: "arn:aws:s3:::bucket/secret/*" });
  t.is(evaluatePolicy(both, ask("s3:getobject", "bucket/a")), "allow");
  t.is(evaluatePolicy(both, ask("s3:getobject", "bucket/secret/a")), "deny");
  t.is(evaluatePolicy(both, ask("s3:putobject", "bucket/a")), "nothing");
  t.is(evaluatePolicy(both, ask("s3:getobject", "bucket")), "nothing");
});

test("principals", (t) => {
  const named = policy({ ...allow, Principal: { AWS: [`arn:aws:iam::${other}:root`] } });
  t.is(evaluatePolicy(named, ask("s3:getobject", "bucket/a", {}, other)), "allow");
  t.is(evaluatePolicy(named, ask("s3:getobject", "bucket/a", {}, owner)), "nothing");
  t.is(evaluatePolicy(named, ask("s3:getobject", "bucket/a")), "nothing");
});

test("conditions", (t) => {
  const cases: [object, Record<string, string>, boolean][] = [
    [{ StringEquals: { "s3:prefix": "a" } }, { "s3:prefix": "a" }, true],
    [{ StringEquals: { "s3:prefix": "a" } }, {}, false],
    [{ StringEqualsIfExists: { "s3:prefix": "a" } }, {}, true],
    [{ StringNotEquals: { "s3:prefix": "a" } }, {}, true],
    [{ StringNotEquals: { "s3:prefix": ["a", "b"] } }, { "s3:prefix": "b" }, false],
    [{ StringLike: { "aws:Referer": "http://x/*" } }, { "aws:referer": "http://x/y" }, true],
    [{ Null: { "s3:x-amz-server-side-encryption": "true" } }, {}, true],
    [{ Null: { "s3:x-amz-server-side-encryption": "false" } }, {}, false],
    [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:sourceip": "10.1.2.3" }, true],
    [{ IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:sourceip": "::ffff:10.1.2.3" }, true],
    [{ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }, { "aws:sourceip": "10.1.2.3" }, false],
    [{ NumericLessThanEquals: { "s3:max-keys": "10" } }, { "s3:max-keys": "10" }, true],
    [
      { DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } },
      { "aws:currenttime": "2021-01-01T00:00:00Z" },
      true,
    ],
    [{ Bool: { "aws:SecureTransport": "true" } }, { "aws:securetransport": "false" }, false],
  ];
  for (const [Condition, values, holds] of cases) {
    const verdict = evaluatePolicy(policy({ ...allow, Condition }), ask("s3:getobject", "bucket/a", values));
    t.is(verdict, holds ? "allow" : "nothing", JSON.stringify(Condition));
  }
});

test("what is not enforced is refused", (t) => {
  for (const wrong of [
    { ...allow, Action: "s3:ReplicateObject" },
    { ...allow, Action: "ec2:*" },
    { ...allow, Principal: undefined },
    { ...allow, NotPrincipal: "*", Principal: undefined },
    { ...allow, Resource: "arn:aws:s3:::other/*" },
    { ...allow, Condition: { StringEquals: { "aws:PrincipalOrgID": "x" } } },
    { ...allow, Condition: { BinaryEquals: { "s3:prefix": "x" } } },
    { ...allow, Effect: "Maybe" },
  ]) {
    const error = t.throws(() => policy(wrong), { instanceOf: S3Error });
    t.is(error.code, "MalformedPolicy");
  }
});

test("public is what lets everybody in from anywhere", (t) => {
  t.true(isPublicPolicy(policy(allow)));
  t.false(isPublicPolicy(policy({ ...allow, Principal: { AWS: other } })));
  t.false(isPublicPolicy(policy({ ...allow, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } })));
  t.true(isPublicPolicy(policy({ ...allow, Condition: { StringLike: { "aws:Referer": "x" } } })));
});

test("patterns are those of regular expressions with two signs", (t) => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 12 });
  fc.assert(
    fc.property(text, text, (pattern, subject) => {
      const source = pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]");
      return matchesPattern(pattern, subject) === new RegExp(`^${source}$`).test(subject);
    }),
  );
  t.true(matchesPattern(`${"*a".repeat(50)}b`, `${"a".repeat(5000)}b`));
});

test("ACLs keep their meaning in text", (t) => {
  const acl = cannedAcl("public-read", owner, owner);
  t.deepEqual(parseAclText(aclText(acl)), acl);
  t.true(aclAllows(acl, undefined, "READ"));
  t.false(aclAllows(acl, other, "WRITE"));
  t.true(aclAllows(acl, owner, "WRITE_ACP"));
  const inside = cannedAcl("authenticated-read", owner, owner);
  t.true(aclAllows(inside, other, "READ"));
  t.false(aclAllows(inside, undefined, "READ"));
  t.is(parseAclText("{}"), undefined);
  t.throws(() => cannedAcl("aws-exec-read", owner, owner), { instanceOf: S3Error });
});
