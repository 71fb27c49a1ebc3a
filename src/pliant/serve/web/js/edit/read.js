// @ts-check
/**
 * An edit document (docs/document.md) as the page's: every rule that the page relies on is checked, and a document
 * that breaks one is refused whole.
 *
 * @import {Doc, DragPart, Part, Size} from "../types.js"
 * @import {ReadMask} from "./regions.js"
 */

import { dragPart, pairPart } from "../document.js";
import { newId } from "../ids.js";
import { EditFault, isObject, known, need, point } from "./checks.js";
import { regionReader } from "./regions.js";

/**
 * The size of the photo that a document was made for; null: it does not say.
 *
 * @param {Record<string, any>} edit
 * @returns {Size | null}
 */
export function sizeOf(edit) {
  const { size } = edit;
  return Array.isArray(size) && size.length === 2 ? { width: size[0], height: size[1] } : null;
}

/**
 * @param {string} text
 * @returns {Record<string, any>}
 * @throws {EditFault} it is not JSON, or not an edit document
 */
export function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EditFault("This file is not JSON.");
  }
  if (value?.version !== 1 || !Array.isArray(value.regions)) {
    throw new EditFault('This is not an edit document: it has no "version": 1 and no list of regions.');
  }
  known(value, "The document", ["version", "size", "regions", "protect", "prompt", "seed"]);
  return value;
}

/**
 * The parts, and what is asked for, of a parsed document.
 *
 * @param {Record<string, any>} edit
 * @param {Size} size  of the photo it is for
 * @param {ReadMask} readMask
 * @returns {Promise<Pick<Doc, "parts" | "protect" | "prompt" | "seed">>}
 * @throws {EditFault}
 */
export async function fromEdit(edit, size, readMask) {
  const own = sizeOf(edit);
  if (own && (own.width !== size.width || own.height !== size.height)) {
    throw new EditFault(
      `This edit is for a photo of ${own.width} × ${own.height}; the open one is ${size.width} × ${size.height}.`,
    );
  }
  const reader = regionReader(size, readMask);
  /** @type {Part[]} */
  const parts = [];
  for (const [i, item] of edit.regions.entries()) parts.push(await partIn(item, `regions[${i}]`, reader));
  need(parts.length > 0 && parts.length <= 1000, "regions", "a list of 1 to 1,000 items");
  const protect = edit.protect === undefined ? [] : await reader(edit.protect, "protect");
  const { prompt = "", seed = 0 } = edit;
  need(typeof prompt === "string", "prompt", "text");
  need(Number.isSafeInteger(seed) && seed >= 0, "seed", `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  return { parts, protect, prompt, seed };
}

/**
 * @param {any} item
 * @param {string} name
 * @param {ReturnType<typeof regionReader>} reader
 * @returns {Promise<Part>}
 */
async function partIn(item, name, reader) {
  need(isObject(item), name, "an object");
  if ("source" in item || "target" in item) {
    known(item, name, ["source", "target"]);
    const [source, target] = [
      await reader(item.source, `${name}.source`),
      await reader(item.target, `${name}.target`),
    ];
    return { ...pairPart(newId("part")), source, target };
  }
  return dragPartIn(item, name, reader);
}

/**
 * @param {any} item
 * @param {string} name
 * @param {ReturnType<typeof regionReader>} reader
 * @returns {Promise<DragPart>}
 */
async function dragPartIn(item, name, reader) {
  known(item, name, ["region", "drags", "pins", "edge", "deform", "strength"]);
  const { drags, pins = [], edge = "free", deform = null, strength = 1 } = item;
  need(Array.isArray(drags) && drags.length > 0, `${name}.drags`, "a list of at least one drag");
  need(Array.isArray(pins), `${name}.pins`, "a list of points");
  need(edge === "free" || edge === "pinned", `${name}.edge`, '"free" or "pinned"');
  need(deform === null || typeof deform === "string", `${name}.deform`, "the name of a deformer");
  need(typeof strength === "number" && strength >= 0 && strength <= 1, `${name}.strength`, "0 to 1");
  const part = dragPart(newId("part"), await reader(item.region, `${name}.region`));
  return {
    ...part,
    drags: drags.map((/** @type {any} */ drag, /** @type {number} */ i) => dragIn(drag, `${name}.drags[${i}]`)),
    pins: pins.map((/** @type {any} */ pin, /** @type {number} */ i) => {
      return { id: newId("pin"), at: point(pin, `${name}.pins[${i}]`) };
    }),
    edge,
    deform,
    strength,
  };
}

/**
 * @param {any} drag
 * @param {string} name
 */
function dragIn(drag, name) {
  known(drag, name, ["from", "to"]);
  return { id: newId("drag"), from: point(drag.from, `${name}.from`), to: point(drag.to, `${name}.to`) };
}
