/** The only reader of the environment. Everything else takes options. */
export interface Environment {
  readonly dataDir: string | undefined;
  readonly accessGrant: string | undefined;
  readonly accessKeyId: string | undefined;
  readonly secretKey: string | undefined;
  readonly authToken: string | undefined;
  readonly settingsKey: string | undefined;
  readonly logLevel: string | undefined;
  readonly satelliteDatabase: string | undefined;
  readonly authDatabase: string | undefined;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Any other variable: options of frontends have names that only the frontends know. */
  option(variable: string): string | undefined;
}

export function readEnvironment(): Environment {
  const env = process.env;
  return {
    dataDir: present(env["POSTERN_DATA_DIR"]),
    accessGrant: present(env["POSTERN_ACCESS"]),
    accessKeyId: present(env["POSTERN_ACCESS_KEY_ID"]),
    secretKey: present(env["POSTERN_SECRET_KEY"]),
    authToken: present(env["POSTERN_AUTH_TOKEN"]),
    settingsKey: present(env["POSTERN_SETTINGS_KEY"]),
    logLevel: present(env["POSTERN_LOG_LEVEL"]),
    satelliteDatabase: present(env["POSTERN_SATELLITE_DATABASE"]),
    authDatabase: present(env["POSTERN_AUTH_DATABASE"]),
    tlsCert: present(env["POSTERN_TLS_CERT"]),
    tlsKey: present(env["POSTERN_TLS_KEY"]),
    option: (variable) => present(env[variable]),
  };
}

/**
 * Lets disk and crypto work of many requests run side by side. libuv reads it when its pool starts, so it is set before
 * anything else happens; child processes inherit it.
 */
export function widenThreadPool(): void {
  process.env["UV_THREADPOOL_SIZE"] ??= "16";
}

/** The environment for a process of Postern: nothing that was meant for this one, and what is given. */
export function childEnvironment(given: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !isOurs(name));
  return { ...Object.fromEntries(inherited), ...given };
}

/** What takes Postern's own variables out of an environment that a process would inherit. */
export function noneOfOurs(): Record<string, undefined> {
  const names = Object.keys(process.env).filter(isOurs);
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

function isOurs(name: string): boolean {
  return name.startsWith("POSTERN_");
}

function present(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}
