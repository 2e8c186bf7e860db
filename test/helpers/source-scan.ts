/** What the layout test needs to know of a source file. */
export interface SourceScan {
  /** Specifiers of static and dynamic imports, re-exports, and `new URL("…", import.meta.url)`. */
  readonly imports: readonly string[];
  /** Dynamic imports whose specifier is no plain string. */
  readonly opaqueImports: number;
  /** The code with comments, and what is inside of strings and regular expressions, taken out. */
  readonly code: string;
  readonly comments: string;
}

const token =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<name>[\w$]+)|(?<space>\s+)|(?<other>[\s\S])/y;

/** After these a slash begins a regular expression; after names, numbers and closing brackets it divides. */
const beforeRegex = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await|yield|void))\s*$/;
const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;

/** Reads TypeScript just well enough to tell code from comments, strings, templates and regular expressions. */
export function scanSource(source: string): SourceScan {
  const strings: string[] = [];
  let code = "";
  let comments = "";
  let at = 0;
  // Depth of braces inside of each template substitution that is open.
  const templates: number[] = [];

  function skipTemplate(): void {
    for (at++; at < source.length; at++) {
      if (source[at] === "\\") at++;
      else if (source[at] === "`") {
        at++;
        code += "``";
        return;
      } else if (source.startsWith("${", at)) {
        at += 2;
        code += "`${";
        templates.push(0);
        return;
      }
    }
  }

  while (at < source.length) {
    const character = source[at];
    if (character === "`") {
      skipTemplate();
      continue;
    }
    if (templates.length > 0 && (character === "{" || character === "}")) {
      if (character === "}" && templates.at(-1) === 0) {
        templates.pop();
        code += "}";
        skipTemplate();
        continue;
      }
      templates[templates.length - 1]! += character === "{" ? 1 : -1;
    }
    regex.lastIndex = at;
    const next = source[at + 1];
    if (character === "/" && next !== "/" && next !== "*" && beforeRegex.test(code) && regex.test(source)) {
      at = regex.lastIndex;
      code += "/./";
      continue;
    }
    token.lastIndex = at;
    const match = token.exec(source)!;
    at = token.lastIndex;
    if (match.groups?.["comment"] !== undefined) {
      comments += `${match[0]}\n`;
      code += " ";
    } else if (match.groups?.["string"] !== undefined) {
      code += `"${strings.push(match[0].slice(1, -1)) - 1}"`;
    } else code += match[0];
  }

  const imports: string[] = [];
  const importing =
    /(?:\bfrom|\bimport\s*\(|\bimport|\brequire\s*\(|\bnew URL\s*\()\s*"(\d+)"(?<meta>\s*,\s*import\.meta\.url)?/g;
  for (const match of code.matchAll(importing)) {
    if (match[0].startsWith("new URL") && match.groups?.["meta"] === undefined) continue;
    imports.push(strings[Number(match[1])]!);
  }
  const opaqueImports = [...code.matchAll(/(?<![.\w])import\s*\(\s*(?!")/g)].length;
  return { imports, opaqueImports, code, comments };
}
