// @ts-check
/**
 * Moving grips: what the tools for moving, pulling and pinning have in common.
 *
 * @import {Doc, Grip} from "../../types.js"
 * @import {Bench, Touch} from "./tool.js"
 *
 * @typedef {object} Grab
 * @property {(touch: Touch) => boolean} down  whether a grip was taken hold of
 * @property {(touch: Touch) => boolean} move  whether one is held
 * @property {() => boolean} up  as above
 * @property {() => void} cancel
 */

import { moveLabel, moved } from "../moves.js";
import { between, strayed } from "./tool.js";

/**
 * @param {Bench} bench
 * @returns {Grab}
 */
export function grab({ app, gripAt, sketch }) {
  /** @type {{start: Touch, grips: Grip[], doc: Doc} | null} */
  let held = null;
  let moving = false;

  function end() {
    held = null;
    moving = false;
    sketch({ pulling: false });
  }

  return {
    down(touch) {
      const grip = gripAt(touch);
      if (!grip) return false;
      const { picked, slot } = app.get().ui;
      const grips = isIn(picked, grip) ? picked : [grip];
      app.ui({ picked: grips, slot: slot.part === grip.part ? slot : { part: grip.part, field: "region" } });
      held = { start: touch, grips, doc: app.doc() };
      return true;
    },
    move(touch) {
      const photo = app.photo();
      if (!held || !photo) return false;
      const { start, grips, doc } = held;
      if (!moving && strayed(start, touch)) {
        moving = true;
        app.begin();
        sketch({ pulling: true });
      }
      if (moving) app.change(() => moved(doc, photo.size, grips, between(start, touch)));
      return true;
    },
    up() {
      const [grips, was] = [held?.grips ?? [], moving];
      if (!held) return false;
      end();
      if (was) app.commit(moveLabel(grips));
      return true;
    },
    cancel() {
      const was = moving;
      end();
      if (was) app.abort();
    },
  };
}

/**
 * @param {Grip[]} grips
 * @param {Grip} grip
 */
export const isIn = (grips, grip) => grips.some((one) => sameGrip(one, grip));

/**
 * @param {Grip | null} one
 * @param {Grip} other
 */
export const sameGrip = (one, other) => one?.part === other.part && one.id === other.id && one.end === other.end;
