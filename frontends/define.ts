import { PosternError } from "../core/index.js";
import type { Frontend, FrontendDeps, RunningFrontend } from "./frontend.js";
import { fillOptions, type OptionFields, type OptionsInput, type OptionsOf } from "./option.js";

/** What `start` gives back: a running frontend, whose name is known already. */
export type StartedFrontend = Omit<RunningFrontend, "name" | "addresses"> & Partial<Pick<RunningFrontend, "addresses">>;

/** A frontend that is not configured yet: what a plugin's module exports as `frontend`. */
export interface FrontendPlugin<Fields extends OptionFields = OptionFields, Deps = FrontendDeps> {
  /** Also in logs, metrics, and the names of its options. */
  readonly name: string;
  readonly options: Fields;
  /** Throws `invalid-argument` with all that is wrong with the options. */
  create(options?: OptionsInput<Fields>): Frontend<Deps>;
}

/** Lower-case words with hyphens: they are parts of names of environment variables and metrics. */
const names = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/**
 * Makes a frontend of its options and of what starts it. `start` resolves when everything listens; when it rejects it has
 * closed again what it opened. `check` refuses what is wrong with options together.
 */
export function defineFrontend<Fields extends OptionFields, Deps = FrontendDeps>(definition: {
  readonly name: string;
  readonly options: Fields;
  readonly check?: (options: OptionsOf<Fields>) => void;
  readonly start: (deps: Deps, options: OptionsOf<Fields>) => Promise<StartedFrontend>;
}): FrontendPlugin<Fields, Deps> {
  const { name, options: fields } = definition;
  if (typeof name !== "string" || !names.test(name)) {
    throw wrong(`name: must be lower-case words with hyphens between, such as "my-frontend", not ${shown(name)}`);
  }
  if (typeof fields !== "object" || fields === null) {
    throw wrong(
      `options: must be an object of option.text(…), option.port(…) and the like, or {}; it is ${shown(fields)}`,
    );
  }
  for (const [key, field] of Object.entries(fields)) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(key)) throw wrong(`options: the name "${key}" must be in camelCase`);
    if (typeof field?.check !== "function" || typeof field.parse !== "function") {
      throw wrong(`options.${key}: must be made by option.text(…), option.port(…) and the like`);
    }
  }
  if (typeof definition.start !== "function") {
    throw wrong(
      `start: must be a function (deps, options) => Promise<{ addresses, stop }>, not ${shown(definition.start)}`,
    );
  }
  return {
    name,
    options: fields,
    create(given) {
      const options = fillOptions(name, fields, given);
      definition.check?.(options);
      return {
        name,
        async start(deps) {
          const started = await definition.start(deps, options);
          if (typeof started?.stop !== "function") {
            throw new PosternError("invalid-argument", `frontend ${name}: start must resolve with { addresses, stop }`);
          }
          return { ...started, name, addresses: started.addresses ?? {} };
        },
      };
    },
  };
}

function wrong(text: string): PosternError {
  return new PosternError("invalid-argument", `defineFrontend, ${text}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : value === null ? "null" : typeof value;
}
