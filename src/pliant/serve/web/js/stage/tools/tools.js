// @ts-check
/**
 * @import {ToolName} from "../../types.js"
 * @import {Bench, Tool} from "./tool.js"
 */

import { box } from "./box.js";
import { brush } from "./brush.js";
import { drag } from "./drag.js";
import { hand } from "./hand.js";
import { lasso } from "./lasso.js";
import { move } from "./move.js";
import { pin } from "./pin.js";
import { polygon } from "./polygon.js";
import { pointAt } from "./select.js";

/**
 * @param {Bench} bench
 * @returns {Record<ToolName, Tool>}
 */
export const createTools = (bench) => ({
  move: move(bench),
  drag: drag(bench),
  pin: pin(bench),
  brush: brush(bench, false),
  eraser: brush(bench, true),
  lasso: lasso(bench),
  polygon: polygon(bench),
  box: box(bench),
  select: pointAt(bench),
  hand: hand(bench),
});
