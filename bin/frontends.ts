import { PosternError } from "../core/errors.js";
import type { TlsSource } from "../core/index.js";
import type { Frontend, FrontendPlugin, OptionFields } from "../frontends/frontend.js";
import { type ConfiguredOptions, configureOptions, type OptionSources, refuseStrangers } from "./frontend-options.js";
import { type FrontendSpec, loadFrontend } from "./load-frontend.js";

/** Which frontends there are, and where their options come from. */
export interface FrontendsConfig {
  readonly plugins: readonly FrontendSpec[];
  readonly sources: OptionSources;
}

/** A frontend of this package, with the command's defaults for its options. */
export interface BuiltIn {
  // Each has options and needs of its own; they are kept together.
  readonly plugin: FrontendPlugin<OptionFields, never>;
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** A frontend that is ready to be started. */
export interface ConfiguredFrontend {
  readonly name: string;
  readonly plugin: FrontendPlugin<OptionFields, never>;
  /** Absolute path; undefined for what is built in. */
  readonly file: string | undefined;
  readonly options: ConfiguredOptions;
  readonly frontend: Frontend;
}

/** Loads plugins and gives all frontends their options. Whatever is wrong is told before anything starts. */
export async function configureFrontends(
  { plugins, sources: given }: FrontendsConfig,
  builtIns: readonly BuiltIn[],
  tls?: TlsSource,
): Promise<readonly ConfiguredFrontend[]> {
  const sources = { ...given, tls };
  const loaded: (BuiltIn & { readonly file: string | undefined })[] = builtIns.map((one) => ({
    ...one,
    file: undefined,
  }));
  for (const spec of plugins) {
    const { plugin, file } = await loadFrontend(spec);
    const other = loaded.find(({ plugin: { name } }) => name === plugin.name);
    if (other !== undefined) {
      const where = other.file ?? "one that is built in";
      throw new PosternError(
        "invalid-argument",
        `${file}: its name ${plugin.name} is taken, by ${where}; choose another`,
      );
    }
    loaded.push({ plugin: plugin as FrontendPlugin<OptionFields, never>, file });
  }
  refuseStrangers(
    loaded.map(({ plugin }) => plugin.name),
    sources,
  );
  return loaded.map(({ plugin, defaults, file }) => {
    const options = configureOptions(plugin, sources, defaults);
    const values = Object.fromEntries(Object.entries(options).map(([key, { value }]) => [key, value]));
    return { name: plugin.name, plugin, file, options, frontend: plugin.create(values) as Frontend };
  });
}
