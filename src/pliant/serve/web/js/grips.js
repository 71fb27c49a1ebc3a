// @ts-check
/**
 * Drags and pins, and the grips by which they are picked. As in document.js, every function gives a new document,
 * or the same one where nothing changes.
 *
 * @import {Doc, Drag, Grip, Pin, Point} from "./types.js"
 */

import { LIMITS, partOf, withPart, withParts } from "./document.js";

/**
 * @param {Doc} doc
 * @param {string} id  of a part
 * @param {Drag} drag
 * @returns {Doc}
 */
export function addDrag(doc, id, drag) {
  return withPart(doc, id, (part) => (part.kind === "drag" ? { ...part, drags: [...part.drags, drag] } : part));
}

/**
 * @param {Doc} doc
 * @param {string} id  of a part
 * @param {Pin} pin
 * @returns {Doc}
 */
export function addPin(doc, id, pin) {
  return withPart(doc, id, (part) => (part.kind === "drag" ? { ...part, pins: [...part.pins, pin] } : part));
}

/**
 * Where a grip is; undefined where it is no more.
 *
 * @param {Doc} doc
 * @param {Grip} grip
 * @returns {Point | undefined}
 */
export function gripPoint(doc, grip) {
  const part = partOf(doc, grip.part);
  if (part?.kind !== "drag") return undefined;
  if (grip.end === "pin") return part.pins.find((pin) => pin.id === grip.id)?.at;
  return part.drags.find((drag) => drag.id === grip.id)?.[grip.end];
}

/**
 * Every grip of a document, part after part.
 *
 * @param {Doc} doc
 * @returns {Grip[]}
 */
export function gripsOf(doc) {
  return doc.parts.flatMap((part) => {
    if (part.kind !== "drag") return [];
    const drags = part.drags.flatMap(({ id }) => [
      { part: part.id, id, end: /** @type {const} */ ("from") },
      { part: part.id, id, end: /** @type {const} */ ("to") },
    ]);
    return [...drags, ...part.pins.map(({ id }) => ({ part: part.id, id, end: /** @type {const} */ ("pin") }))];
  });
}

/**
 * @param {Doc} doc
 * @param {Grip[]} grips
 * @param {Point} by
 * @returns {Doc}
 */
export function moveGrips(doc, grips, [dx, dy]) {
  if (!dx && !dy) return doc;
  return grips.reduce((now, grip) => {
    const at = gripPoint(now, grip);
    return at ? setGrip(now, grip, [at[0] + dx, at[1] + dy]) : now;
  }, doc);
}

/**
 * @param {Doc} doc
 * @param {Grip} grip
 * @param {Point} point
 * @returns {Doc}
 */
export function setGrip(doc, grip, point) {
  const [x, y] = point;
  const at = gripPoint(doc, grip);
  if (!at || !Number.isFinite(x) || !Number.isFinite(y) || (at[0] === x && at[1] === y)) return doc;
  const near = /** @type {Point} */ (
    [x, y].map((v) => Math.min(Math.max(v, -LIMITS.coordinate), LIMITS.coordinate))
  );
  return withPart(doc, grip.part, (part) => {
    if (part.kind !== "drag") return part;
    if (grip.end === "pin")
      return { ...part, pins: part.pins.map((p) => (p.id === grip.id ? { ...p, at: near } : p)) };
    return { ...part, drags: part.drags.map((d) => (d.id === grip.id ? { ...d, [grip.end]: near } : d)) };
  });
}

/**
 * Takes away pins, and drags whole by either end.
 *
 * @param {Doc} doc
 * @param {Grip[]} grips
 * @returns {Doc}
 */
export function removeGrips(doc, grips) {
  const gone = new Set(grips.map((grip) => `${grip.part} ${grip.id}`));
  const parts = doc.parts.map((part) => {
    if (part.kind !== "drag") return part;
    const drags = part.drags.filter((drag) => !gone.has(`${part.id} ${drag.id}`));
    const pins = part.pins.filter((pin) => !gone.has(`${part.id} ${pin.id}`));
    const same = drags.length === part.drags.length && pins.length === part.pins.length;
    return same ? part : { ...part, drags, pins };
  });
  return withParts(doc, parts);
}
