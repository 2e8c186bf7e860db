import type { ReadyFile } from "./ready-file.js";

interface About {
  readonly dataDir: string;
  readonly embedded: boolean;
  /** The secret key was given, and so is known: where the output is kept, as by systemd, it must not lie about. */
  readonly fixed: boolean;
}

/** What a person needs to use the server that has just started. */
export function banner(ready: ReadyFile, about: About): string {
  const secretKey = about.fixed ? "…" : ready.secretKey;
  const network = about.embedded
    ? [
        `Embedded network   ${ready.satellite}`,
        `                   one satellite and ten storage nodes, redundancy 4/6/8/10, in ${about.dataDir}/network`,
      ]
    : [`Satellite          ${ready.satellite}`];
  return `
Postern is ready.

S3 endpoint        ${ready.s3}
Access key id      ${ready.accessKeyId}
Secret key         ${about.fixed ? "as given" : secretKey}
Link sharing       ${ready.linksharing}
${authLines(ready)}${frontendLines(ready)}
${network.join("\n")}

Try it:

  export AWS_ACCESS_KEY_ID=${ready.accessKeyId} AWS_SECRET_ACCESS_KEY=${secretKey} AWS_DEFAULT_REGION=us-east-1
  aws --endpoint-url ${ready.s3} s3 mb s3://hello
  aws --endpoint-url ${ready.s3} s3 cp README.md s3://hello/

${linkLines(ready, about)}All of this, with the access grant, is in ${about.dataDir}/ready.json.
Ctrl-C stops the server; what it stored stays in ${about.dataDir}.
`;
}

function authLines(ready: ReadyFile): string {
  if (ready.authHttp === undefined) return "Auth service       not running: the credentials are fixed\n";
  return [
    `Auth service       ${ready.authHttp}/v1/access (HTTP)`,
    `                   ${ready.authGrpc} (gRPC), ${ready.authDrpc} (DRPC)`,
    "",
  ].join("\n");
}

/** Of those that are not told of by themselves. */
function frontendLines({ frontends }: ReadyFile): string {
  const others = Object.entries(frontends).filter(([name]) => !["s3", "auth", "linkshare"].includes(name));
  return others
    .flatMap(([name, addresses]) => Object.values(addresses).map((address) => `${name.padEnd(19)}${address}\n`))
    .join("");
}

function linkLines(ready: ReadyFile, { dataDir, embedded }: About): string {
  const { linksharing, authDrpc } = ready;
  if (authDrpc === undefined || linksharing === undefined) return "";
  // The embedded satellite tells the CLI where these are.
  const where = embedded ? "" : `--base-url ${linksharing} --auth-service insecure://${authDrpc} \\\n    `;
  return `Share it by a link that opens in browsers:

  uplink share --url --not-after=none ${where}--access $(jq -r .accessGrant ${dataDir}/ready.json) sj://hello/README.md

`;
}
