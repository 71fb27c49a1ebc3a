// @ts-check
/**
 * The little of WebGL2 that the renderer needs.
 *
 * @typedef {{use: () => void, at: (name: string) => WebGLUniformLocation | null}} Program
 */

/**
 * Programs, each made when it is first asked for.
 *
 * @param {WebGL2RenderingContext} gl
 */
export function createPrograms(gl) {
  /** @type {Map<string, Program>} */
  const made = new Map();
  /**
   * @param {string} vertex
   * @param {string} fragment
   * @param {Record<string, boolean>} [wanted]  which names are defined
   */
  return (vertex, fragment, wanted = {}) => {
    const defined = Object.keys(wanted).filter((name) => wanted[name]);
    const key = [vertex, fragment, ...defined].join("\0");
    const program = made.get(key) ?? createProgram(gl, vertex, fragment, defined);
    made.set(key, program);
    return program;
  };
}

/** Whether this browser can draw meshes; where not, the server draws the previews. */
export function canDrawMeshes() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 * @param {string[]} defined  names that the sources can ask for
 * @returns {Program}
 */
export function createProgram(gl, vertex, fragment, defined) {
  const head = `#version 300 es\nprecision highp float;\n${defined.map((name) => `#define ${name}\n`).join("")}`;
  const program = gl.createProgram();
  for (const [type, source] of /** @type {[number, string][]} */ ([
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, head + source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const shaders = gl.getAttachedShaders(program) ?? [];
    throw new Error([gl.getProgramInfoLog(program), ...shaders.map((one) => gl.getShaderInfoLog(one))].join("\n"));
  }
  /** @type {Map<string, WebGLUniformLocation | null>} */
  const places = new Map();
  return {
    use: () => gl.useProgram(program),
    at(name) {
      let place = places.get(name);
      if (place === undefined) places.set(name, (place = gl.getUniformLocation(program, name)));
      return place;
    },
  };
}
