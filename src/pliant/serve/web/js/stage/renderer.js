// @ts-check
/**
 * Draws a scene with WebGL2: the photo, what parts left behind, the bent parts as the server will draw them.
 *
 * Where triangles of a mesh compete, one that is not turned over stands before one that is, and a later one before an
 * earlier one. So they are drawn from front to back, the upright ones first, and the stencil keeps the first that
 * reaches a pixel, even where its region is empty there; the vertices need not be looked at for that.
 *
 * @import {Patch, Size} from "../types.js"
 * @import {Program} from "./gl.js"
 * @import {Bent, Scene, Wash} from "./scene.js"
 * @import {Palette} from "./palette.js"
 *
 * @typedef {object} Painter
 * @property {(scene: Scene | null, canvas: Size, dpr: number) => void} draw  `canvas`: in pixels of the device
 * @property {() => void} end
 */

import { createProgram } from "./gl.js";
import { createMeshes } from "./meshes.js";
import { placed } from "./place.js";
import { LOOKS, MESH, RECTANGLE, SHOW_LINES, SHOW_MESH, SHOW_PICTURE, SHOW_SELECTION } from "./shaders.js";
import { createTextures } from "./textures.js";

const CRISP = 4; // device pixels for a pixel of the photo above which it is shown as a square
const STENCILS = 255;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Palette} palette
 * @param {() => void} redraw  called when the graphics card is back after it was lost
 * @returns {Painter | null}  null: this browser has no WebGL2
 */
export function createRenderer(canvas, palette, redraw) {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: true });
  if (!gl) return null;
  /** @type {ReturnType<typeof createKit> | null} */
  let kit = createKit(gl, palette);
  /** @param {Event} event */
  const lost = (event) => {
    event.preventDefault(); // else the browser does not give it back
    kit = null;
  };
  const restored = () => {
    kit = createKit(gl, palette);
    redraw();
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", restored);
  return {
    draw: (scene, size, dpr) => kit?.(scene, size, dpr),
    end() {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", restored);
      kit = null;
    },
  };
}

/**
 * All that lives on the graphics card, and what draws with it.
 *
 * @param {WebGL2RenderingContext} gl
 * @param {Palette} palette
 * @returns {Painter["draw"]}
 */
function createKit(gl, palette) {
  const pictures = createProgram(gl, RECTANGLE, SHOW_PICTURE);
  const selections = createProgram(gl, RECTANGLE, SHOW_SELECTION);
  const bends = createProgram(gl, MESH, SHOW_MESH);
  const leavings = createProgram(gl, MESH, SHOW_SELECTION);
  const wires = createProgram(gl, MESH, SHOW_LINES);
  const textures = createTextures(gl);
  const meshes = createMeshes(gl);
  const empty = gl.createVertexArray();
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.enable(gl.SCISSOR_TEST);
  gl.stencilOp(gl.KEEP, gl.KEEP, gl.REPLACE);

  /** @type {Scene} */
  let scene;
  /** @type {ReturnType<typeof placed>} */
  let place;

  /** @param {Program} program */
  function use(program) {
    program.use();
    gl.uniform4fv(program.at("u_view"), place.clip);
    gl.uniform1f(program.at("u_pixel"), scene.view.scale);
    gl.uniform1i(program.at("u_picture"), 0);
    gl.uniform1i(program.at("u_coverage"), 1);
    gl.uniform2f(program.at("u_size"), scene.size.width, scene.size.height);
  }

  /** @param {ImageBitmap} bitmap */
  function bindPicture(bitmap) {
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, textures.picture(bitmap, place.device >= CRISP));
  }

  /**
   * @param {Program} program
   * @param {Patch} patch
   */
  function bindPatch(program, patch) {
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, textures.coverage(patch));
    gl.uniform4fv(program.at("u_patch"), patch.box);
  }

  /**
   * @param {Program} program
   * @param {readonly number[]} box
   */
  function rectangle(program, box) {
    gl.bindVertexArray(empty);
    gl.uniform4fv(program.at("u_box"), box);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /**
   * @param {ImageBitmap} bitmap
   * @param {Patch | null} patch  null: all of it
   */
  function drawPicture(bitmap, patch) {
    use(pictures);
    bindPicture(bitmap);
    gl.uniform1i(pictures.at("u_masked"), patch ? 1 : 0);
    if (patch) bindPatch(pictures, patch);
    rectangle(pictures, patch?.box ?? [0, 0, scene.size.width, scene.size.height]);
  }

  /** @param {Wash} wash */
  function drawWash({ patch, meaning }) {
    use(selections);
    bindPatch(selections, patch);
    gl.uniform1i(selections.at("u_look"), meaning === "protect" ? LOOKS.hatch : LOOKS.wash);
    gl.uniform4fv(selections.at("u_colour"), palette[meaning]);
    const [x0, y0, x1, y1] = patch.box;
    rectangle(selections, [x0 - 1, y0 - 1, x1 + 1, y1 + 1]);
  }

  /**
   * What the parts left. Drawn on their meshes, which can be a moment older than the regions: what is just being painted
   * has not left yet.
   *
   * @param {Bent[]} bent
   */
  function drawVacated(bent) {
    use(leavings);
    gl.uniform1i(leavings.at("u_look"), LOOKS.vacated);
    gl.uniform1i(leavings.at("u_resting"), 1);
    for (const { patch, held, meshes: own } of bent) {
      if (held) continue;
      bindPatch(leavings, patch);
      own.forEach((index) => meshes.fill(index));
    }
  }

  /** @param {Bent[]} bent */
  function drawBent(bent) {
    use(bends);
    bindPicture(scene.before);
    gl.uniform1f(bends.at("u_tear"), scene.tear);
    gl.uniform1f(bends.at("u_device"), place.device);
    gl.enable(gl.STENCIL_TEST);
    gl.enable(gl.CULL_FACE);
    let stencil = 0;
    for (const { patch, held, meshes: own } of bent) {
      bindPatch(bends, patch);
      gl.uniform1i(bends.at("u_held"), held ? 1 : 0);
      for (const index of own) {
        if (stencil === STENCILS) gl.clear(gl.STENCIL_BUFFER_BIT);
        stencil = (stencil % STENCILS) + 1;
        gl.stencilFunc(gl.NOTEQUAL, stencil, 0xff);
        for (const turned of [gl.BACK, gl.FRONT]) {
          gl.cullFace(turned);
          meshes.fill(index);
        }
      }
    }
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
  }

  /** @param {Bent[]} bent */
  function drawLines(bent) {
    use(wires);
    gl.uniform4fv(wires.at("u_colour"), palette.mesh);
    for (const { meshes: own } of bent) own.forEach((index) => meshes.lines(index));
  }

  function drawAfter() {
    if (scene.after) return drawPicture(scene.after, null);
    drawPicture(scene.before, null);
    const { topology, vertices } = scene;
    const bent = topology && vertices && meshes.set(topology, vertices) ? scene.bent : [];
    drawVacated(bent);
    drawBent(bent);
    if (bent.length && scene.protect) drawPicture(scene.before, scene.protect);
    if (scene.mesh) drawLines(bent);
    scene.washes.forEach(drawWash);
  }

  return (next, canvas, dpr) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.scissor(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    if (!next) return;
    scene = next;
    place = placed(scene, canvas, dpr);
    if (place.before[2] > 0) {
      gl.scissor(...place.before);
      drawPicture(scene.before, null);
    }
    if (place.after[2] > 0) {
      gl.scissor(...place.after);
      drawAfter();
    }
    textures.sweep();
  };
}
