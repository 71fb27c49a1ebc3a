// @ts-check
/**
 * The document and what can be done to it. Every function gives a new document, or the same one where nothing
 * changes; what does not exist is passed over, so that a gesture whose part has meanwhile gone does no harm.
 *
 * @import {Doc, DragPart, Edge, Mark, PairPart, Part, Slot, State} from "./types.js"
 */

/** What the server accepts (docs/document.md). */
export const LIMITS = { seed: Number.MAX_SAFE_INTEGER, prompt: 10_000, parts: 1_000, coordinate: 10_000_000 };

/** What a part whose border stays is told to do: left open, the photo may decide that a thing in it moves as a whole. */
const STAYING = "membrane";

/** The method that needs no model. */
export const ENGINE = "inpaint4drag";

/**
 * @param {string | null} photo
 * @returns {Doc}
 */
export function emptyDoc(photo) {
  return {
    photo,
    parts: [],
    protect: [],
    prompt: "",
    seed: 0,
    engine: ENGINE,
    options: {},
    filler: null,
  };
}

/**
 * What is edited now: the draft of a gesture, or the present document.
 *
 * @param {State} state
 */
export const docOf = (state) => state.draft ?? state.history.present;

/**
 * @param {State} state
 */
export const photoOf = (state) => state.photos[docOf(state).photo ?? ""] ?? null;

/**
 * @param {string} id
 * @param {Mark[]} [region]
 * @returns {DragPart}
 */
export function dragPart(id, region = []) {
  return { kind: "drag", id, region, drags: [], pins: [], edge: "free", deform: null, strength: 1 };
}

/**
 * @param {string} id
 * @returns {PairPart}
 */
export function pairPart(id) {
  return { kind: "pair", id, source: [], target: [] };
}

// ------------------------------------------------------------------------------------------------ parts

/**
 * @param {Doc} doc
 * @param {string | null} id
 * @returns {Part | undefined}
 */
export function partOf(doc, id) {
  return doc.parts.find((part) => part.id === id);
}

/**
 * What `part` still needs before the server can use it; null: nothing.
 *
 * @param {Part} part
 * @returns {"region" | "drags" | "source" | "target" | null}
 */
export function lacking(part) {
  if (part.kind === "drag") return !part.region.length ? "region" : !part.drags.length ? "drags" : null;
  return !part.source.length ? "source" : !part.target.length ? "target" : null;
}

/**
 * In front of the others.
 *
 * @param {Doc} doc
 * @param {Part} part
 * @returns {Doc}
 */
export function addPart(doc, part) {
  return doc.parts.length < LIMITS.parts ? { ...doc, parts: [...doc.parts, part] } : doc;
}

/**
 * @param {Doc} doc
 * @param {string} id
 * @returns {Doc}
 */
export function removePart(doc, id) {
  return withParts(
    doc,
    doc.parts.filter((part) => part.id !== id),
  );
}

/**
 * @param {Doc} doc
 * @param {string} id
 * @param {number} by  places towards the front; negative: towards the back
 * @returns {Doc}
 */
export function raisePart(doc, id, by) {
  const at = doc.parts.findIndex((part) => part.id === id);
  const to = Math.min(Math.max(at + by, 0), doc.parts.length - 1);
  if (at < 0 || at === to) return doc;
  const parts = [...doc.parts];
  parts.splice(to, 0, ...parts.splice(at, 1));
  return { ...doc, parts };
}

/**
 * @param {Doc} doc
 * @param {string} id
 * @param {{edge?: Edge, deform?: string | null, strength?: number}} patch  `strength` is brought into 0 to 1;
 *   another edge brings its own deformer
 * @returns {Doc}
 */
export function setPart(doc, id, patch) {
  return withPart(doc, id, (part) => {
    if (part.kind !== "drag") return part;
    const isOther = patch.edge && patch.edge !== part.edge;
    const deform = isOther ? { deform: patch.edge === "pinned" ? STAYING : null } : {};
    const strength = patch.strength === undefined ? part.strength : clamped(patch.strength, 0, 1);
    return changed(part, { ...deform, ...patch, strength });
  });
}

// ------------------------------------------------------------------------------------------------ marks

/**
 * @param {Doc} doc
 * @param {Slot} slot
 * @returns {Mark[]}  none where the slot has no part
 */
export function marksOf(doc, { part: id, field }) {
  if (field === "protect") return doc.protect;
  const part = partOf(doc, id);
  if (part?.kind === "drag") return field === "region" ? part.region : [];
  return part && field !== "region" ? part[field] : [];
}

/**
 * @param {Doc} doc
 * @param {Slot} slot
 * @param {Mark[]} marks
 * @returns {Doc}
 */
export function setMarks(doc, { part: id, field }, marks) {
  if (field === "protect") return changed(doc, { protect: marks });
  return withPart(doc, id, (part) =>
    (part.kind === "drag") === (field === "region") ? changed(part, { [field]: marks }) : part,
  );
}

/**
 * @param {Doc} doc
 * @param {Slot} slot
 * @param {Mark} mark
 * @returns {Doc}
 */
export function addMark(doc, slot, mark) {
  return setMarks(doc, slot, [...marksOf(doc, slot), mark]);
}

// ---------------------------------------------------------------------------------- what is asked for

/**
 * @param {Doc} doc
 * @param {{prompt?: string, seed?: number, engine?: string, filler?: string | null}} patch  a seed is made a
 *   whole number that JSON can carry, a prompt is cut at its limit; another engine begins without options
 * @returns {Doc}
 */
export function setWish(doc, patch) {
  const next = { ...patch };
  if (patch.seed !== undefined) next.seed = clamped(Math.round(patch.seed), 0, LIMITS.seed);
  if (patch.prompt !== undefined) next.prompt = [...patch.prompt.toWellFormed()].slice(0, LIMITS.prompt).join("");
  const options = patch.engine !== undefined && patch.engine !== doc.engine ? { options: {} } : {};
  return changed(doc, { ...next, ...options });
}

/**
 * @param {Doc} doc
 * @param {string} name
 * @param {number | boolean | string | null} value  null: the engine's own choice
 * @returns {Doc}
 */
export function setOption(doc, name, value) {
  if (value === (doc.options[name] ?? null) || Number.isNaN(value)) return doc;
  const { [name]: _, ...others } = doc.options;
  return { ...doc, options: value === null ? others : { ...others, [name]: value } };
}

// ----------------------------------------------------------------------------------------------- helpers

/**
 * @param {Doc} doc
 * @param {string | null} id
 * @param {(part: Part) => Part} change
 * @returns {Doc}
 */
export function withPart(doc, id, change) {
  return withParts(
    doc,
    doc.parts.map((part) => (part.id === id ? change(part) : part)),
  );
}

/**
 * @param {Doc} doc
 * @param {Part[]} parts
 * @returns {Doc}
 */
export function withParts(doc, parts) {
  const same = parts.length === doc.parts.length && parts.every((part, i) => part === doc.parts[i]);
  return same ? doc : { ...doc, parts };
}

/**
 * @template {object} T
 * @param {T} value
 * @param {Partial<T>} patch
 * @returns {T}  the same where nothing changes
 */
function changed(value, patch) {
  const keys = /** @type {(keyof T)[]} */ (Object.keys(patch));
  return keys.every((key) => Object.is(value[key], patch[key])) ? value : { ...value, ...patch };
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamped(value, low, high) {
  return Number.isNaN(value) ? low : Math.min(Math.max(value, low), high);
}
