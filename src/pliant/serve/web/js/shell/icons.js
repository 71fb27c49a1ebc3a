import { html, svg } from "../../vendor/lit-html.js";

/** Every icon is drawn on a 20 by 20 grid with one 1.5 pixel stroke. */
const shapes = {
  move: svg`<path d="M5 3.5 15.5 10l-4.6 1.2-2.5 4.3z" />`,
  drag: svg`<circle cx="5" cy="15" r="2" /><path d="m6.5 13.5 9-9M9.5 4.5h6v6" />`,
  pin: svg`<path d="M10 12v5.5M7 3.5h6M8 3.5l-.4 4.6L5.5 12h9l-2.1-3.9L12 3.5" />`,
  brush: svg`<path d="M17 3c-3.5 1.5-6.4 4.2-8 7.2l1.9 1.8C13.7 10.4 16 7 17 3zM8 11.2c-2.3 0-3 1.6-3.1 3.1-.1 1.2-.8 1.9-1.9 2.3 3.5 1 6.9-.2 6.9-3.5" />`,
  eraser: svg`<path d="m8.5 16.5-4.7-4.7a1.4 1.4 0 0 1 0-2l6-6a1.4 1.4 0 0 1 2 0l4.4 4.4a1.4 1.4 0 0 1 0 2l-6.3 6.3zM6.8 6.8l6.4 6.4M8.5 16.5h8" />`,
  lasso: svg`<path d="M6.2 13.6C4.2 12.7 3 11.2 3 9.4 3 6.1 6.1 3.5 10 3.5s7 2.6 7 5.9-3.1 5.9-7 5.9c-.7 0-1.4-.1-2-.2" /><circle cx="7" cy="14" r="1.7" /><path d="M6 15.5c0 1-.7 1.7-1.8 2" />`,
  polygon: svg`<path d="m4 6.5 7-3 5.5 6-3.5 7-8-1z" /><circle cx="4" cy="6.5" r="1" /><circle cx="11" cy="3.5" r="1" /><circle cx="16.5" cy="9.5" r="1" /><circle cx="13" cy="16.5" r="1" /><circle cx="5" cy="15.5" r="1" />`,
  box: svg`<path d="M3.5 7V4.5a1 1 0 0 1 1-1H7M13 3.5h2.5a1 1 0 0 1 1 1V7M16.5 13v2.5a1 1 0 0 1-1 1H13M7 16.5H4.5a1 1 0 0 1-1-1V13M9 3.5h2M9 16.5h2M3.5 9v2M16.5 9v2" />`,
  select: svg`<path d="m3.5 16.5 8-8M11 4V2.5M11 12.5V14M6.5 8.5H5M17 8.5h-1.5M14.2 5.3l1-1M7.8 5.3l-1-1M14.2 11.7l1 1" />`,
  hand: svg`<path d="M6.5 11V5.5a1.2 1.2 0 0 1 2.4 0V9M8.9 9V4a1.2 1.2 0 0 1 2.4 0v5M11.3 9V5a1.2 1.2 0 0 1 2.4 0v5M13.7 10V7.5a1.2 1.2 0 0 1 2.4 0v4.7c0 3-2 5.3-5 5.3-2.4 0-3.6-1-4.8-3l-2-3.3c-.7-1.2.9-2.3 1.8-1.3l1.4 1.6" />`,
  undo: svg`<path d="M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8" />`,
  redo: svg`<path d="m13 4 3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H12" />`,
  minus: svg`<path d="M5 10h10" />`,
  plus: svg`<path d="M10 5v10M5 10h10" />`,
  eye: svg`<path d="M2.5 10S5 5 10 5s7.5 5 7.5 5-2.5 5-7.5 5-7.5-5-7.5-5z" /><circle cx="10" cy="10" r="2.2" />`,
  split: svg`<path d="M10 2.5v15M8 4.5H4.5a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1H8M12 4.5h3.5a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H12" />`,
  mesh: svg`<path d="M3.5 3.5h13v13h-13zM3.5 10h13M10 3.5v13M3.5 10 10 3.5M10 10l6.5-6.5M3.5 16.5 10 10M10 16.5l6.5-6.5" />`,
  chevron: svg`<path d="m6 8 4 4 4-4" />`,
  theme: svg`<circle cx="10" cy="10" r="6.5" /><path d="M10 3.5v13a6.5 6.5 0 0 0 0-13z" fill="currentColor" />`,
  keys: svg`<rect x="2.5" y="5" width="15" height="10" rx="1.5" /><path d="M5.5 8h.01M8.5 8h.01M11.5 8h.01M14.5 8h.01M6.5 12h7" />`,
  more: svg`<path d="M4.5 10h.01M10 10h.01M15.5 10h.01" stroke-width="2.4" />`,
  close: svg`<path d="m5 5 10 10M15 5 5 15" />`,
  trash: svg`<path d="M3.5 5.5h13M8 5.5V4a.8.8 0 0 1 .8-.8h2.4a.8.8 0 0 1 .8.8v1.5M5 5.5l.7 10a1.3 1.3 0 0 0 1.3 1.2h6a1.3 1.3 0 0 0 1.3-1.2l.7-10M8.3 9v4.5M11.7 9v4.5" />`,
  up: svg`<path d="M10 15.5v-11M5.5 9 10 4.5 14.5 9" />`,
  down: svg`<path d="M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5" />`,
  copy: svg`<rect x="7" y="7" width="9.5" height="9.5" rx="1.5" /><path d="M13 7V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 5v6.5A1.5 1.5 0 0 0 5 13h2" />`,
  save: svg`<path d="M10 3.5v9M6 9l4 4 4-4M3.5 16.5h13" />`,
  dice: svg`<rect x="3.5" y="3.5" width="13" height="13" rx="2.5" /><path d="M7.2 7.2h.01M12.8 7.2h.01M10 10h.01M7.2 12.8h.01M12.8 12.8h.01" stroke-width="2" />`,
  shield: svg`<path d="M10 2.8 4 5v4.5c0 3.7 2.5 6.3 6 7.7 3.5-1.4 6-4 6-7.7V5z" />`,
  pair: svg`<rect x="2.5" y="9" width="6.5" height="6.5" rx="1" /><rect x="11.5" y="3" width="6" height="6" rx="1" stroke-dasharray="2 2" /><path d="M12 15.5c2.5 0 3.5-1.3 3.5-3.5M10.8 14l-.1 0" />`,
  grow: svg`<circle cx="10" cy="10" r="6.8" /><circle cx="10" cy="10" r="3" stroke-dasharray="1.6 1.55" stroke-linecap="butt" />`,
  shrink: svg`<circle cx="10" cy="10" r="3" /><circle cx="10" cy="10" r="6.8" stroke-dasharray="2.2 2.07" stroke-linecap="butt" />`,
  smooth: svg`<path d="M2.5 12c2.5-7 5-7 7.5-2s5 5 7.5-2" />`,
  invert: svg`<rect x="3.5" y="3.5" width="13" height="13" rx="1.5" /><path d="M10 3.5v13h5a1.5 1.5 0 0 0 1.5-1.5V5A1.5 1.5 0 0 0 15 3.5z" fill="currentColor" />`,
  refine: svg`<path d="M4 15c1-6 3.5-9.5 8-10.5M15.5 7c.7 4-1.5 8-6 9" stroke-dasharray="2.2 2.2" /><path d="m12.5 3 .7 1.8L15 5.5l-1.8.7-.7 1.8-.7-1.8L10 5.5l1.8-.7z" fill="currentColor" stroke-width=".8" />`,
  panel: svg`<path d="M4 6h12M4 10h12M4 14h12" /><circle cx="8" cy="6" r="1.6" fill="var(--surface)" /><circle cx="13" cy="10" r="1.6" fill="var(--surface)" /><circle cx="7" cy="14" r="1.6" fill="var(--surface)" />`,
  open: svg`<rect x="3" y="4" width="14" height="12" rx="1.5" /><path d="m3.5 14 4-4.5 3 3 2.5-2 3.5 3.5" /><circle cx="13.2" cy="7.5" r=".8" />`,
  info: svg`<circle cx="10" cy="10" r="7" /><path d="M10 9.2v4.3M10 6.5h.01" />`,
  warn: svg`<path d="M10 3.5 2.5 16.5h15zM10 8.5v4M10 14.6h.01" />`,
  offline: svg`<path d="M4 10.5a8.5 8.5 0 0 1 3-2M10.5 7.5c2.2.1 4 1.1 5.5 3M6.8 13a4.5 4.5 0 0 1 4-1.3M10 16h.01M3.5 3.5l13 13" />`,
  check: svg`<path d="m4.5 10.5 3.5 3.5 7.5-8" />`,
  resume: svg`<path d="M4 10h11M10.5 5.5 15 10l-4.5 4.5" />`,
};

/** @typedef {keyof typeof shapes} IconName */

/** @param {IconName} name  An icon; it says nothing to a screen reader, so what it stands on needs a name. */
export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${shapes[name]}</svg>`;
