// @ts-check
/**
 * The meshes of a topology on the graphics card. What rests is sent once; a pointer move sends the vertices, as they came.
 *
 * @import {Mesh, Topology} from "../types.js"
 *
 * @typedef {{count: number, array: WebGLVertexArrayObject, lines: () => number}} Drawable  `lines` makes, once, the list of
 *   the mesh's lines and says how many ends they have
 *
 * @typedef {object} Meshes
 * @property {(topology: Topology, vertices: Float32Array) => boolean} set  false where the two do not belong together
 * @property {(index: number) => void} fill  draws the triangles of a mesh
 * @property {(index: number) => void} lines  draws its lines
 */

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
  /** @type {{mesh: Mesh, array: WebGLVertexArrayObject, buffers: WebGLBuffer[], ends: number}[]} */
  let known = [];

  /** @param {Topology} next */
  function build(next) {
    for (const { array, buffers } of known) {
      gl.deleteVertexArray(array);
      buffers.forEach((buffer) => gl.deleteBuffer(buffer));
    }
    let first = 0;
    known = next.meshes.map((mesh) => {
      const array = gl.createVertexArray();
      const [rest, corners] = [gl.createBuffer(), gl.createBuffer()];
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, rest);
      gl.bufferData(gl.ARRAY_BUFFER, mesh.rest, gl.STATIC_DRAW);
      attribute(gl, 0, 0);
      gl.bindBuffer(gl.ARRAY_BUFFER, now);
      attribute(gl, 1, first * 4);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, corners);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, frontToBack(mesh.corners), gl.STATIC_DRAW);
      gl.bindVertexArray(null);
      first += mesh.rest.length;
      return { mesh, array, buffers: [rest, corners], ends: 0 };
    });
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
      const { array, mesh, buffers } = known[index];
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers[1]);
      gl.drawElements(gl.TRIANGLES, mesh.corners.length, gl.UNSIGNED_INT, 0);
    },
    lines(index) {
      const one = known[index];
      gl.bindVertexArray(one.array);
      if (one.buffers.length < 3) {
        const list = linesOf(one.mesh.corners);
        one.ends = list.length;
        one.buffers.push(gl.createBuffer());
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, one.buffers[2]);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, list, gl.STATIC_DRAW);
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, one.buffers[2]);
      gl.drawElements(gl.LINES, one.ends, gl.UNSIGNED_INT, 0);
    },
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {number} index
 * @param {number} offset  in bytes
 */
function attribute(gl, index, offset) {
  gl.enableVertexAttribArray(index);
  gl.vertexAttribPointer(index, 2, gl.FLOAT, false, 0, offset);
}

/**
 * The last triangle first, each turned about: the stencil then keeps, for every pixel, the triangle that the server
 * lets win, and those that are not turned over run counter-clockwise on the screen, where y runs upwards.
 *
 * @param {Uint32Array} corners
 */
export const frontToBack = (corners) => corners.slice().reverse();

/**
 * The lines of the grid, without the diagonals of its cells, each once: pairs of vertices.
 *
 * @param {Uint32Array} corners  two triangles (a, b, c), (a, c, d) for each cell
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
