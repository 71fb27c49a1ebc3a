// @ts-check
/**
 * What the stage shows of a state: a plain value that any painter can draw. Pure.
 *
 * @import {Doc, Mark, Patch, Size, State, Topology, View} from "../types.js"
 *
 * @typedef {{patch: Patch, held: boolean, meshes: number[]}} Bent  a part with its meshes in the topology; `held`:
 *   its border
 * @typedef {"part" | "source" | "target" | "protect"} Meaning
 * @typedef {{patch: Patch, meaning: Meaning}} Wash  a selection that is shown as such
 *
 * @typedef {object} Scene
 * @property {ImageBitmap} before  the photo
 * @property {ImageBitmap | null} after  a whole picture that stands for the bend: a result, or the server's
 *   preview
 * @property {Size} size  of the photo
 * @property {boolean} opaque  whether it is known to have no transparency
 * @property {View} view
 * @property {number} split  the share of the photo's width, from the left, in which it is shown as it was
 * @property {Topology | null} topology  null: nothing is bent
 * @property {Float32Array | null} vertices
 * @property {Bent[]} bent  later ones in front
 * @property {Patch | null} protect  what nothing may cover
 * @property {Wash[]} washes
 * @property {number} tear  the stretch beyond which parts tear; 0: never
 * @property {boolean} mesh  whether the meshes' lines are shown
 */

import { docOf, lacking, partOf, photoOf } from "../document.js";
import { patchOf } from "../regions.js";

/** The tools that make selections. */
export const SELECTING = new Set(["brush", "eraser", "lasso", "polygon", "box", "select"]);

/**
 * @param {State} state
 * @param {ImageBitmap | null} preview  the server's picture of the bend, where it cannot be drawn here
 * @param {boolean} pulling  whether a grip is being moved: then the picture is all that counts
 * @returns {Scene | null}  null: there is no photo
 */
export function sceneOf(state, preview, pulling) {
  const photo = photoOf(state);
  if (!photo) return null;
  const { ui, live } = state;
  const doc = docOf(state);
  const result = state.results.find(({ id }) => id === state.shown)?.bitmap ?? null;
  const after = result ?? preview;
  // What meshes cannot show, as region pairs, whose content is mapped pixel by pixel, comes as a picture of all.
  const bends = !after && live.topology && live.vertices;
  const plain = ui.original || ui.split !== null || result || pulling;
  return {
    before: photo.bitmap,
    after,
    size: photo.size,
    opaque: photo.file.type === "image/jpeg",
    view: ui.view,
    split: ui.original ? 1 : (ui.split ?? 0),
    topology: bends ? live.topology : null,
    vertices: bends ? live.vertices : null,
    bent: bends ? bentParts(doc, live.topology, live.parts, photo.size) : [],
    protect: bends && doc.protect.length ? patchOf(doc.protect, photo.size) : null,
    washes: plain ? [] : washesOf(state, doc, photo.size),
    tear: typeof doc.options.tear === "number" ? doc.options.tear : 0,
    mesh: ui.mesh && !ui.original,
  };
}

/**
 * @param {Doc} doc
 * @param {Topology | null} topology
 * @param {string[]} ids  of the parts, by the index of their region
 * @param {Size} size
 * @returns {Bent[]}
 */
function bentParts(doc, topology, ids, size) {
  return doc.parts.flatMap((part) => {
    if (part.kind !== "drag" || lacking(part)) return [];
    const region = ids.indexOf(part.id);
    const meshes = (topology?.meshes ?? []).flatMap((mesh, index) => (mesh.region === region ? [index] : []));
    return meshes.length ? [{ patch: patchOf(part.region, size), held: part.edge === "pinned", meshes }] : [];
  });
}

/**
 * What a selection tool draws into is shown as it is selected, and both sides of the chosen pair.
 *
 * @param {State} state
 * @param {Doc} doc
 * @param {Size} size
 * @returns {Wash[]}
 */
function washesOf({ ui }, doc, size) {
  const { part: id, field } = ui.slot;
  const part = partOf(doc, id);
  /** @type {[Mark[], Meaning][]} */
  const shown = [];
  if (part?.kind === "pair") shown.push([part.source, "source"], [part.target, "target"]);
  else if (part && field === "region" && SELECTING.has(ui.tool)) shown.push([part.region, "part"]);
  if (field === "protect" || SELECTING.has(ui.tool)) shown.push([doc.protect, "protect"]);
  return shown.filter(([marks]) => marks.length).map(([marks, meaning]) => ({ patch: patchOf(marks, size), meaning }));
}
