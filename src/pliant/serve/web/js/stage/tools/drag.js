// @ts-check
/**
 * @import {Grip} from "../../types.js"
 * @import {Hit} from "../hit.js"
 * @import {Bench, Tool, Touch} from "./tool.js"
 */

import { addDrag, setGrip } from "../../grips.js";
import { newId } from "../../ids.js";
import { aim } from "../moves.js";
import { rounded } from "../thin.js";
import { grab } from "./grab.js";
import { strayed } from "./tool.js";

/**
 * Pulls: a press inside a part begins an arrow there, one on a grip moves it.
 *
 * @param {Bench} bench
 * @returns {Tool}
 */
export function drag(bench) {
  const { app, gripAt, partAt, sketch } = bench;
  const grips = grab(bench);
  /** @type {{start: Touch, hit: Hit | null, grip: Grip | null} | null} */
  let pull = null;

  /** @param {Hit} hit @returns {Grip} */
  function begin({ part, rest }) {
    const grip = { part: part.id, id: newId("drag"), end: /** @type {const} */ ("to") };
    const from = rounded(rest);
    app.begin();
    app.change((doc) => addDrag(doc, part.id, { id: grip.id, from, to: from }));
    app.ui({ picked: [grip], slot: { part: part.id, field: "region" } });
    sketch({ pulling: true });
    return grip;
  }

  function end() {
    pull = null;
    sketch({ pulling: false });
  }

  return {
    cursor: (touch) => (touch && gripAt(touch) ? "move" : "crosshair"),
    down(touch) {
      if (!grips.down(touch)) pull = { start: touch, hit: partAt(touch), grip: null };
    },
    move(touch) {
      if (grips.move(touch) || !pull?.hit || !strayed(pull.start, touch)) return;
      const { part, rest } = pull.hit;
      if (part.kind !== "drag") return;
      const grip = (pull.grip ??= begin(pull.hit));
      app.change((doc) => setGrip(doc, grip, aim(rounded(rest), touch.at, part.strength)));
    },
    up() {
      const was = pull;
      if (grips.up() || !was) return;
      end();
      if (was.grip) app.commit("Pull");
      else if (was.hit?.part.kind === "pair") app.notice("A region pair has no arrows: its target says where it goes.");
      else if (was.hit) app.ui({ picked: [], slot: { part: was.hit.part.id, field: "region" } });
      else if (app.photo()) app.notice("Press inside a part to pull it. To make one, paint over it with the brush.");
    },
    cancel() {
      const was = pull;
      end();
      grips.cancel();
      if (was?.grip) app.abort();
    },
  };
}
