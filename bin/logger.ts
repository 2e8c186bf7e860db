import { type Logger, pino } from "pino";
import type { LogLevel } from "./config.js";
import { scrub } from "./scrub.js";

/** Fields that would hold a secret; nothing should put one there. */
const secrets = [
  "accessGrant",
  "secretKey",
  "apiKey",
  "passphrase",
  "authorization",
  "authToken",
  "token",
  "signature",
];

/** Structured logs, on stderr unless `write` is there for the lines. */
export function createLogger(level: LogLevel, write: (line: string) => void = toStderr()): Logger {
  return pino(
    {
      level,
      base: undefined,
      redact: { paths: [...secrets, ...secrets.map((name) => `*.${name}`)], censor: "[secret]" },
    },
    { write: (line: string) => write(scrub(line)) },
  );
}

function toStderr(): (line: string) => void {
  const stderr = pino.destination({ dest: 2, sync: true });
  return (line) => void stderr.write(line);
}
