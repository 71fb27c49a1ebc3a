// @ts-check
/**
 * The regions of an edit document as marks.
 *
 * @import {Mark, Mask, Size} from "../types.js"
 * @typedef {(uri: string) => Promise<Mask>} ReadMask
 */

import { patched } from "../regions.js";
import { EditFault, isObject, known, need, point } from "./checks.js";

/**
 * What reads the regions of a document for a photo of `size`: `name` is what an error calls the region.
 *
 * @param {Size} size
 * @param {ReadMask} readMask
 * @returns {(value: any, name: string) => Promise<Mark[]>}
 */
export function regionReader(size, readMask) {
  return async (value, name) => {
    if (value === "all") return [{ kind: "invert" }];
    need(
      isObject(value),
      name,
      'a region: {"mask": ...}, {"polygon": ...}, {"box": ...}, {"strokes": ...} or "all"',
    );
    if ("polygon" in value) return [polygonMark(value, name)];
    if ("box" in value) return [boxMark(value, name)];
    if ("strokes" in value) return strokeMarks(value, name);
    known(value, name, ["mask"]);
    need(typeof value.mask === "string", `${name}.mask`, "a picture");
    if (!value.mask.startsWith("data:image/")) {
      throw new EditFault(
        `${name} names the mask file ${value.mask}; the page can only use masks that are in the document.`,
      );
    }
    const mask = await readMask(value.mask).catch(() => null);
    if (!mask) throw new EditFault(`The mask of ${name} cannot be read.`);
    need(
      mask.width === size.width && mask.height === size.height,
      `${name}.mask`,
      "a picture of the photo's size",
    );
    return [{ kind: "mask", mask: patched(mask), erase: false, replace: false }];
  };
}

/**
 * @param {Record<string, any>} value
 * @param {string} name
 * @returns {Mark}
 */
function polygonMark(value, name) {
  known(value, name, ["polygon"]);
  need(
    Array.isArray(value.polygon) && value.polygon.length >= 3,
    `${name}.polygon`,
    "a list of at least 3 points",
  );
  return { kind: "polygon", points: pointsIn(value.polygon, `${name}.polygon`), erase: false };
}

/**
 * @param {Record<string, any>} value
 * @param {string} name
 * @returns {Mark}
 */
function boxMark(value, name) {
  known(value, name, ["box"]);
  const { box } = value;
  const isBox = Array.isArray(box) && box.length === 4 && box.every(Number.isInteger);
  need(isBox && box[2] > box[0] && box[3] > box[1], `${name}.box`, "[x0, y0, x1, y1] of whole numbers, not empty");
  return { kind: "box", box, erase: false };
}

/**
 * @param {Record<string, any>} value
 * @param {string} name
 * @returns {Mark[]}
 */
function strokeMarks(value, name) {
  known(value, name, ["strokes"]);
  need(
    Array.isArray(value.strokes) && value.strokes.length > 0,
    `${name}.strokes`,
    "a list of at least one stroke",
  );
  return value.strokes.map((/** @type {any} */ stroke, /** @type {number} */ i) => {
    const own = `${name}.strokes[${i}]`;
    known(stroke, own, ["points", "radius", "erase"]);
    const { points, radius, erase = false } = stroke;
    need(Array.isArray(points) && points.length > 0, `${own}.points`, "a list of at least one point");
    need(Number.isFinite(radius) && radius > 0, `${own}.radius`, "a number above 0");
    need(typeof erase === "boolean", `${own}.erase`, "true or false");
    return { kind: "stroke", points: pointsIn(points, `${own}.points`), radius, erase };
  });
}

/**
 * @param {unknown[]} values
 * @param {string} name
 */
const pointsIn = (values, name) => values.map((value, i) => point(value, `${name}[${i}]`));
