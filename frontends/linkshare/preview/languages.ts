/** Names of highlight.js for extensions and file names that are not themselves one of its names or aliases. */
const languages: ReadonlyMap<string, string> = new Map(
  Object.entries({
    astro: "xml",
    bat: "plaintext",
    cmd: "plaintext",
    conf: "ini",
    cts: "typescript",
    csv: "plaintext",
    cxx: "cpp",
    dockerfile: "bash",
    env: "ini",
    ejs: "xml",
    gql: "graphql",
    htm: "xml",
    ipynb: "json",
    jsonl: "json",
    makefile: "makefile",
    map: "json",
    mk: "makefile",
    mts: "typescript",
    ndjson: "json",
    properties: "ini",
    sass: "scss",
    svelte: "xml",
    tsv: "plaintext",
    vue: "xml",
  }),
);

/** The name by which highlight.js may know the language of a file. */
export function languageOf(name: string): string {
  const base = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  const extension = base.slice(base.lastIndexOf(".") + 1);
  return languages.get(extension) ?? extension;
}
