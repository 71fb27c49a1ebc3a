// @ts-check
/**
 * What lies under a point of the stage. Pure.
 *
 * @import {Doc, Grip, Live, Part, Point, Size, Topology, View} from "../types.js"
 *
 * @typedef {{part: Part, rest: Point}} Hit  `rest`: the place of the part that is seen at the point
 */

import { gripPoint, gripsOf } from "../grips.js";
import { isSelected, patchOf } from "../regions.js";
import { toScreen } from "../view.js";

/**
 * The nearest grip within reach; of two as near the one in front.
 *
 * @param {Doc} doc
 * @param {View} view
 * @param {Point} screen
 * @param {number} reach  in CSS pixels
 * @returns {Grip | null}
 */
export function gripAt(doc, view, [x, y], reach) {
  let [found, least] = [/** @type {Grip | null} */ (null), reach];
  for (const grip of gripsOf(doc)) {
    const at = toScreen(view, gripPoint(doc, grip) ?? [Infinity, Infinity]);
    const away = Math.hypot(at[0] - x, at[1] - y);
    if (away <= least) [found, least] = [grip, away];
  }
  return found;
}

/**
 * Every grip inside the rectangle between two points.
 *
 * @param {Doc} doc
 * @param {Point} a
 * @param {Point} b
 * @returns {Grip[]}
 */
export function gripsWithin(doc, a, b) {
  return gripsOf(doc).filter((grip) => {
    const at = gripPoint(doc, grip);
    return at?.every((value, k) => value >= Math.min(a[k], b[k]) && value <= Math.max(a[k], b[k]));
  });
}

/**
 * The part in front of all others at `point`, as it is seen: bent where the server has bent it.
 *
 * @param {Doc} doc
 * @param {Size} size  of the photo
 * @param {Pick<Live, "topology" | "vertices" | "parts">} live
 * @param {Point} point
 * @returns {Hit | null}
 */
export function partAt(doc, size, live, point) {
  for (const part of doc.parts.toReversed()) {
    if (part.kind === "pair") {
      const either = [part.source, part.target].some((marks) => isSelected(patchOf(marks, size), point));
      if (either) return { part, rest: point };
      continue;
    }
    const region = part.drags.length ? live.parts.indexOf(part.id) : -1;
    for (const rest of restPlaces(live, region, point)) {
      if (isSelected(patchOf(part.region, size), rest)) return { part, rest };
    }
  }
  return null;
}

/**
 * What a region's meshes, the one in front first, show at `point`; the point itself where the region has none.
 *
 * @param {Pick<Live, "topology" | "vertices">} live
 * @param {number} region
 * @param {Point} point
 * @returns {Point[]}
 */
function restPlaces({ topology, vertices }, region, point) {
  const meshes = topology && vertices ? placedMeshes(topology).filter(({ mesh }) => mesh.region === region) : [];
  if (!meshes.length || !vertices) return [point];
  return meshes.toReversed().flatMap(({ mesh, first }) => restAt(mesh, vertices.subarray(first), point) ?? []);
}

/** @param {Topology} topology */
function placedMeshes({ meshes }) {
  let next = 0;
  return meshes.map((mesh) => {
    const first = next;
    next += mesh.rest.length;
    return { mesh, first };
  });
}

/**
 * Where the place rests that a mesh shows at `point`: of the triangles that reach it the last that is not turned
 * over, else the last.
 *
 * @param {{rest: Float32Array, corners: Uint32Array}} mesh
 * @param {Float32Array} now  where its vertices are
 * @param {Point} point
 * @returns {[Point] | null}
 */
export function restAt({ rest, corners }, now, [x, y]) {
  /** @type {[Point] | null} */
  let turned = null;
  for (let i = corners.length - 3; i >= 0; i -= 3) {
    const [a, b, c] = [2 * corners[i], 2 * corners[i + 1], 2 * corners[i + 2]];
    const [ax, ay] = [now[a], now[a + 1]];
    const [ux, uy, vx, vy] = [now[b] - ax, now[b + 1] - ay, now[c] - ax, now[c + 1] - ay];
    const area = ux * vy - uy * vx;
    if (area === 0 || (area < 0 && turned)) continue;
    const u = ((x - ax) * vy - (y - ay) * vx) / area;
    const v = ((y - ay) * ux - (x - ax) * uy) / area;
    if (u < 0 || v < 0 || u + v > 1) continue;
    const w = 1 - u - v;
    /** @type {[Point]} */
    const found = [[w * rest[a] + u * rest[b] + v * rest[c], w * rest[a + 1] + u * rest[b + 1] + v * rest[c + 1]]];
    if (area > 0) return found;
    turned = found;
  }
  return turned;
}
