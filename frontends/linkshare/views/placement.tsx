import type { JSX } from "preact";
import { visible } from "./document.js";
import { countText } from "./format.js";
import type { PlacementRow, PlacementSummary } from "./models.js";

/** Rows that are shown at once; the others are behind a click. */
const shownRows = 10;

/** Where the pieces of an object are: a table with a bar a row, and the map when there is one. */
export function Placement({ placement, map }: { placement: PlacementSummary; map?: string }): JSX.Element {
  const { rows, pieceCount, segmentCount } = placement;
  const most = rows.reduce((largest, row) => Math.max(largest, row.count), 1);
  const rest = rows.slice(shownRows);
  return (
    <section class="panel" aria-labelledby="placement-heading">
      <h2 id="placement-heading">Where it is kept</h2>
      {pieceCount === 0 ? (
        <p>Small enough to be kept by the satellite itself: it has no pieces.</p>
      ) : (
        <p>
          {countText(pieceCount, "piece")} of {countText(segmentCount, "segment")}, in {countText(rows.length, "place")}
          .
        </p>
      )}
      {map !== undefined && pieceCount > 0 && (
        <img
          class="map"
          src={map}
          width="800"
          height="400"
          alt="World map with the nodes that hold pieces"
          loading="lazy"
        />
      )}
      {rows.length > 0 && <PlacementTable rows={rows.slice(0, shownRows)} most={most} label="Pieces by network" />}
      {rest.length > 0 && (
        <details class="more">
          <summary>{countText(rest.length, "more place")}</summary>
          <PlacementTable rows={rest} most={most} label="Pieces by network, continued" />
        </details>
      )}
    </section>
  );
}

interface TableProps {
  readonly rows: readonly PlacementRow[];
  readonly most: number;
  readonly label: string;
}

function PlacementTable({ rows, most, label }: TableProps): JSX.Element {
  return (
    <table class="places" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Network</th>
          <th scope="col">Pieces</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            <td>{visible(row.label)}</td>
            <td>
              <svg
                class="bar-chart"
                viewBox="0 0 100 8"
                preserveAspectRatio="none"
                aria-hidden="true"
                focusable="false"
              >
                <rect class="bar-back" width="100" height="8" rx="4" />
                <rect class="bar-front" width={Math.round((row.count / most) * 100)} height="8" rx="4" />
              </svg>
              <span>{row.count}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
