import type { Command } from "commander";
import { PosternError } from "../core/errors.js";
import type { CertificateFiles, Certificates } from "../core/index.js";
import { openCertificates } from "../core/rpc/certificates.js";
import type { Logger } from "../frontends/frontend.js";
import type { Environment } from "./env.js";
import type { Stopper } from "./stopper.js";

export interface TlsFlags {
  readonly tlsCert?: readonly string[];
  readonly tlsKey?: readonly string[];
}

/** The flags, the same for everything that listens. */
export function addTlsOptions(command: Command): Command {
  return command
    .option(
      "--tls-cert <file...>",
      "speak TLS with these certificates, PEM (env: POSTERN_TLS_CERT, with commas between)",
    )
    .option("--tls-key <file...>", "the keys of --tls-cert, in the same order (env: POSTERN_TLS_KEY)");
}

/** Which files to serve TLS with; none for all in clear. */
export function tlsFiles(flags: TlsFlags, env: Pick<Environment, "tlsCert" | "tlsKey">): readonly CertificateFiles[] {
  const certs = flags.tlsCert ?? env.tlsCert?.split(",") ?? [];
  const keys = flags.tlsKey ?? env.tlsKey?.split(",") ?? [];
  if (certs.length !== keys.length) {
    throw new PosternError("invalid-argument", "--tls-cert and --tls-key go together: a key for each certificate");
  }
  return certs.map((certFile, i) => ({ certFile: certFile.trim(), keyFile: keys[i]!.trim() }));
}

/** Loads the certificates, which follow their files; SIGHUP has them looked at at once. Undefined without files. */
export async function openTls(
  files: readonly CertificateFiles[],
  stopper: Stopper,
  log: Logger,
): Promise<Certificates | undefined> {
  if (files.length === 0) return undefined;
  const certificates = await openCertificates(files, {
    onProblem: (error) => log.error({ error: error.message }, "new certificates are no good: the old ones stay"),
    onChange: () => log.info({ files: files.map(({ certFile }) => certFile) }, "new certificates"),
  });
  const refresh = (): void => void certificates.refresh();
  process.on("SIGHUP", refresh);
  stopper.add("certificates", async () => {
    process.off("SIGHUP", refresh);
    certificates.close();
  });
  return certificates;
}
