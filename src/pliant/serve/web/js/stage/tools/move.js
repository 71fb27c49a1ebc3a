// @ts-check
/** @import {Bench, Tool, Touch} from "./tool.js" */

import { gripsWithin } from "../hit.js";
import { grab, isIn, sameGrip } from "./grab.js";
import { strayed } from "./tool.js";

/**
 * Picks grips and parts, and moves what is picked. Shift adds.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function move(bench) {
  const { app, gripAt, partAt, sketch } = bench;
  const grips = grab(bench);
  /** @type {Touch | null} */
  let start = null;

  /** @param {Touch} touch */
  function toggle(touch) {
    const grip = touch.shift ? gripAt(touch) : null;
    if (!grip) return false;
    const { picked } = app.get().ui;
    app.ui({ picked: isIn(picked, grip) ? picked.filter((one) => !sameGrip(one, grip)) : [...picked, grip] });
    return true;
  }

  /** @param {Touch} touch */
  function choosePart(touch) {
    const hit = partAt(touch);
    if (!touch.shift) app.ui({ picked: [] });
    if (hit) app.ui({ slot: { part: hit.part.id, field: hit.part.kind === "pair" ? "source" : "region" } });
  }

  /** @param {Touch} from @param {Touch} to */
  function pickWithin(from, to) {
    const found = gripsWithin(app.doc(), from.at, to.at);
    const { picked } = app.get().ui;
    app.ui({ picked: from.shift ? [...picked, ...found.filter((grip) => !isIn(picked, grip))] : found });
  }

  return {
    cursor: (touch) => (touch && gripAt(touch) ? "move" : "default"),
    down(touch) {
      if (!toggle(touch) && !grips.down(touch)) start = touch;
    },
    move(touch) {
      if (!grips.move(touch) && start && strayed(start, touch)) sketch({ frame: [start.at, touch.at] });
    },
    up(touch) {
      if (!grips.up() && start) (strayed(start, touch) ? pickWithin : choosePart)(start, touch);
      start = null;
      sketch({ frame: null });
    },
    cancel() {
      start = null;
      sketch({ frame: null });
      grips.cancel();
    },
  };
}
