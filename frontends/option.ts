import { PosternError, type TlsSource } from "../core/index.js";

/** One option of a frontend: its type, default, what to tell of it, and how to read it. */
export interface OptionField<T = unknown> {
  /** "port", "host" and "tls" are told apart so that `--ephemeral`, `--host` and `--tls-cert` reach every frontend. */
  readonly kind: "text" | "number" | "port" | "host" | "tls" | "boolean" | "list" | "choice" | "value";
  /** One sentence with the unit, shown by `postern serve --list`. */
  readonly about: string;
  readonly default: T;
  readonly required: boolean;
  /** Its value is never shown. */
  readonly secret: boolean;
  /** The value as it is used. Throws an Error that says what it must be. */
  check(value: unknown): T;
  /** What a text from the environment or the command line stands for; `check` is still to come. */
  parse(text: string): unknown;
}

export type OptionFields = Readonly<Record<string, OptionField<unknown>>>;

/** Options with all defaults filled in. */
export type OptionsOf<Fields extends OptionFields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends OptionField<infer T> ? T : never;
};

/** Options as they are given: all may be left out here; `create` tells of required ones. */
export type OptionsInput<Fields extends OptionFields> = { readonly [Name in keyof Fields]?: OptionsOf<Fields>[Name] };

interface Settings<T> {
  readonly about: string;
  /** Undefined when absent: the option is not set then. */
  readonly default?: T;
  /** Without it the frontend does not start. */
  readonly required?: boolean;
  readonly secret?: boolean;
}

/** `T`, or also undefined where there is neither a default nor a need for a value. */
type Filled<T, S> = S extends { readonly default: T } | { readonly required: true } ? T : T | undefined;

function field<T>(kind: OptionField["kind"], settings: Settings<T>, rest: Pick<OptionField<T>, "check" | "parse">) {
  const { about, required = false, secret = false } = settings;
  return { kind, about, default: settings.default, required, secret, ...rest };
}

const asIs = (text: string): unknown => text;

function text<const S extends Settings<string> & { readonly pattern?: RegExp; readonly is?: string }>(
  settings: S,
): OptionField<Filled<string, S>> {
  const { pattern, is = "of the right form" } = settings;
  const check = (value: unknown): string => {
    if (typeof value !== "string") throw new Error("must be a text");
    if (pattern !== undefined && !pattern.test(value)) throw new Error(`must be ${is}`);
    return value;
  };
  return field("text", settings, { check, parse: asIs }) as OptionField<Filled<string, S>>;
}

function whole<const S extends Settings<number> & { readonly least?: number; readonly most?: number }>(
  settings: S,
): OptionField<Filled<number, S>> {
  return field("number", settings, { check: wholeBetween(settings), parse: parseNumber }) as OptionField<
    Filled<number, S>
  >;
}

/** A TCP port; 0 takes a free one. */
function port<const S extends Settings<number>>(settings: S): OptionField<Filled<number, S>> {
  const check = wholeBetween({ least: 0, most: 65_535 });
  return field("port", settings, { check, parse: parseNumber }) as OptionField<Filled<number, S>>;
}

/** The address to listen on; "127.0.0.1" when absent. */
function host(settings: { readonly about?: string; readonly default?: string } = {}): OptionField<string> {
  const { about = "address to listen on", default: fallback = "127.0.0.1" } = settings;
  const { check } = text({ about, default: fallback, pattern: /^\S+$/, is: "an address" });
  return { ...field("host", { about, default: fallback }, { check, parse: asIs }), default: fallback };
}

/** Certificates to listen with: `{ cert, key }` as PEM, or those of `openCertificates`. In clear when absent. */
function tls(settings: { readonly about?: string } = {}): OptionField<TlsSource | undefined> {
  const { about = "PEM texts of a certificate chain and its key: { cert, key }; in clear without" } = settings;
  const check = (value: unknown): TlsSource => {
    const given = (value ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof given["contextFor"] === "function") return value as TlsSource;
    if (isPem(given["cert"]) && isPem(given["key"])) return { cert: given["cert"], key: given["key"] };
    throw new Error("must be { cert, key }, both PEM texts");
  };
  return field<TlsSource | undefined>("tls", { about, secret: true }, { check, parse: parseJson });
}

