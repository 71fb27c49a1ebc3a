// @ts-check
/**
 * Where the photo stands on the stage. Pure; screen points are CSS pixels from the stage's top left corner.
 *
 * A pixel of the photo is a square of `scale` CSS pixels, and its centre has whole coordinates: the photo's
 * corner, at (-0.5, -0.5), is the view's `x, y`.
 *
 * @import {Point, Size, View} from "./types.js"
 */

/** CSS pixels per pixel of the photo: what zooming can come to. */
export const SCALES = { least: 0.01, most: 64 };

const MARGIN = 24; // CSS pixels around a fitted photo
const HOLD = 48; // CSS pixels of the photo that stay on the stage, however far it is moved
const STEP = 1.25; // of the zoom buttons

/**
 * @param {View} view
 * @param {Point} at  in pixels of the photo
 * @returns {Point}
 */
export const toScreen = (view, [x, y]) => [view.x + (x + 0.5) * view.scale, view.y + (y + 0.5) * view.scale];

/**
 * @param {View} view
 * @param {Point} at  on the screen
 * @returns {Point}  in pixels of the photo
 */
export const toPhoto = (view, [x, y]) => [(x - view.x) / view.scale - 0.5, (y - view.y) / view.scale - 0.5];

/**
 * The whole photo in the middle of the stage, never larger than life.
 *
 * @param {Size} photo
 * @param {Size} stage
 * @returns {View}
 */
export function fit(photo, stage) {
  const across = Math.max(stage.width - 2 * MARGIN, 1) / photo.width;
  const down = Math.max(stage.height - 2 * MARGIN, 1) / photo.height;
  return centred(Math.min(across, down, 1), photo, stage);
}

/**
 * The view of another scale in which the point of the photo at screen point `at` stays where it is.
 *
 * @param {View} view
 * @param {number} scale  brought into `SCALES`
 * @param {Point} at
 * @returns {View}
 */
export function zoomed(view, scale, [x, y]) {
  const next = Math.min(Math.max(scale, SCALES.least), SCALES.most);
  const ratio = next / view.scale;
  return { x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, scale: next };
}

/**
 * The scale one step up (`by` 1) or down (-1), stopping at life size on the way.
 *
 * @param {number} scale
 * @param {1 | -1} by
 */
export function step(scale, by) {
  const next = scale * STEP ** by;
  return (scale < 0.999 && next > 1) || (scale > 1.001 && next < 1) ? 1 : next;
}

/**
 * `view` moved so that some of the photo stays on the stage.
 *
 * @param {View} view
 * @param {Size} photo
 * @param {Size} stage
 * @returns {View}
 */
export function kept(view, photo, stage) {
  const x = within(view.x, photo.width * view.scale, stage.width);
  const y = within(view.y, photo.height * view.scale, stage.height);
  return x === view.x && y === view.y ? view : { ...view, x, y };
}

/**
 * @param {number} scale
 * @param {Size} photo
 * @param {Size} stage
 * @returns {View}
 */
function centred(scale, photo, stage) {
  return { x: (stage.width - photo.width * scale) / 2, y: (stage.height - photo.height * scale) / 2, scale };
}

/**
 * @param {number} start
 * @param {number} length
 * @param {number} room
 */
function within(start, length, room) {
  const hold = Math.min(HOLD, length, room);
  return Math.min(Math.max(start, hold - length), room - hold);
}
