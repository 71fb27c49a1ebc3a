// @ts-check
/**
 * What can be told of a mesh from its corners: two triangles (a, b, c), (a, c, d) for each cell of a grid, row
 * after row, with a at the upper left and c at the lower right. Pure.
 *
 * @import {Mesh} from "../types.js"
 */

/**
 * The last triangle first, each turned about: the stencil then keeps, for every pixel, the triangle that the
 * server lets win, and those that are not turned over run counter-clockwise on the screen, where y runs upwards.
 *
 * @param {Uint32Array} corners
 */
export const frontToBack = (corners) => corners.slice().reverse();

/**
 * The lines of the grid, without the diagonals of its cells, each once: pairs of vertices.
 *
 * @param {Uint32Array} corners
 */
export function linesOf(corners) {
  const count = corners.reduce((most, corner) => Math.max(most, corner), 0) + 1;
  /** @type {Set<number>} */
  const lines = new Set();
  for (let i = 0; i + 5 < corners.length; i += 6) {
    const ring = [corners[i], corners[i + 1], corners[i + 2], corners[i + 5]];
    for (let k = 0; k < 4; k++) {
      const [low, high] = [ring[k], ring[(k + 1) % 4]].sort((one, other) => one - other);
      lines.add(low * count + high);
    }
  }
  return Uint32Array.from([...lines].flatMap((line) => [Math.floor(line / count), line % count]));
}

/**
 * Where the mesh rests, in as few triangles as there are rows without a gap: x, y of their corners.
 *
 * @param {Pick<Mesh, "rest" | "corners">} mesh
 */
export function footprintOf({ rest, corners }) {
  /** @type {number[]} */
  const triangles = [];
  for (let i = 0, start = 0; i < corners.length; i += 6) {
    const [b, c] = [corners[i + 1], corners[i + 2]];
    if (corners[i + 6] === b && corners[i + 11] === c) continue; // the next cell goes on where this one ends
    const a = corners[start];
    const [x0, y0, x1, y1] = [rest[2 * a], rest[2 * a + 1], rest[2 * c], rest[2 * c + 1]];
    triangles.push(x0, y0, x1, y0, x1, y1, x0, y0, x1, y1, x0, y1);
    start = i + 6;
  }
  return Float32Array.from(triangles);
}
