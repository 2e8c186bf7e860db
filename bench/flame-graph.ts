// Draws a V8 CPU profile as an SVG flame graph: node dist/bench/flame-graph.js PROFILE.cpuprofile "title" > graph.svg
// Profiles come from `node --cpu-prof`. Idle time is left out; frames below 0.2 % of the busy time are not drawn.
import { readFileSync } from "node:fs";

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}
interface Profile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}
interface Frame {
  name: string;
  micros: number;
  children: Map<string, Frame>;
}

const width = 1200;
const rowHeight = 17;
const smallest = 0.002;

const [file, title = "CPU profile"] = process.argv.slice(2);
if (file === undefined) throw new Error("name a .cpuprofile file");
const root = frames(JSON.parse(readFileSync(file, "utf8")) as Profile);
process.stdout.write(draw(root, title));

function frames(profile: Profile): Frame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node.id);
  const top: Frame = { name: "all", micros: 0, children: new Map() };
  for (const [i, sample] of profile.samples.entries()) {
    const stack: ProfileNode[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) stack.push(byId.get(id)!);
    if (["(idle)", "(program)"].includes(stack[0]!.callFrame.functionName)) continue;
    const micros = profile.timeDeltas[i] ?? 0;
    let frame = top;
    frame.micros += micros;
    for (const node of stack.reverse().slice(1)) frame = child(frame, nameOf(node), micros);
  }
  return top;
}

function child(parent: Frame, name: string, micros: number): Frame {
  const found = parent.children.get(name) ?? { name, micros: 0, children: new Map() };
  parent.children.set(name, found);
  found.micros += micros;
  return found;
}

function nameOf({ callFrame }: ProfileNode): string {
  const name = callFrame.functionName || "(anonymous)";
  const path = /(?:dist|node_modules)\/.*$/.exec(callFrame.url)?.[0].replace(/^dist\//, "") ?? callFrame.url;
  return path === "" ? name : `${name} ${path}:${callFrame.lineNumber + 1}`;
}

function draw(top: Frame, heading: string): string {
  const rects: string[] = [];
  let depth = 0;
  const place = (frame: Frame, x: number, row: number) => {
    const w = (frame.micros / top.micros) * width;
    if (w < width * smallest) return;
    depth = Math.max(depth, row);
    rects.push(rect(frame, x, row, w, top.micros));
    let at = x;
    for (const next of [...frame.children.values()].sort((a, b) => b.micros - a.micros)) {
      place(next, at, row + 1);
      at += (next.micros / top.micros) * width;
    }
  };
  place(top, 0, 0);
  const height = (depth + 3) * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="4" y="14" font-size="13">${escaped(heading)} (${(top.micros / 1000).toFixed(0)} ms busy)</text>
<g transform="translate(0 ${rowHeight + 4})">
${rects.join("\n")}
</g>
</svg>
`;
}

function rect(frame: Frame, x: number, row: number, w: number, total: number): string {
  const share = ((frame.micros / total) * 100).toFixed(1);
  const label = frame.name.slice(0, Math.floor(w / 6.7));
  const text =
    label.length > 3 ? `<text x="${(x + 2).toFixed(1)}" y="${row * rowHeight + 12}">${escaped(label)}</text>` : "";
  return (
    `<g><title>${escaped(frame.name)} ${share} %</title><rect x="${x.toFixed(1)}" y="${row * rowHeight}" ` +
    `width="${Math.max(w - 0.5, 0.5).toFixed(1)}" height="${rowHeight - 1}" fill="${colour(frame.name)}"/>${text}</g>`
  );
}

/** Ours in orange, Node's in blue, packages in green, native code in grey. */
function colour(name: string): string {
  if (name.includes("node_modules/")) return "#b7d7a8";
  if (/ (core|frontends|network|store|bin|proto)\//.test(name)) return "#f6b26b";
  if (name.includes("node:")) return "#9fc5e8";
  return "#d9d9d9";
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
