// @ts-check
/**
 * Draws a scene with WebGL2: the photo, what parts left behind, the bent parts as the server will draw them.
 *
 * Where triangles of a mesh compete, one that is not turned over stands before one that is, and a later one before
 * an earlier one. So they are drawn from front to back, the upright ones first, and the stencil keeps the first
 * that reaches a pixel, even where its region is empty there; the vertices need not be looked at for that.
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

import { createPrograms } from "./gl.js";
import { createMeshes } from "./meshes.js";
import { placed } from "./place.js";
import { MESH, RECTANGLE, SHOW_LINES, SHOW_MESH, SHOW_PICTURE, SHOW_SELECTION } from "./shaders.js";
import { createTextures } from "./textures.js";

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
  const programOf = createPrograms(gl);
  const textures = createTextures(gl);
  const meshes = createMeshes(gl);
  const empty = gl.createVertexArray();
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.enable(gl.SCISSOR_TEST);
  gl.stencilOp(gl.KEEP, gl.KEEP, gl.REPLACE);

  /** @type {Scene} */
  let scene;
  /** @type {ReturnType<typeof placed>} */
  let place;

  /** @param {Parameters<typeof programOf>} wanted */
  function use(...wanted) {
    const program = programOf(...wanted);
    program.use();
    gl.uniform4fv(program.at("u_view"), place.clip);
    gl.uniform1f(program.at("u_pixel"), scene.view.scale);
    gl.uniform1i(program.at("u_picture"), 0);
    gl.uniform1i(program.at("u_coverage"), 1);
    gl.uniform2f(program.at("u_size"), scene.size.width, scene.size.height);
    return program;
  }

  /** @param {Program} program @param {Patch} patch */
  function bindPatch(program, patch) {
    gl.activeTexture(gl.TEXTURE1);
    textures.coverage(patch, place.device);
    gl.uniform4fv(program.at("u_patch"), patch.box);
  }

  /** @param {ImageBitmap} bitmap @param {boolean} bends */
  function bindPicture(bitmap, bends) {
    gl.activeTexture(gl.TEXTURE0);
    textures.picture(bitmap, place.device, bends);
  }

  /** @param {Program} program @param {readonly number[]} box */
  function rectangle(program, box) {
    gl.bindVertexArray(empty);
    gl.uniform4fv(program.at("u_box"), box);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** @param {ImageBitmap} bitmap @param {Patch | null} patch  null: all of it */
  function drawPicture(bitmap, patch) {
    const program = use(RECTANGLE, SHOW_PICTURE, { MASKED: patch !== null, OPAQUE: scene.opaque });
    bindPicture(bitmap, false);
    if (patch) bindPatch(program, patch);
    else gl.disable(gl.BLEND);
    rectangle(program, patch?.box ?? [0, 0, scene.size.width, scene.size.height]);
    gl.enable(gl.BLEND);
  }

  /** @param {Wash} wash */
  function drawWash({ patch, meaning }) {
    const program = use(RECTANGLE, SHOW_SELECTION, { HATCHED: meaning === "protect" });
    bindPatch(program, patch);
    gl.uniform4fv(program.at("u_colour"), palette[meaning]);
    const [x0, y0, x1, y1] = patch.box;
    rectangle(program, [x0 - 1, y0 - 1, x1 + 1, y1 + 1]);
  }

  /**
   * What the parts left. Drawn on their meshes, which can be a moment older than the regions: what is just being
   * painted has not left yet.
   *
   * @param {Bent[]} bent
   */
  function drawVacated(bent) {
    const program = use(MESH, SHOW_SELECTION, { VACATED: true, RESTING: true });
    for (const { patch, held, meshes: own } of bent) {
      if (held) continue;
      bindPatch(program, patch);
      own.forEach(meshes.footprint);
    }
  }

  /** @param {Bent[]} bent */
  function drawBent(bent) {
    gl.enable(gl.STENCIL_TEST);
    gl.enable(gl.CULL_FACE);
    let stencil = 0;
    for (const { patch, held, meshes: own } of bent) {
      const program = use(MESH, SHOW_MESH, { HELD: held, TEARING: scene.tear > 0, OPAQUE: scene.opaque });
      bindPicture(scene.before, true);
      bindPatch(program, patch);
      gl.uniform1f(program.at("u_tear"), scene.tear);
      gl.uniform1f(program.at("u_device"), place.device);
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
    const program = use(MESH, SHOW_LINES);
    gl.uniform4fv(program.at("u_colour"), palette.mesh);
    for (const { meshes: own } of bent) own.forEach(meshes.lines);
  }

  function drawAfter() {
    if (scene.after) return drawPicture(scene.after, null);
    drawPicture(scene.before, null);
    const { topology, vertices } = scene;
    const bent = topology && vertices && meshes.set(topology, vertices) ? scene.bent : [];
    if (bent.length) {
      drawVacated(bent);
      drawBent(bent);
      if (scene.protect) drawPicture(scene.before, scene.protect);
      if (scene.mesh) drawLines(bent);
    }
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
