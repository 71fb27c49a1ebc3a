// @ts-check
/**
 * The little of PNG that the page needs: masks are written, and the edit in a result is read.
 *
 * @import {Patch, Size} from "../types.js"
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEYWORD = "pliant:edit";
const MOST_TEXT = 64 * 2 ** 20; // bytes of an unpacked edit document

/**
 * `patch` as a PNG of the photo's size with one bit for each pixel, white where it selects.
 *
 * @param {Patch} patch
 * @param {Size} size
 * @returns {Promise<Blob>}
 */
export async function maskPng(patch, { width, height }) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([1, 0, 0, 0, 0], 8); // one bit of grey, not interlaced
  const packed = await piped(bitRows(patch, width, height), new CompressionStream("deflate"));
  const chunks = [chunk("IHDR", header), chunk("IDAT", packed), chunk("IEND", new Uint8Array(0))];
  return new Blob([new Uint8Array(SIGNATURE), ...chunks], { type: "image/png" });
}

/**
 * The edit document that a PNG file carries; null where it carries none, or is no PNG.
 *
 * @param {Blob} file
 * @returns {Promise<string | null>}
 */
export async function embeddedEdit(file) {
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  if (!SIGNATURE.every((byte, i) => head[i] === byte)) return null;
  for (let at = 8; at + 12 <= file.size; ) {
    // Chunk by chunk, so that a large picture is not read for the little text in it.
    const start = new DataView(await file.slice(at, at + 8).arrayBuffer());
    const length = start.getUint32(0);
    const kind = latin(new Uint8Array(start.buffer, 4, 4));
    if (kind === "IEND") return null;
    if (["iTXt", "zTXt", "tEXt"].includes(kind) && length <= MOST_TEXT) {
      const body = new Uint8Array(await file.slice(at + 8, at + 8 + length).arrayBuffer());
      if (latin(body.subarray(0, KEYWORD.length)) === KEYWORD && body[KEYWORD.length] === 0)
        return textOf(kind, body);
    }
    at += 12 + length;
  }
  return null;
}

/**
 * The text in the body of a text chunk; PNG specification, 11.3.3.
 *
 * @param {string} kind
 * @param {Uint8Array} body
 * @returns {Promise<string>}
 */
async function textOf(kind, body) {
  let at = KEYWORD.length + 1;
  if (kind === "tEXt") return latin(body.subarray(at));
  if (kind === "zTXt") return latin(await unpacked(body.subarray(at + 1)));
  const isPacked = body[at] === 1;
  at = body.indexOf(0, at + 2) + 1; // behind the language
  at = body.indexOf(0, at) + 1; // and the translated keyword
  const text = body.subarray(at);
  return new TextDecoder("utf-8", { fatal: true }).decode(isPacked ? await unpacked(text) : text);
}

/**
 * @param {Uint8Array} data
 */
const unpacked = (data) => piped(data, new DecompressionStream("deflate"));

/**
 * @param {Uint8Array} data
 * @param {CompressionStream | DecompressionStream} through
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function piped(data, through) {
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (data)]).stream().pipeThrough(through);
  const parts = [];
  let total = 0;
  for (let reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.length;
    if (total > MOST_TEXT) throw new RangeError("The text in this picture is too long.");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Rows of bits, each after a byte that says "not filtered".
 *
 * @param {Patch} patch
 * @param {number} width
 * @param {number} height
 */
function bitRows({ box: [left, top, right, bottom], data }, width, height) {
  const stride = Math.ceil(width / 8) + 1;
  const rows = new Uint8Array(stride * height);
  for (let y = top; y < bottom; y++) {
    const row = (y - top) * (right - left) - left;
    for (let x = left; x < right; x++) {
      if (data[row + x]) rows[y * stride + 1 + (x >> 3)] |= 128 >> (x & 7);
    }
  }
  return rows;
}

/**
 * @param {string} kind
 * @param {Uint8Array} body
 */
function chunk(kind, body) {
  const made = new Uint8Array(body.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, body.length);
  made.set(
    [...kind].map((letter) => letter.charCodeAt(0)),
    4,
  );
  made.set(body, 8);
  view.setUint32(body.length + 8, checksum(made.subarray(4, body.length + 8)));
  return made;
}

/**
 * CRC-32 as PNG and zlib have it.
 *
 * @param {Uint8Array} data
 */
function checksum(data) {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value;
  });
  let sum = 0xffffffff;
  for (const byte of data) sum = table[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/**
 * @param {Uint8Array} bytes
 */
function latin(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