/** `true` or `false`. */
function flag<const S extends Settings<boolean>>(settings: S): OptionField<Filled<boolean, S>> {
  const check = (value: unknown): boolean => {
    if (typeof value !== "boolean") throw new Error("must be true or false");
    return value;
  };
  const parse = (given: string): unknown => ({ true: true, false: false })[given] ?? given;
  return field("boolean", settings, { check, parse }) as OptionField<Filled<boolean, S>>;
}

/** Texts; in the environment and on the command line with commas between. */
function list<const S extends Settings<readonly string[]> & { readonly pattern?: RegExp; readonly is?: string }>(
  settings: S,
): OptionField<Filled<readonly string[], S>> {
  const one = text({ about: "", pattern: settings.pattern, is: settings.is });
  const check = (value: unknown): readonly string[] => {
    if (!Array.isArray(value)) throw new Error("must be a list of texts");
    return value.map((item) => {
      try {
        return one.check(item)!;
      } catch (error) {
        throw new Error(`each ${(error as Error).message}`);
      }
    });
  };
  const parse = (given: string): unknown => (given === "" ? [] : given.split(",").map((item) => item.trim()));
  return field<readonly string[]>("list", settings, { check, parse }) as OptionField<Filled<readonly string[], S>>;
}

function choice<const Values extends readonly string[], const S extends Settings<Values[number]>>(
  values: Values,
  settings: S,
): OptionField<Filled<Values[number], S>> {
  const check = (value: unknown): string => {
    if (typeof value !== "string" || !values.includes(value)) throw new Error(`must be one of ${values.join(", ")}`);
    return value;
  };
  return field("choice", settings, { check, parse: asIs }) as OptionField<Filled<Values[number], S>>;
}

/** Anything else, with a check of one's own; JSON in the environment and on the command line. */
function value<T, const S extends Settings<T> = Settings<T>>(
  settings: S & { readonly check: (value: unknown) => T },
): OptionField<Filled<T, S>> {
  return field("value", settings, { check: settings.check, parse: parseJson }) as OptionField<Filled<T, S>>;
}

/** Makers of options; which one says the type, and how texts are read. */
export const option = { text, whole, port, host, tls, flag, list, choice, value } as const;

function isPem(given: unknown): given is string | Buffer {
  return typeof given === "string" || Buffer.isBuffer(given);
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    // Not JSON: the check says what it must be.
    return given;
  }
}

function parseNumber(given: string): unknown {
  return /^-?\d+(?:\.\d+)?$/.test(given) ? Number(given) : given;
}

function wholeBetween({ least = 0, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number }) {
  return (given: unknown): number => {
    if (typeof given === "number" && Number.isSafeInteger(given) && given >= least && given <= most) return given;
    throw new Error(`must be a whole number from ${least} to ${most}`);
  };
}

/** Fills in defaults and checks; throws `invalid-argument` with everything that is wrong, in one line. */
export function fillOptions<Fields extends OptionFields>(
  name: string,
  fields: Fields,
  given: OptionsInput<Fields> = {},
): OptionsOf<Fields> {
  const problems: string[] = [];
  const filled: Record<string, unknown> = {};
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(fields, key)) continue;
    const known = Object.keys(fields);
    problems.push(`there is no option ${key}; there ${known.length > 0 ? `are ${known.join(", ")}` : "is none"}`);
  }
  for (const [key, { default: fallback, required, secret, check }] of Object.entries(fields)) {
    const value = (given as Readonly<Record<string, unknown>>)[key] ?? fallback;
    if (value === undefined) {
      if (required) problems.push(`option ${key} is required`);
      filled[key] = undefined;
      continue;
    }
    try {
      filled[key] = check(value);
    } catch (error) {
      const was = secret ? "" : `, not ${JSON.stringify(value)}`;
      problems.push(`option ${key}: ${error instanceof Error ? error.message : String(error)}${was}`);
    }
  }
  if (problems.length > 0) {
    throw new PosternError("invalid-argument", problems.map((problem) => `${name} ${problem}`).join("; "));
  }
  return filled as OptionsOf<Fields>;
}
