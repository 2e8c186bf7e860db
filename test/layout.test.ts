import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import test from "ava";
import { repositoryRoot } from "./helpers/root.js";
import { type SourceScan, scanSource } from "./helpers/source-scan.js";

/**
 * Who may import what. A place is a file, a folder with all below it ("core/bytes/"), or the files of a folder itself
 * ("core/*"); NAME stands for one path component, the same in the whole row. The first row that fits a file counts, and
 * every file may import its own folder. Packages are listed where they matter; core has neither HTTP frameworks nor SQL.
 */
interface Row {
  readonly files: readonly string[];
  readonly mayImport: readonly string[];
  /** npm packages; none when absent. */
  readonly packages?: readonly string[];
  /** Node.js modules; all when absent. */
  readonly node?: readonly string[];
}

/** What all of core above the bytes themselves may import. */
const foundation = ["core/errors.ts", "core/bytes/"];

const table: readonly Row[] = [
  { files: ["proto/gen/"], mayImport: [], packages: ["@bufbuild/protobuf"], node: [] },
  { files: ["core/errors.ts"], mayImport: [], node: [] },
  { files: ["core/api/"], mayImport: [], node: [] },
  { files: ["core/bytes/wasm.ts"], mayImport: ["core/errors.ts"], node: ["node:fs"] },
  { files: ["core/bytes/"], mayImport: ["core/errors.ts"], node: ["node:crypto"] },
  {
    files: ["core/crypto/", "core/erasure/"],
    mayImport: foundation,
    packages: ["@noble/ciphers", "hash-wasm"],
    node: ["node:crypto", "node:fs", "node:timers/promises", "node:url"],
  },
  {
    files: ["core/access/", "core/identity/"],
    mayImport: [...foundation, "core/crypto/", "proto/gen/"],
  },
  {
    files: ["core/rpc/transport.ts", "core/rpc/status.ts"],
    mayImport: foundation,
    packages: ["@bufbuild/protobuf"],
    node: [],
  },
  {
    files: ["core/rpc/NAME/"],
    mayImport: [
      ...foundation,
      "core/rpc/transport.ts",
      "core/rpc/status.ts",
      "core/rpc/handler.ts",
      "core/rpc/tcp.ts",
      "core/rpc/web-tls.ts",
      "core/identity/",
    ],
    packages: ["@grpc/grpc-js", "@grpc/proto-loader", "@grpc/reflection", "grpc-health-check", "@bufbuild/protobuf"],
  },
  { files: ["core/rpc/*"], mayImport: [...foundation, "core/rpc/", "core/identity/"] },
  {
    files: ["core/metainfo/", "core/piece/"],
    mayImport: [...foundation, "core/rpc/transport.ts", "core/rpc/status.ts", "proto/gen/", "core/identity/"],
    packages: ["fzstd"],
  },
  {
    files: ["core/segment/"],
    mayImport: [
      ...foundation,
      "core/metainfo/",
      "core/piece/",
      "core/erasure/",
      "core/crypto/",
      "core/rpc/transport.ts",
      "proto/gen/",
    ],
  },
  { files: ["core/away-cache.ts"], mayImport: ["core/errors.ts"], node: [] },
  {
    files: ["core/auth/"],
    mayImport: [...foundation, "core/away-cache.ts", "core/access/", "core/crypto/", "core/identity/"],
  },
  { files: ["core/settings/"], mayImport: [...foundation, "core/away-cache.ts"] },
  { files: ["core/*"], mayImport: ["core/", "proto/gen/"] },
  { files: ["frontends/*"], mayImport: ["core/index.ts", "core/rpc/index.ts", "frontends/http/"] },
  {
    files: ["frontends/host/"],
    mayImport: ["core/index.ts", "core/rpc/index.ts", "frontends/frontend.ts", "frontends/http/"],
    packages: ["prom-client"],
  },
  {
    files: ["frontends/auth/"],
    mayImport: [
      "core/index.ts",
      "frontends/frontend.ts",
      "frontends/http/",
      "core/rpc/index.ts",
      "proto/gen/edgeauth.ts",
    ],
    packages: ["koa", "@koa/router", "zod", "prom-client"],
  },
  {
    files: ["frontends/linkshare/"],
    mayImport: ["core/index.ts", "frontends/frontend.ts", "frontends/http/"],
    packages: [
      "koa",
      "@koa/router",
      "zod",
      "mime-types",
      "content-disposition",
      "preact",
      "preact-render-to-string",
      "sharp",
      "highlight.js",
      "markdown-it",
      "uqr",
      "yazl",
      "yauzl",
      "tar-stream",
      "lru-cache",
      "dns-packet",
    ],
  },
  {
    files: ["frontends/NAME/"],
    mayImport: ["core/index.ts", "frontends/frontend.ts", "frontends/http/"],
    packages: ["koa", "@koa/router", "zod", "fast-xml-parser", "mime-types", "hash-wasm"],
  },
  {
    files: ["store/NAME/", "store/*"],
    mayImport: ["core/auth/grant-store.ts", "core/settings/bucket-settings-store.ts", "core/errors.ts"],
    packages: ["knex"],
  },
  { files: ["network/"], mayImport: ["core/", "proto/gen/"], packages: ["knex", "fzstd"] },
  {
    files: ["bin/"],
    mayImport: ["core/", "frontends/", "store/", "network/", "proto/gen/"],
    packages: ["commander", "pino", "zod"],
  },
];

