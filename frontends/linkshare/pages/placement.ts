import { isIPv6 } from "node:net";
import type { ObjectPlacement } from "../../../core/index.js";
import { reasonOf } from "../errors.js";
import type { Reply } from "../reply.js";
import { toBytes } from "../uri.js";
import type { View } from "../view.js";
import type { PlacementRow, PlacementSummary } from "../views/index.js";

/** Where the pieces are; undefined where the satellite does not say, as for grants that may only list. */
export async function placementOf(view: View, key: string): Promise<ObjectPlacement | undefined> {
  try {
    return await view.project.objectPlacement(view.bucket, toBytes(key), { signal: view.signal });
  } catch (error) {
    if (view.signal.aborted) throw error;
    view.services.log.debug({ error: reasonOf(error) }, "the satellite tells no placement");
    return undefined;
  }
}

const mostRows = 100;

/** By subnet: which addresses one operator has is nothing that visitors need. */
export function summaryOf(placement: ObjectPlacement): PlacementSummary {
  const counts = new Map<string, number>();
  for (const address of placement.addresses) {
    const label = subnetOf(address);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const rows: PlacementRow[] = [...counts]
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1))
    .slice(0, mostRows);
  return { rows, pieceCount: placement.pieceCount, segmentCount: placement.segmentCount };
}

function subnetOf(address: string): string {
  const host = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const four = /^(\d+\.\d+\.\d+)\.\d+$/.exec(host);
  if (four !== null) return `${four[1]}.0/24`;
  if (isIPv6(host)) return `${host.split(":").slice(0, 3).join(":")}::/48`;
  return host;
}

/**
 * An image of where the pieces are, a bar for each subnet. Storj's service draws a map of the world, for which it has a
 * database of places of addresses; parameters and texts are those.
 */
export function placementImage(view: View, placement: ObjectPlacement | undefined, size: number): Reply {
  const asked = Number(view.request.query.get("width") ?? 800);
  const width = Number.isSafeInteger(asked) ? Math.min(Math.max(asked, 100), 4_000) : 800;
  const height = width >> 1;
  const { rows, pieceCount } = placement === undefined ? nothing : summaryOf(placement);
  const shown = rows.slice(0, Math.max(Math.floor((height - 60) / 20), 0));
  const most = Math.max(...shown.map(({ count }) => count), 1);
  const bars = shown.map(({ label, count }, i) => {
    const y = 16 + i * 20;
    const length = Math.round(((width - 220) * count) / most);
    return (
      `<rect x="190" y="${y}" width="${Math.max(length, 2)}" height="12" rx="3"/>` +
      `<text x="180" y="${y + 11}" text-anchor="end">${escapeXml(label)}</text>` +
      `<text x="${196 + Math.max(length, 2)}" y="${y + 11}">${count}</text>`
    );
  });
  const stats = view.request.query.get("include-stats");
  const withStats = stats === undefined || !/^(?:no|false|0|off)$/i.test(stats);
  const note =
    pieceCount === 0
      ? "Files under 4k are stored as metadata with strong encryption."
      : `Pieces: ${pieceCount}   Size: ${base10(size)}`;
  const text = withStats && width >= 400 ? `<text x="16" y="${height - 16}">${note}</text>` : "";
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="sans-serif" font-size="13" fill="#2b6fbf" role="img" aria-label="Where the pieces are">` +
    `${bars.join("")}${text}</svg>`;
  return {
    status: 200,
    headers: {
      "Content-Type": "image/svg+xml",
      "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    },
    body: svg,
  };
}

const nothing: PlacementSummary = { rows: [], pieceCount: 0, segmentCount: 0 };

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`).replace(/[\x00-\x1f\x7f]/g, " ");
}

function base10(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  const unit = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  return unit === 0 ? `${size} B` : `${(size / 10 ** (3 * unit)).toFixed(1)} ${units[unit]}`;
}
