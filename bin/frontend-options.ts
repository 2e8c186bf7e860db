import { PosternError } from "../core/errors.js";
import type { TlsSource } from "../core/index.js";
import type { FrontendPlugin, OptionField, OptionFields } from "../frontends/frontend.js";
import type { ConfigFile } from "./config-file.js";
import type { Environment } from "./env.js";

type Values = Readonly<Record<string, unknown>>;

/** Where options come from. Flags win over the environment, that over the file, and the file over defaults. */
export interface OptionSources {
  /** `--set`: "frontend.option=value". The last of several counts. */
  readonly set: readonly string[];
  /** What other flags say, by frontend; undefined where a flag was not given. `--set` wins over them. */
  readonly flags: Readonly<Record<string, Values>>;
  /** `--host`: for each option of that kind. */
  readonly host: string | undefined;
  /** The certificates of `--tls-cert`: for each option of that kind. */
  readonly tls?: TlsSource;
  readonly env: Environment;
  readonly file: ConfigFile | undefined;
  /** `--ephemeral`: the default of each port that has one is 0. */
  readonly ephemeral: boolean;
}

export interface ConfiguredOption {
  readonly value: unknown;
  /** "default", or the flag, variable or file. */
  readonly from: string;
}

/** Options as they are in force, by name; those that are not set are left out. */
export type ConfiguredOptions = Readonly<Record<string, ConfiguredOption>>;

/** `defaults` are those of the command, in place of the frontend's own. Throws `invalid-argument` with all that is wrong. */
export function configureOptions(
  plugin: FrontendPlugin<OptionFields, never>,
  sources: OptionSources,
  defaults: Values = {},
): ConfiguredOptions {
  const { name, options: fields } = plugin;
  const given = collect(name, fields, sources);
  const problems: string[] = [];
  const configured: Record<string, ConfiguredOption> = {};
  for (const [key, { value, from }] of given) {
    const field = fields[key];
    if (field === undefined) {
      problems.push(
        `${from}: frontend ${name} has no option ${key}; it has ${Object.keys(fields).join(", ") || "none"}`,
      );
      continue;
    }
    try {
      configured[key] = { value: field.check(value), from };
    } catch (error) {
      const was = field.secret ? "" : `, not ${JSON.stringify(value)}`;
      problems.push(`${from}: option ${key} of ${name} ${(error as Error).message}${was}`);
    }
  }
  if (problems.length > 0) throw new PosternError("invalid-argument", problems.join("; "));
  for (const [key, field] of Object.entries(fields)) {
    const value = defaultOf(field, defaults[key], sources.ephemeral);
    if (value !== undefined) configured[key] ??= { value, from: "default" };
    if (field.required && configured[key] === undefined) {
      const set = `--set ${name}.${key}=…, ${variableOf(name, key)} or "${key}" in the configuration file`;
      problems.push(`frontend ${name} needs its option ${key} (${field.about}): give ${set}`);
    }
  }
  if (problems.length > 0) throw new PosternError("invalid-argument", problems.join("; "));
  return configured;
}

/** Refuses `--set` and file entries for frontends that are not there. */
export function refuseStrangers(names: readonly string[], { set, file }: OptionSources): void {
  const meant = [
    ...set.map((text) => [splitSet(text).name, "--set"] as const),
    ...Object.keys(file?.options ?? {}).map((name) => [name, file!.path] as const),
  ];
  const stranger = meant.find(([name]) => !names.includes(name));
  if (stranger === undefined) return;
  const text = `${stranger[1]}: there is no frontend ${stranger[0]}; there are ${names.join(", ")}`;
  throw new PosternError("invalid-argument", text);
}

/** POSTERN_MY_FRONTEND_MAX_REQUESTS for option maxRequests of my-frontend. */
export function variableOf(name: string, key: string): string {
  return `POSTERN_${name.replaceAll("-", "_")}_${key.replace(/[A-Z0-9]+/g, (word) => (/^[0-9]/.test(word) ? word : `_${word}`))}`.toUpperCase();
}

function collect(name: string, fields: OptionFields, sources: OptionSources): Map<string, ConfiguredOption> {
  const given = new Map<string, ConfiguredOption>();
  const read = (key: string, text: string): unknown => fields[key]?.parse(text) ?? text;
  for (const [key, value] of Object.entries(sources.file?.options[name] ?? {})) {
    given.set(key, { value, from: sources.file!.path });
  }
  for (const key of Object.keys(fields)) {
    const variable = variableOf(name, key);
    const text = sources.env.option(variable);
    if (text !== undefined) given.set(key, { value: read(key, text), from: variable });
  }
  for (const [key, field] of Object.entries(fields)) {
    if (field.kind === "host" && sources.host !== undefined) given.set(key, { value: sources.host, from: "--host" });
    if (field.kind === "tls" && sources.tls !== undefined) given.set(key, { value: sources.tls, from: "--tls-cert" });
  }
  for (const [key, value] of Object.entries(sources.flags[name] ?? {})) {
    if (value !== undefined) given.set(key, { value, from: "flag" });
  }
  for (const text of sources.set) {
    const { name: meant, key, value } = splitSet(text);
    if (meant === name) given.set(key, { value: read(key, value), from: `--set ${name}.${key}` });
  }
  return given;
}

function splitSet(text: string): { readonly name: string; readonly key: string; readonly value: string } {
  const match = /^([a-z0-9-]+)\.([A-Za-z0-9]+)=([\s\S]*)$/.exec(text);
  if (match !== null) return { name: match[1]!, key: match[2]!, value: match[3]! };
  // Not the text itself: its value may be a secret.
  throw new PosternError("invalid-argument", "--set takes FRONTEND.OPTION=VALUE, such as --set s3.port=9000");
}

function defaultOf(field: OptionField, ofCommand: unknown, ephemeral: boolean): unknown {
  const value = ofCommand ?? field.default;
  return ephemeral && field.kind === "port" && value !== undefined ? 0 : value;
}
