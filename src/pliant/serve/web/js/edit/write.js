// @ts-check
/**
 * The page's document as an edit document (docs/document.md).
 *
 * @import {Doc, DragPart, Mark, PairPart, Patch, Point, Size} from "../types.js"
 *
 * @typedef {Record<string, any>} Edit  an edit document
 *
 * What was left out because the server would refuse it. `handle` and `pin`: a point outside its region, by its id.
 * @typedef {{part: string, lacks: "region" | "drags" | "source" | "target" | "handle" | "pin", id?: string}} Lack
 *
 * @typedef {object} Written
 * @property {Edit | null} edit  null: no part is complete
 * @property {string[]} parts  the ids of its regions, in their order
 * @property {Lack[]} missing
 */

import { isEmpty, isSelected, patchOf } from "../regions.js";
import { maskPng } from "./png.js";

/** Bounds of the server's on one region; more is sent as a mask. */
const MOST = { strokes: 1_000, points: 50_000 };

/** @type {WeakMap<Mark[], {size: Size, region: Promise<unknown>}>} */
const made = new WeakMap();

/**
 * `doc` for a photo of `size`. What is drawn stays strokes, a polygon or a box where the document has a word for
 * it; everything else becomes a mask, encoded once for the same marks.
 *
 * @param {Doc} doc
 * @param {Size} size
 * @returns {Promise<Written>}
 */
export async function toEdit(doc, size) {
  /** @type {Lack[]} */
  const missing = [];
  /** @type {{id: string, item: Edit}[]} */
  const written = [];
  for (const part of doc.parts) {
    const item = part.kind === "drag" ? await dragItem(part, size, missing) : await pairItem(part, size, missing);
    if (item) written.push({ id: part.id, item });
  }
  const parts = written.map(({ id }) => id);
  if (!parts.length) return { edit: null, parts, missing };
  const edit = {
    version: 1,
    size: [size.width, size.height],
    regions: written.map(({ item }) => item),
    ...(isEmpty(patchOf(doc.protect, size)) ? {} : { protect: await region(doc.protect, size) }),
    prompt: doc.prompt,
    seed: doc.seed,
  };
  return { edit, parts, missing };
}

/**
 * @param {DragPart} part
 * @param {Size} size
 * @param {Lack[]} missing  is added to
 * @returns {Promise<Edit | null>}
 */
async function dragItem(part, size, missing) {
  const patch = patchOf(part.region, size);
  if (isEmpty(patch)) return lack(missing, part.id, "region");
  const drags = part.drags.filter(
    ({ id, from }) => isSelected(patch, from) || lack(missing, part.id, "handle", id),
  );
  const pins = part.pins.filter(({ id, at }) => isSelected(patch, at) || lack(missing, part.id, "pin", id));
  if (!part.drags.length) return lack(missing, part.id, "drags");
  if (!drags.length) return null;
  return {
    region: await region(part.region, size),
    drags: drags.map(({ from, to }) => ({ from: place(from), to: place(to) })),
    ...(pins.length ? { pins: pins.map(({ at }) => place(at)) } : {}),
    edge: part.edge,
    ...(part.deform ? { deform: part.deform } : {}),
    ...(part.strength === 1 ? {} : { strength: part.strength }),
  };
}

/**
 * @param {PairPart} part
 * @param {Size} size
 * @param {Lack[]} missing  is added to
 * @returns {Promise<Edit | null>}
 */
async function pairItem(part, size, missing) {
  const empty = /** @type {const} */ (["source", "target"]).filter((field) => isEmpty(patchOf(part[field], size)));
  empty.forEach((field) => lack(missing, part.id, field));
  if (empty.length) return null;
  return { source: await region(part.source, size), target: await region(part.target, size) };
}

/**
 * @param {Lack[]} missing
 * @param {string} part
 * @param {Lack["lacks"]} lacks
 * @param {string} [id]
 * @returns {null}
 */
function lack(missing, part, lacks, id) {
  missing.push({ part, lacks, ...(id ? { id } : {}) });
  return null;
}

/**
 * The same value for the same marks, so that masks are encoded once, and a region that stayed is seen to have
 * stayed.
 *
 * @param {Mark[]} marks
 * @param {Size} size
 * @returns {Promise<unknown>}
 */
function region(marks, size) {
  const known = made.get(marks);
  if (known && known.size.width === size.width && known.size.height === size.height) return known.region;
  const region = Promise.resolve(plain(marks) ?? maskRegion(patchOf(marks, size), size));
  made.set(marks, { size, region });
  return region;
}

/**
 * @param {Patch} patch
 * @param {Size} size
 */
const maskRegion = async (patch, size) => ({ mask: await dataUri(await maskPng(patch, size)) });

/**
 * `marks` in the document's own words; null where it has none for them.
 *
 * @param {Mark[]} marks
 * @returns {unknown}
 */
function plain(marks) {
  const strokes = strokesOf(marks);
  if (strokes) return { strokes };
  const [mark, more] = marks;
  if (more) return null;
  if (mark.kind === "invert") return "all";
  if (mark.kind === "polygon" && !mark.erase && fits(mark.points, 3)) return { polygon: mark.points.map(place) };
  if (mark.kind === "box" && !mark.erase && mark.box.every(Number.isInteger)) return { box: mark.box };
  return null;
}

/**
 * @param {Mark[]} marks
 * @returns {Edit[] | null}
 */
function strokesOf(marks) {
  if (marks.length > MOST.strokes) return null;
  const strokes = marks.flatMap((mark) => (mark.kind === "stroke" ? [mark] : []));
  if (strokes.length < marks.length || !strokes.every((stroke) => fits(stroke.points, 1))) return null;
  return strokes.map(({ points, radius, erase }) => ({
    points: points.map(place),
    radius: Math.max(rounded(radius), 0.001),
    ...(erase ? { erase } : {}),
  }));
}

/**
 * @param {Point[]} points
 * @param {number} least
 */
const fits = (points, least) => points.length >= least && points.length <= MOST.points;

/**
 * A point to a thousandth of a pixel: what a pointer gives has fifteen digits, none of which means anything
 * beyond.
 *
 * @param {Point} point
 */
const place = (point) => point.map(rounded);

/** @param {number} value */
const rounded = (value) => Math.round(value * 1000) / 1000;

/**
 * @param {Blob} blob
 * @returns {Promise<string>}
 */
async function dataUri(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  // As many arguments as any engine takes, and a multiple of 3, so that the pieces need no padding.
  for (let i = 0; i < bytes.length; i += 8190) text += btoa(String.fromCharCode(...bytes.subarray(i, i + 8190)));
  return `data:${blob.type};base64,${text}`;
}
