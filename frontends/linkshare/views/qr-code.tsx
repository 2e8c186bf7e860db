import type { JSX } from "preact";
import { encode } from "uqr";

/** Bytes that fit into the largest QR code at correction level M, ISO/IEC 18004 table 7; more dots are hard to read anyway. */
const longest = 1_200;

/** A QR code of a URL as SVG, to be unfolded; nothing when the URL is too long for one. */
export function QrCode({ url }: { url: string }): JSX.Element | null {
  // Halves of characters have no bytes.
  const bytes = Buffer.from(url);
  if (bytes.length > longest) return null;
  const { size, data } = encode(bytes.toString(), { ecc: "M", border: 3 });
  // One run of dark dots after the other, since a path is much smaller than squares.
  let path = "";
  data.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x + 1;
      while (row[end]) end++;
      path += `M${x} ${y}h${end - x}v1h${x - end}z`;
      x = end;
    }
  });
  return (
    <details class="more">
      <summary>QR code</summary>
      <svg
        class="qr"
        viewBox={`0 0 ${size} ${size}`}
        role="img"
        aria-label="QR code of this link"
        shape-rendering="crispEdges"
      >
        <path fill="#fff" d={`M0 0h${size}v${size}H0z`} />
        <path fill="#111" d={path} />
      </svg>
    </details>
  );
}
