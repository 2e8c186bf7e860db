import { type Logger, pino } from "pino";
import type { LogLevel } from "./config.js";

/** Structured logs on stderr. Paths that could hold a secret are censored, although nothing should put one there. */
export function createLogger(level: LogLevel): Logger {
  const secrets = ["accessGrant", "secretKey", "apiKey", "passphrase", "authorization", "authToken", "signature"];
  return pino(
    {
      level,
      base: undefined,
      redact: { paths: [...secrets, ...secrets.map((name) => `*.${name}`)], censor: "[secret]" },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
