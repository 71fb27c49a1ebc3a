// @ts-check
/**
 * The meshes of a topology on the graphics card. What rests is sent once; a pointer move sends the vertices, as
 * they came.
 *
 * @import {Mesh, Topology} from "../types.js"
 *
 * @typedef {object} Meshes
 * @property {(topology: Topology, vertices: Float32Array) => boolean} set  false where the two do not belong
 *   together
 * @property {(index: number) => void} fill  draws the triangles of a mesh
 * @property {(index: number) => void} footprint  draws where it rests
 * @property {(index: number) => void} lines  draws its lines
 *
 * @typedef {{mesh: Mesh, array: WebGLVertexArrayObject, rest: WebGLBuffer, corners: WebGLBuffer,
 *   lines: Shape | null, footprint: Shape | null}} Known
 * @typedef {{array: WebGLVertexArrayObject, buffer: WebGLBuffer, count: number}} Shape  made when it is first
 *   asked for
 */

import { footprintOf, frontToBack, linesOf } from "./grid.js";

/**
 * @param {WebGL2RenderingContext} gl
 * @returns {Meshes}
 */
export function createMeshes(gl) {
  const now = gl.createBuffer();
  /** @type {Topology | null} */
  let topology = null;
  /** @type {Float32Array | null} */
  let sent = null;
  /** @type {Known[]} */
  let known = [];

  /** @param {Topology} next */
  function build(next) {
    known.forEach(forget);
    let first = 0;
    known = next.meshes.map((mesh) => {
      const array = gl.createVertexArray();
      gl.bindVertexArray(array);
      const rest = filled(gl, gl.ARRAY_BUFFER, mesh.rest);
      pointsAt(gl, 0, 0);
      gl.bindBuffer(gl.ARRAY_BUFFER, now);
      pointsAt(gl, 1, first * 4);
      const corners = filled(gl, gl.ELEMENT_ARRAY_BUFFER, frontToBack(mesh.corners));
      first += mesh.rest.length;
      return { mesh, array, rest, corners, lines: null, footprint: null };
    });
  }

  /** @param {Known} one */
  function forget({ array, rest, corners, lines, footprint }) {
    gl.deleteVertexArray(array);
    for (const buffer of [rest, corners, lines?.buffer, footprint?.buffer]) gl.deleteBuffer(buffer ?? null);
    gl.deleteVertexArray(footprint?.array ?? null);
  }

  /** @param {Mesh} mesh @returns {Shape} */
  function footprintShape(mesh) {
    const array = gl.createVertexArray();
    const triangles = footprintOf(mesh);
    gl.bindVertexArray(array);
    const buffer = filled(gl, gl.ARRAY_BUFFER, triangles);
    pointsAt(gl, 0, 0);
    return { array, buffer, count: triangles.length / 2 };
  }

  /** @param {Known} one @returns {Shape} */
  function linesShape({ mesh, array }) {
    const ends = linesOf(mesh.corners);
    return { array, buffer: filled(gl, gl.ELEMENT_ARRAY_BUFFER, ends), count: ends.length };
  }

  return {
    set(next, vertices) {
      if (vertices.length !== next.meshes.reduce((sum, mesh) => sum + mesh.rest.length, 0)) return false;
      if (next !== topology) build((topology = next));
      if (vertices !== sent) {
        gl.bindBuffer(gl.ARRAY_BUFFER, now);
        gl.bufferData(gl.ARRAY_BUFFER, (sent = vertices), gl.STREAM_DRAW);
      }
      return true;
    },
    fill(index) {
      const { array, corners, mesh } = known[index];
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, corners);
      gl.drawElements(gl.TRIANGLES, mesh.corners.length, gl.UNSIGNED_INT, 0);
    },
    footprint(index) {
      const { array, count } = (known[index].footprint ??= footprintShape(known[index].mesh));
      gl.bindVertexArray(array);
      gl.drawArrays(gl.TRIANGLES, 0, count);
    },
    lines(index) {
      gl.bindVertexArray(known[index].array);
      const { buffer, count } = (known[index].lines ??= linesShape(known[index]));
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
      gl.drawElements(gl.LINES, count, gl.UNSIGNED_INT, 0);
    },
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} target
 * @param {Float32Array | Uint32Array} data
 */
function filled(gl, target, data) {
  const buffer = gl.createBuffer();
  gl.bindBuffer(target, buffer);
  gl.bufferData(target, data, gl.STATIC_DRAW);
  return buffer;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} index
 * @param {number} offset  in bytes
 */
function pointsAt(gl, index, offset) {
  gl.enableVertexAttribArray(index);
  gl.vertexAttribPointer(index, 2, gl.FLOAT, false, 0, offset);
}
