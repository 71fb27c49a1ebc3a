/** PNG files read and written by node's own zlib: another implementation than the page's. */

import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** @param {Buffer} data */
function crc32(data) {
  let value = ~0;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}

/**
 * @param {Buffer} file
 * @returns {[string, Buffer][]}  every chunk, its checksum tested
 */
export function chunks(file) {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error("no PNG");
  /** @type {[string, Buffer][]} */
  const found = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== file.readUInt32BE(at + 8 + length)) throw new Error("wrong checksum");
    found.push([body.toString("latin1", 0, 4), body.subarray(4)]);
    at += 12 + length;
  }
  return found;
}

/**
 * The mask in a PNG of one bit for each pixel, whose rows are not filtered.
 *
 * @param {Buffer} file
 */
export function maskIn(file) {
  const found = new Map(chunks(file));
  const header = /** @type {Buffer} */ (found.get("IHDR"));
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  if (header.toString("hex", 8) !== "0100000000") throw new Error("not one bit of grey");
  const rows = inflateSync(/** @type {Buffer} */ (found.get("IDAT")));
  const stride = Math.ceil(width / 8) + 1;
  if (rows.length !== stride * height) throw new Error("wrong number of rows");
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return rows[y * stride + 1 + (x >> 3)] & (128 >> (x & 7)) ? 255 : 0;
  });
  return { width, height, data };
}

/**
 * A white pixel with other chunks before it.
 *
 * @param {...[string, Buffer]} others
 */
export function png(...others) {
  const header = Buffer.from("00000001000000010100000000", "hex");
  const all = [
    ["IHDR", header],
    ...others,
    ["IDAT", deflateSync(Buffer.from([0, 128]))],
    ["IEND", Buffer.alloc(0)],
  ];
  return Buffer.concat([SIGNATURE, ...all.map(([kind, body]) => chunk(kind, body))]);
}

/**
 * @param {string} kind
 * @param {Buffer} body
 */
function chunk(kind, body) {
  const made = Buffer.alloc(body.length + 12);
  made.writeUInt32BE(body.length, 0);
  made.write(kind, 4, "latin1");
  body.copy(made, 8);
  made.writeUInt32BE(crc32(made.subarray(4, body.length + 8)), body.length + 8);
  return made;
}
