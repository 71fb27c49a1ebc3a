// @ts-check
/** @import {Bench, Tool, Touch} from "./tool.js" */

import { addPin } from "../../grips.js";
import { newId } from "../../ids.js";
import { rounded } from "../thin.js";
import { grab } from "./grab.js";
import { strayed } from "./tool.js";

/**
 * Pins a spot of a part, so that it stays; a press on a grip moves it.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function pin(bench) {
  const { app, gripAt, partAt } = bench;
  const grips = grab(bench);
  /** @type {Touch | null} */
  let start = null;

  /** @param {Touch} touch */
  function put(touch) {
    const hit = partAt(touch);
    if (hit?.part.kind !== "drag") {
      if (app.photo()) app.notice("Click inside a part to pin that spot.");
      return;
    }
    const id = newId("pin");
    const part = hit.part.id;
    app.apply("Add pin", (doc) => addPin(doc, part, { id, at: rounded(hit.rest) }));
    app.ui({ picked: [{ part, id, end: "pin" }], slot: { part, field: "region" } });
  }

  return {
    cursor: (touch) => (touch && gripAt(touch) ? "move" : "crosshair"),
    down(touch) {
      if (!grips.down(touch)) start = touch;
    },
    move(touch) {
      grips.move(touch);
    },
    up(touch) {
      if (!grips.up() && start && !strayed(start, touch)) put(start);
      start = null;
    },
    cancel() {
      start = null;
      grips.cancel();
    },
  };
}
