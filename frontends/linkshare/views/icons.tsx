import type { JSX } from "preact";

/** Outlines on a grid of 24, drawn for these pages. */
const outlines = {
  folder: "M3.5 7.5v10a2 2 0 0 0 2 2h13a2 2 0 0 0 2-2V9.5a2 2 0 0 0-2-2H12l-2-3H5.5a2 2 0 0 0-2 2Z",
  file: "M6.5 3.5h7l4.5 4.5v10.5a2 2 0 0 1-2 2h-9.5a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2ZM13.5 3.5V8H18",
  document:
    "M6.5 3.5h7l4.5 4.5v10.5a2 2 0 0 1-2 2h-9.5a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2ZM13.5 3.5V8H18M8 12h6.5M8 15.5h6.5",
  image:
    "M5.5 4.5h13a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2ZM4 17l5-5 4 4 3-3 4.5 4.5M15 9h.01",
  video: "M5.5 5.5h13a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2ZM10 9.5v5l4.5-2.5Z",
  audio:
    "M9.5 17.5V6l9-2v11M9.5 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM18.5 15a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z",
  code: "M8 8.5 4.5 12 8 15.5M16 8.5l3.5 3.5-3.5 3.5M13.5 6l-3 12",
  archive: "M4 4.5h16v4H4ZM5.5 8.5v9a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2v-9M10 12.5h4",
  download: "M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15",
  link: "M10 14a3.5 3.5 0 0 0 5 0l3.5-3.5a3.5 3.5 0 0 0-5-5L12 7M14 10a3.5 3.5 0 0 0-5 0l-3.5 3.5a3.5 3.5 0 0 0 5 5L12 17",
  list: "M8.5 6.5h11M8.5 12h11M8.5 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
  grid: "M4.5 4.5h6v6h-6ZM13.5 4.5h6v6h-6ZM4.5 13.5h6v6h-6ZM13.5 13.5h6v6h-6Z",
  next: "M9.5 5.5 16 12l-6.5 6.5",
  first: "M14.5 5.5 8 12l6.5 6.5",
  up: "M12 19V6M6.5 11.5 12 6l5.5 5.5",
  down: "M12 5v13M6.5 12.5 12 18l5.5-5.5",
  nodes: "M12 3.5 20 8v8l-8 4.5L4 16V8ZM12 3.5v17M4 8l16 8M20 8 4 16",
  open: "M14 4.5h5.5V10M19.5 4.5 11 13M10 5.5H6.5a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V14",
} as const;

export type IconName = keyof typeof outlines;

/** A picture that says nothing to screen readers: the text beside it does. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" width="20" height="20" aria-hidden="true" focusable="false">
      <use href={`#i-${name}`} />
    </svg>
  );
}

/** The outlines that Icon refers to, once a page. */
export function IconSprite({ names }: { names: readonly IconName[] }): JSX.Element {
  return (
    <svg class="sprite" width="0" height="0" aria-hidden="true" focusable="false">
      {names.map((name) => (
        <symbol key={name} id={`i-${name}`} viewBox="0 0 24 24">
          <path
            d={outlines[name]}
            fill="none"
            stroke="currentColor"
            stroke-width="1.6"
            stroke-linecap="round"
            stroke-linejoin="round"
          />
        </symbol>
      ))}
    </svg>
  );
}

/** The postern: a small door in a wall, left ajar. */
export function Logo({ size }: { size: number }): JSX.Element {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="logo-wall" d="M4 29V14C4 7.4 9.4 2 16 2s12 5.4 12 12v15Z" />
      <path class="logo-light" d="M9 29V14.5a7 7 0 0 1 14 0V29Z" />
      <path class="logo-door" d="M9 29V14.5c0-3.3 2.2-6 5.2-6.8L19 12v14.5Z" />
      <path class="logo-knob" d="M15.2 19.5a1.1 1.1 0 1 1 2.2 0 1.1 1.1 0 0 1-2.2 0Z" />
    </svg>
  );
}