const sourceFolders = ["core", "frontends", "store", "network", "bin"];
/** AssemblyScript: a language of its own, with neither our imports nor our types. */
const kernelFolders = ["core/erasure/kernel/", "core/crypto/blake3/kernel/"];
const maxLines = 400;

/** Files of a folder, as paths from the root with slashes. */
function filesOf(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return entries.map((entry) => `${folder}/${entry.replaceAll("\\", "/")}`).filter((path) => /\.tsx?$/.test(path));
}

/** The name that NAME stands for (or "" when the place has none); undefined when the path is not in the place. */
function nameIn(place: string, path: string): string | undefined {
  const pattern = place
    .replaceAll(".", "\\.")
    .replace("NAME", "(?<name>[^/]+)")
    .replace(/\*$/, "[^/]+$")
    .replace(/\/$/, "/.+");
  const match = new RegExp(`^${pattern}$`).exec(path);
  return match === null ? undefined : (match.groups?.["name"] ?? "");
}

/** What is wrong with an import, or undefined. */
function problemOf(file: string, specifier: string): string | undefined {
  for (const row of table) {
    for (const place of row.files) {
      const name = nameIn(place, file);
      if (name === undefined) continue;
      return allows(row, place.replace("NAME", name), file, specifier) ? undefined : `${file} imports ${specifier}`;
    }
  }
  return `${file} is in no row of the table`;
}

function allows(row: Row, place: string, file: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return row.node === undefined || row.node.includes(specifier);
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts");
    // A file that has a row to itself still shares no more than its row says.
    const own = place.endsWith(".ts") ? [] : [place];
    return [...own, ...row.mayImport].some((allowed) => nameIn(allowed, target) !== undefined);
  }
  return row.packages?.some((name) => specifier === name || specifier.startsWith(`${name}/`)) ?? false;
}

const scans = new Map<string, SourceScan>();
function scan(file: string): SourceScan {
  const known = scans.get(file) ?? scanSource(readFileSync(join(repositoryRoot, file), "utf8"));
  scans.set(file, known);
  return known;
}

const sources = [...sourceFolders, "proto/gen"]
  .flatMap(filesOf)
  .filter((file) => !kernelFolders.some((folder) => file.startsWith(folder)));
const written = sources.filter((file) => !file.startsWith("proto/gen/"));
const withTests = [...written, ...filesOf("test"), ...filesOf("bench"), ...filesOf("examples")];

test("every import is one that the table allows", (t) => {
  t.true(sources.length > 50, "the sources were not found");
  const problems = sources.flatMap((file) => scan(file).imports.map((specifier) => problemOf(file, specifier)));
  t.deepEqual(problems.filter(Boolean), []);
  // Plugins are loaded by name; all else must be there for the table to see.
  const opaque = sources.filter((file) => !file.startsWith("bin/") && scan(file).opaqueImports > 0);
  t.deepEqual(opaque, []);
});

test("no frontend has a private door: neither another one, nor the store, nor deep core", (t) => {
  const rows = table.filter(({ files }) => files.some((place) => /^frontends\/(?!\*|host)/.test(place)));
  const doors = [
    "core/index.ts",
    "core/rpc/index.ts",
    "frontends/frontend.ts",
    "frontends/http/",
    "proto/gen/edgeauth.ts",
  ];
  const others = rows.flatMap(({ mayImport }) => mayImport).filter((place) => !doors.includes(place));
  t.true(rows.length >= 3);
  t.deepEqual(others, []);
});

/** What a plugin may be written with: the package by its exports, Node.js, and packages of others. */
const exported = Object.keys(
  (JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as { exports: Record<string, unknown> })
    .exports,
).map((path) => path.replace(/^\./, "postern"));

