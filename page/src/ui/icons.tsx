import type { SVGProps } from "react";

/** Strokes on a grid of 24, drawn for this page. They stand beside words and are hidden from readers. */
const PATHS = {
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2",
  home: "M4 11.5L12 4.5l8 7M6.5 10v9.5h11V10",
  chart: "M4 20h16M7 16v-5M12 16V6M17 16v-8",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20a6 6 0 0 1 12 0M16 4.3a3.5 3.5 0 0 1 0 6.4M17.5 14.4A6 6 0 0 1 21 20",
  lines: "M4 6h16M4 12h16M4 18h10",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5a7.5 7.5 0 0 1 15 0",
  copy: "M9 9h10v11H9zM5 15V4h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  share: "M12 15V4M8 7.5L12 3.5l4 4M5 12v8h14v-8",
  download: "M12 4v11M8 11.5l4 4 4-4M5 20h14",
  plus: "M12 5v14M5 12h14",
  more: "M5.5 12h.6M11.7 12h.6M17.9 12h.6",
  down: "M6 9.5l6 6 6-6",
  right: "M9.5 6l6 6-6 6",
  left: "M14.5 6l-6 6 6 6",
  up: "M6 14.5l6-6 6 6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.5 4.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.2l3.2 2",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.8v.01",
  warn: "M12 4L2.8 20h18.4zM12 10v4.5M12 17.3v.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  mail: "M3.5 6h17v12h-17zM4 6.5l8 6.5 8-6.5",
  calendar: "M4 6h16v14H4zM4 10h16M8 3.5V7M16 3.5V7",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  star: "M12 4l2.4 5.1 5.6.7-4.1 3.9 1 5.5-4.9-2.7-4.9 2.7 1-5.5L4 9.8l5.6-.7z",
} as const;

export type IconName = keyof typeof PATHS;

/** Icons that are mirrored in languages that run from right to left. */
const DIRECTED: readonly IconName[] = ["left", "right", "lines"];

export function Icon({ name, ...rest }: { name: IconName } & SVGProps<SVGSVGElement>) {
  const className = DIRECTED.includes(name) ? "icon icon-directed" : "icon";
  return (
    <svg className={className} viewBox="0 0 24 24" aria-hidden="true" focusable="false" {...rest}>
      <path d={PATHS[name]} />
    </svg>
  );
}
