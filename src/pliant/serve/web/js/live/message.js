// @ts-check
/** @typedef {Record<string, any>} Edit  an edit document */

/**
 * What brings a server that knows `known` to `edit`: targets alone where nothing else differs; null: nothing does.
 *
 * @param {Edit | null} known  null: it knows none
 * @param {Edit} edit
 * @returns {{type: "edit", edit: Edit} | {type: "move", targets: number[][][], strengths: number[]} | null}
 */
export function messageFor(known, edit) {
  if (!known || !alike(still(known), still(edit))) return { type: "edit", edit };
  if (alike(known.regions, edit.regions)) return null;
  const pulled = edit.regions.filter((/** @type {Edit} */ item) => item.drags);
  return {
    type: "move",
    targets: pulled.map((/** @type {Edit} */ item) => item.drags.map((/** @type {Edit} */ drag) => drag.to)),
    strengths: pulled.map((/** @type {Edit} */ item) => item.strength ?? 1),
  };
}

/**
 * Whether some of `edit` shows in the server's pictures alone: region pairs, and pinned regions of which the photo
 * decides what moves.
 *
 * @param {Edit} edit
 * @returns {boolean}
 */
export function isBeyondMeshes({ regions }) {
  return regions.some((/** @type {Edit} */ item) => item.source || (item.edge === "pinned" && !item.deform));
}

/**
 * @param {Edit} edit
 * @returns {unknown}  what of it a move cannot say
 */
function still({ size, regions, protect }) {
  const items = regions.map((/** @type {Edit} */ { drags, strength, ...others }) => ({
    ...others,
    handles: drags?.map((/** @type {Edit} */ drag) => drag.from),
  }));
  return [size, items, protect];
}

/**
 * Whether two values of JSON are equal.
 *
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function alike(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || Array.isArray(a) !== Array.isArray(b))
    return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  return (
    keys.length === Object.keys(b).filter((key) => b[key] !== undefined).length &&
    keys.every((key) => alike(a[key], b[key]))
  );
}