test("examples import this package only by what it exports", (t) => {
  const files = readdirSync(join(repositoryRoot, "examples"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.[jt]s$/.test(path) && !path.includes("node_modules"))
    .map((path) => `examples/${path}`);
  t.true(files.length > 10);
  const problems = files.flatMap((file) => {
    const [, folder = ""] = file.split("/");
    return scan(file).imports.flatMap((specifier) => {
      if (specifier.startsWith("postern")) return exported.includes(specifier) ? [] : [`${file} imports ${specifier}`];
      const inside = posix.join(posix.dirname(file), specifier).startsWith(`examples/${folder}/`);
      return !specifier.startsWith(".") || inside ? [] : [`${file} imports ${specifier}`];
    });
  });
  t.deepEqual(problems, []);
});

test("files have kebab-case names", (t) => {
  const name = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.tsx?$/;
  t.deepEqual(
    withTests.filter((file) => !name.test(posix.basename(file))),
    [],
  );
});

test(`no written file has more than ${maxLines} lines`, (t) => {
  const lines = (file: string) => readFileSync(join(repositoryRoot, file), "utf8").split("\n").length - 1;
  const files = [...written, ...kernelFolders.flatMap(filesOf)];
  t.deepEqual(
    files.filter((file) => lines(file) > maxLines).map((file) => `${file}: ${lines(file)}`),
    [],
  );
});

/** The environment is also in node:process, and can be had by destructuring. */
const environment = /\bprocess\b\s*(?:\?\.|\.|\[)\s*(?:env\b|")|\benv\b[^;]*(?:=\s*process\b|"node:process")/;

test("only bin reads the environment", (t) => {
  const readers = written.filter((file) => {
    if (file.startsWith("bin/")) return false;
    const { code, imports } = scan(file);
    return environment.test(code) || imports.includes("node:process");
  });
  t.deepEqual(readers, []);
});

const anyType = /(?<![.\w$])any(?![\w$])(?!\s*[:(=])/;
const silencer = /@ts-(?:ignore|nocheck|expect-error)/;

test("types are neither any nor silenced", (t) => {
  t.deepEqual(
    withTests.filter((file) => anyType.test(scan(file).code) || silencer.test(scan(file).comments)),
    [],
  );
});

test("the table is enforced", (t) => {
  const allowed: [string, string][] = [
    ["core/bytes/a.ts", "./b.js"],
    ["core/crypto/a.ts", "../bytes/b.js"],
    ["core/crypto/a.ts", "@noble/ciphers/salsa.js"],
    ["core/rpc/drpc/a.ts", "../transport.js"],
    ["core/rpc/drpc/deep/a.ts", "../frames.js"],
    ["core/project.ts", "./access/grant.js"],
    ["frontends/s3/put/a.ts", "../b.js"],
    ["frontends/s3/a.ts", "../../core/index.js"],
    ["store/knex/a.ts", "../../core/auth/grant-store.js"],
    ["bin/postern.ts", "../store/memory.js"],
  ];
  for (const [file, specifier] of allowed) t.is(problemOf(file, specifier), undefined);
  const refused: [string, string][] = [
    ["core/bytes/a.ts", "../crypto/b.js"],
    ["core/crypto/a.ts", "../../proto/gen/macaroon.js"],
    ["core/crypto/a.ts", "node:net"],
    ["core/rpc/transport.ts", "./drpc/a.js"],
    ["core/rpc/drpc/a.ts", "../grpc/b.js"],
    ["core/rpc/drpc/a.ts", "../pool.js"],
    ["core/project.ts", "../network/network.js"],
    ["core/project.ts", "koa"],
    ["frontends/s3/a.ts", "../auth/b.js"],
    ["frontends/s3/a.ts", "../../core/project.js"],
    ["frontends/s3/a.ts", "../../store/memory.js"],
    ["store/knex/a.ts", "../../core/auth/service.js"],
    ["network/satellite/a.ts", "../../store/memory.js"],
    ["elsewhere/a.ts", "./b.js"],
  ];
  for (const [file, specifier] of refused) t.not(problemOf(file, specifier), undefined, `${file} ${specifier}`);
});

test("imports, environment and any are found in code, and only there", (t) => {
  const { imports, opaqueImports, code, comments } = scanSource(`
    import a, { type B } from "./a.js"; // from "./comment.js"
    import type { C } from './c.js';
    import "./effect.js";
    export * from "./d.js";
    export { e } from "./e.js";
    const quote = /["'\`/]/.test(x) ? 1 / 2 : "import('./string.js')";
    const nested = \`import("./template.js") \${await import("./f.js")} \${{ a: \`\${1}\` }.a}\`;
    new Worker(new URL("./worker.js", import.meta.url)); new URL("./page", base);
    /* any process.env */ const plugin = await import(name);
    type T = import("./g.js").G;
  `);
  t.deepEqual(imports, ["./a.js", "./c.js", "./effect.js", "./d.js", "./e.js", "./f.js", "./worker.js", "./g.js"]);
  t.is(opaqueImports, 1);
  t.true(comments.includes("any process.env"));
  t.false(anyType.test(code) || environment.test(code));

  for (const bad of ["let x: any;", "x as any", "Array<any>", "(...a: any[]) => 1"])
    t.regex(scanSource(bad).code, anyType);
  for (const fine of ["Promise.any(x)", "AbortSignal . any", "{ any: 1 }", "anyType", "'any'", "`any`", "/any/"]) {
    t.notRegex(scanSource(fine).code.replaceAll(" ", ""), anyType, fine);
  }
  for (const bad of ["process.env.X", 'process["env"]', "const { env } = process", "process?.env"]) {
    t.regex(scanSource(bad).code, environment, bad);
  }
  t.notRegex(scanSource("process.exit(); const env = { X: 1 };").code, environment);
});
