const units = ["kB", "MB", "GB", "TB", "PB", "EB"];

/** A size for people, in base-10 units as Storj's link sharing prints it: "1.5 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  let value = bytes;
  let unit = -1;
  // What would be rounded to 1000 goes to the next unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${units[unit]}`;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A time for people, in UTC: the script of the page turns it into the reader's own. */
export function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return "unknown";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(?:apng|avif|bmp|gif|heic|ico|jfif|jpe?g|png|svg|tiff?|webp)$/, "image"],
  [/^(?:avi|m4v|mkv|mov|mp4|ogv|webm)$/, "video"],
  [/^(?:aac|flac|m4a|mp3|oga|ogg|opus|wav|weba)$/, "audio"],
  [/^(?:7z|bz2|gz|rar|tar|tgz|xz|zip|zst)$/, "archive"],
  [
    /^(?:c|cc|cpp|cs|css|go|h|htm|html|java|jsx?|json|kt|lua|mjs|php|pl|py|r|rb|rs|scss|sh|sql|swift|toml|tsx?|vue|xml|ya?ml)$/,
    "code",
  ],
  [/^(?:doc|docx|epub|markdown|md|odt|pdf|rtf|txt)$/, "document"],
];

export type FileKind = "image" | "video" | "audio" | "archive" | "code" | "document" | "file";

/** Which picture stands for a file of this name. */
export function fileKind(name: string): FileKind {
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return (kinds.find(([pattern]) => pattern.test(extension))?.[1] ?? "file") as FileKind;
}
