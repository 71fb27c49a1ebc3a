// @ts-check
/**
 * Pictures and selections on the graphics card, each sent once.
 *
 * @import {Patch} from "../types.js"
 *
 * @typedef {object} Textures
 * @property {(bitmap: ImageBitmap, device: number, bends: boolean) => void} picture  binds it to be drawn with
 *   `device` pixels of the device for one of the photo; `bends`: more or fewer in places
 * @property {(patch: Patch, device: number) => void} coverage  binds it, as above
 * @property {() => void} sweep  forgets the selections that were not asked for since the last sweep
 */

const PICTURES = 4; // the photo, a result, and two to go back to
const CRISP = 4; // pixels of the device for a pixel of the photo above which it is shown as a square

/**
 * @param {WebGL2RenderingContext} gl
 * @returns {Textures}
 */
export function createTextures(gl) {
  /** @type {Map<ImageBitmap, WebGLTexture>} least recently used first */
  const pictures = new Map();
  /** @type {Map<Patch, WebGLTexture>} */
  let coverages = new Map();
  /** @type {typeof coverages} */
  let used = new Map();

  return {
    picture(bitmap, device, bends) {
      const texture = pictures.get(bitmap) ?? pictureTexture(gl, bitmap);
      pictures.delete(bitmap);
      pictures.set(bitmap, texture);
      if (pictures.size > PICTURES) {
        const [[oldest, gone]] = pictures;
        pictures.delete(oldest);
        gl.deleteTexture(gone);
      }
      gl.bindTexture(gl.TEXTURE_2D, texture);
      // Where there is no graphics card, all depends on asking for no more than is seen.
      const squares = device >= CRISP || (!bends && Math.abs(device - 1) < 1e-3);
      const smaller = bends ? gl.LINEAR_MIPMAP_NEAREST : device < 1 ? gl.LINEAR_MIPMAP_LINEAR : gl.LINEAR;
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, squares && !bends ? gl.NEAREST : smaller);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, squares ? gl.NEAREST : gl.LINEAR);
    },
    coverage(patch, device) {
      const texture = used.get(patch) ?? coverages.get(patch) ?? coverageTexture(gl, patch);
      used.set(patch, texture);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, device < 0.75 ? gl.LINEAR_MIPMAP_NEAREST : gl.LINEAR);
    },
    sweep() {
      for (const [patch, texture] of coverages) if (!used.has(patch)) gl.deleteTexture(texture);
      coverages = used;
      used = new Map();
    },
  };
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {ImageBitmap} bitmap
 */
function pictureTexture(gl, bitmap) {
  const texture = emptyTexture(gl);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.generateMipmap(gl.TEXTURE_2D);
  return texture;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {Patch} patch
 */
function coverageTexture(gl, patch) {
  const texture = emptyTexture(gl);
  const { width, height, data } = fitting(patch, gl.getParameter(gl.MAX_TEXTURE_SIZE) - 2);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width + 2, height + 2, 0, gl.RED, gl.UNSIGNED_BYTE, null);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  if (data.length) gl.texSubImage2D(gl.TEXTURE_2D, 0, 1, 1, width, height, gl.RED, gl.UNSIGNED_BYTE, data);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  gl.generateMipmap(gl.TEXTURE_2D);
  return texture;
}

/** @param {WebGL2RenderingContext} gl */
function emptyTexture(gl) {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return texture;
}

/**
 * The selection no larger than a texture can be: every second, third, ... pixel of it.
 *
 * @param {Patch} patch
 * @param {number} most  pixels of a side
 * @returns {{width: number, height: number, data: Uint8Array}}
 */
export function fitting({ box: [x0, y0, x1, y1], data }, most) {
  const width = Math.max(x1 - x0, 0);
  const height = Math.max(y1 - y0, 0);
  const step = Math.ceil(Math.max(width, height) / most);
  if (step <= 1) return { width, height, data };
  const thin = { width: Math.ceil(width / step), height: Math.ceil(height / step), data: new Uint8Array(0) };
  thin.data = new Uint8Array(thin.width * thin.height);
  for (let y = 0, to = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) thin.data[to++] = data[y * width + x];
  }
  return thin;
}
