import { PosternError } from "../core/errors.js";

/** The one line that a person reads when the program can not go on, in place of a stack. */
export function exitLine(error: unknown): string {
  const system = systemCause(error);
  if (system?.code === "EADDRINUSE") return `port ${system.port} is already in use; choose another (see --help)`;
  if (system?.code === "EACCES" && system.port !== undefined) return `port ${system.port} may not be used by this user`;
  if (system?.code === "EADDRNOTAVAIL") return `this machine has no address ${system.address}`;
  if (error instanceof PosternError) return explained(error);
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** What people mistype most; the codes are of the operating system and PostgreSQL (manual, appendix A). */
const untrusted = "its certificate is of no authority that is known here; NODE_EXTRA_CA_CERTS=FILE names one";
const explanations: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is of another name",
  ECONNREFUSED: "nothing listens at that address",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "there is no host of that name",
  "28000": "it refuses the user, from this address, or without TLS (sslmode)",
  "28P01": "it refuses the password",
  "3D000": "the server has no database of that name",
  "42501": "the user lacks a right that is needed",
};

/** Errors name a code at most, as texts of drivers may quote values; of others it is in what caused them. */
function explained(error: PosternError): string {
  const { message } = error;
  const named = /\(([A-Z0-9_]+)\)$/.exec(message)?.[1];
  if (named !== undefined) return named in explanations ? `${message}: ${explanations[named]}` : message;
  const code = codesOf(error).find((one) => one in explanations);
  return code === undefined ? message : `${message} (${code}): ${explanations[code]}`;
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at: unknown = error; typeof at === "object" && at !== null; at = "cause" in at ? at.cause : undefined) {
    if ("code" in at && typeof at.code === "string") codes.push(at.code);
  }
  return codes;
}

interface SystemError {
  readonly code: string;
  readonly port: unknown;
  readonly address: unknown;
}

/** Looks down the causes for what the operating system said. */
function systemCause(error: unknown): SystemError | undefined {
  for (let at: unknown = error; typeof at === "object" && at !== null; at = "cause" in at ? at.cause : undefined) {
    if (!("code" in at) || typeof at.code !== "string" || !at.code.startsWith("E")) continue;
    return {
      code: at.code,
      port: "port" in at ? at.port : undefined,
      address: "address" in at ? at.address : undefined,
    };
  }
  return undefined;
}
