/** Binary frames of live previews, put together as docs/http.md has them. */

/** @param {number[]} head @param {...(number[] | Uint8Array)} rest */
function frame([kind, ...head], rest, floats) {
  const body = new ArrayBuffer(4 + 4 * head.length + 4 * (rest.length + floats.length));
  const view = new DataView(body);
  view.setUint32(0, kind);
  head.forEach((value, i) => view.setUint32(4 + 4 * i, value, true));
  floats.forEach((value, i) => view.setFloat32(4 + 4 * (head.length + i), value, true));
  rest.forEach((value, i) => view.setUint32(4 + 4 * (head.length + floats.length + i), value, true));
  return body;
}

/** @param {number} seq @param {number} topology @param {number[]} places */
export const vertices = (seq, topology, places) => frame([1, seq, topology], [], places);

/** @param {number} id @param {{region: number, rest: number[], corners: number[]}[]} meshes */
export function topology(id, meshes) {
  const parts = meshes.map(({ region, rest, corners }) => {
    return new Uint8Array(frame([0, region, rest.length / 2, corners.length / 3], corners, rest)).subarray(4);
  });
  const head = new Uint8Array(frame([2, id, meshes.length], [], []));
  return joined([head, ...parts]);
}

/** @param {number} seq @param {number} format @param {string} file */
export const picture = (seq, format, file) =>
  joined([new Uint8Array(frame([3, seq, format], [], [])), new TextEncoder().encode(file)]);

/** @param {Uint8Array[]} parts */
function joined(parts) {
  return new Uint8Array(parts.flatMap((part) => [...part])).buffer;
}
