import type { NetworkStatus, NodeStatus } from "../network/index.js";

/** A network's status for people to read. */
export function statusText({ satellite, nodes, segments }: NetworkStatus): string {
  const running = nodes.filter((node) => node.running).length;
  const { total, healthy, degraded, needRepair, lost } = segments;
  const rows = nodes.map((node) => [
    String(node.index),
    stateOf(node),
    node.address,
    String(node.pieces),
    bytesText(node.space?.used),
    bytesText(node.space?.trash),
    bytesText(node.space?.available),
    node.id,
  ]);
  return `Satellite      ${satellite}
Storage nodes  ${nodes.length}, ${running} of them running
Segments       ${total} on nodes: ${healthy} healthy, ${degraded} degraded, ${needRepair} in need of repair, ${lost} lost

${tableText([["NODE", "STATE", "ADDRESS", "PIECES", "USED", "TRASH", "FREE", "ID"], ...rows])}`;
}

/** What the node is, and what the satellite takes it for where that is another thing. */
function stateOf({ running, online, disqualified }: NodeStatus): string {
  if (disqualified) return "disqualified";
  if (running) return online ? "running" : "running, not seen";
  return online ? "stopped, not missed" : "stopped";
}

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function tableText(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
