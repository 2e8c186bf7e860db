/** How the page of an object shows it: "none" for a download only. */
export type PreviewKind = "image" | "video" | "audio" | "pdf" | "markdown" | "text" | "none";

/**
 * The types that browsers show by themselves. SVG is among the images, since as `<img>` it runs no script and fetches
 * nothing; its raw bytes are not to be opened as a page. HTML is text.
 */
const typed: ReadonlyMap<string, PreviewKind> = new Map([
  ...[
    "apng",
    "avif",
    "bmp",
    "gif",
    "jpeg",
    "jpg",
    "png",
    "svg+xml",
    "vnd.microsoft.icon",
    "webp",
    "x-icon",
    "x-png",
  ].map((name) => [`image/${name}`, "image"] as const),
  ...["mp4", "ogg", "quicktime", "webm", "x-m4v"].map((name) => [`video/${name}`, "video"] as const),
  ...["aac", "flac", "mp3", "mp4", "mpeg", "ogg", "opus", "wav", "wave", "webm", "x-flac", "x-m4a", "x-wav"].map(
    (name) => [`audio/${name}`, "audio"] as const,
  ),
  ["application/pdf", "pdf"],
  ["text/markdown", "markdown"],
  ["text/x-markdown", "markdown"],
  ...["ecmascript", "graphql", "javascript", "json", "sql", "toml", "typescript", "xml", "yaml"].flatMap((name) => [
    [`application/${name}`, "text"] as const,
    [`application/x-${name}`, "text"] as const,
  ]),
  ["application/x-sh", "text"],
  ["application/ld+json", "text"],
  ["application/geo+json", "text"],
]);

const extensions: Readonly<Record<Exclude<PreviewKind, "none">, string>> = {
  image: "apng avif bmp gif ico jfif jpeg jpg png svg webp",
  video: "m4v mov mp4 ogv webm",
  audio: "aac flac m4a mp3 oga ogg opus wav weba",
  pdf: "pdf",
  markdown: "markdown md mkd",
  text:
    "adoc asm astro bash bat c cc cfg clj cmake cmd conf cpp cs css csv cxx dart diff ejs elm env ex exs f90 fs go gql gradle " +
    "graphql groovy h hpp hs htm html ini ipynb java jl js json json5 jsonl jsx kt kts less lock log lua m map mjs mk ml mm " +
    "ndjson nix patch php pl plist pm properties proto ps1 py r rb rego rs rst sass scala scss sh sql srt svelte swift " +
    "tcl tex tf toml ts tsv tsx txt vb vim vtt vue xhtml xml yaml yml zig zsh",
};

const byExtension = new Map<string, PreviewKind>(
  Object.entries(extensions).flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind as PreviewKind])),
);

/** Names that say what they are without an extension. */
const plainNames =
  /^(?:authors|changelog|codeowners|copying|dockerfile|gemfile|license|makefile|notice|procfile|rakefile|readme|todo|vagrantfile|\.(?:bashrc|dockerignore|editorconfig|gitattributes|gitignore|npmrc|profile|zshrc))$/i;

/**
 * What to show of an object, by its content type, or by its name where the type says nothing ("application/octet-stream",
 * or "text/plain", which hides markdown and source).
 */
export function previewKind(name: string, contentType: string): PreviewKind {
  const type = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  const named = kindOfName(name);
  const vague = type === "" || type === "application/octet-stream" || type === "binary/octet-stream";
  if (vague) return named ?? "none";
  if (type === "text/plain") return named === "markdown" ? "markdown" : "text";
  const known = typed.get(type);
  if (known !== undefined) return known;
  // The registry calls .ts files "video/mp2t", which no browser plays.
  if (type === "video/mp2t" && named === "text") return "text";
  return type.startsWith("text/") ? "text" : "none";
}

function kindOfName(name: string): PreviewKind | undefined {
  const base = name.slice(name.lastIndexOf("/") + 1);
  if (plainNames.test(base)) return "text";
  const dot = base.lastIndexOf(".");
  return dot < 0 ? undefined : byExtension.get(base.slice(dot + 1).toLowerCase());
}
