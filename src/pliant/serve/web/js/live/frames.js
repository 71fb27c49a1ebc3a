// @ts-check
/**
 * The binary frames of live previews (docs/http.md).
 *
 * @import {Mesh, Topology} from "../types.js"
 *
 * @typedef {{kind: "vertices", seq: number, topology: number, vertices: Float32Array}} VerticesFrame
 * @typedef {{kind: "topology", topology: Topology}} TopologyFrame
 * @typedef {{kind: "picture", seq: number, picture: Blob}} PictureFrame
 */

const FORMATS = ["", "image/png", "image/jpeg"];

/**
 * The arrays look into `buffer`; nothing is copied.
 *
 * @param {ArrayBuffer} buffer
 * @returns {VerticesFrame | TopologyFrame | PictureFrame | null}  null: a kind that this page does not know
 */
export function decoded(buffer) {
  const view = new DataView(buffer);
  const [kind, first, second] = [view.getUint32(0), view.getUint32(4, true), view.getUint32(8, true)];
  if (kind === 1)
    return { kind: "vertices", seq: first, topology: second, vertices: new Float32Array(buffer, 12) };
  if (kind === 2) return { kind: "topology", topology: { id: first, meshes: meshesIn(view, second) } };
  if (kind !== 3) return null;
  return { kind: "picture", seq: first, picture: new Blob([buffer.slice(12)], { type: FORMATS[second] ?? "" }) };
}

/**
 * @param {DataView<ArrayBuffer>} view
 * @param {number} count
 * @returns {Mesh[]}
 */
function meshesIn(view, count) {
  let at = 12;
  return Array.from({ length: count }, () => {
    const [region, vertices, triangles] = [0, 4, 8].map((by) => view.getUint32(at + by, true));
    const rest = new Float32Array(view.buffer, at + 12, vertices * 2);
    const corners = new Uint32Array(view.buffer, at + 12 + rest.byteLength, triangles * 3);
    at += 12 + rest.byteLength + corners.byteLength;
    return { region, rest, corners };
  });
}
