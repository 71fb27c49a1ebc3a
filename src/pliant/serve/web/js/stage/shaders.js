// @ts-check
/**
 * What the graphics card runs. Places are pixels of the photo, pixel centres at integers, until the very end.
 */

const HEAD = `#version 300 es
precision highp float;
`;

// clip = place * u_view.xy + u_view.zw
const VIEW = `
uniform vec4 u_view;
vec4 clip(vec2 place) { return vec4(place * u_view.xy + u_view.zw, 0.0, 1.0); }
`;

/** A rectangle: `u_box` is x0, y0, x1, y1, half open. */
export const RECTANGLE = `${HEAD}${VIEW}
uniform vec4 u_box;
out vec2 v_now;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_now = mix(u_box.xy, u_box.zw, corner) - 0.5;
  gl_Position = clip(v_now);
}`;

/** A mesh: where a vertex rests, and where it is now. With `u_resting` it is drawn where it rests. */
export const MESH = `${HEAD}${VIEW}
uniform bool u_resting;
layout(location = 0) in vec2 a_rest;
layout(location = 1) in vec2 a_now;
out vec2 v_rest;
out vec2 v_now;
void main() {
  v_rest = a_rest;
  v_now = u_resting ? a_rest : a_now;
  gl_Position = clip(v_now);
}`;

// Patterns are of one size on the screen and stand still on the photo; u_pixel is how large a pixel of the photo is in
// CSS pixels. The quiet checker stands behind transparency, the loud one where a part has left, stripes where it tore.
const PATTERNS = `
uniform float u_pixel;
float checker(vec2 place, float square) {
  vec2 cell = floor((place + 0.5) * u_pixel / square);
  return mod(cell.x + cell.y, 2.0);
}
float stripes(vec2 place, float width) {
  vec2 at = (place + 0.5) * u_pixel / width;
  return mod(floor(at.x + at.y), 2.0);
}
vec3 quiet(vec2 place) { return mix(vec3(0.97), vec3(0.91), checker(place, 12.0)); }
vec3 vacated(vec2 place) { return mix(vec3(0.94), vec3(0.60), checker(place, 8.0)); }
vec3 torn(vec2 place) { return mix(vec3(0.94), vec3(0.42), stripes(place, 8.0)); }
`;

// The bitmap has premultiplied colours. The bias undoes some of the blur of mipmaps, which are chosen for moving pictures.
const PICTURE = `
uniform sampler2D u_picture;
uniform vec2 u_size;
vec3 picture(vec2 source, vec2 place) {
  vec4 found = texture(u_picture, (source + 0.5) / u_size, -0.5);
  return found.rgb + (1.0 - found.a) * quiet(place);
}
`;

// The texture has a rim of one empty pixel around the box: what is outside is not selected.
const COVERAGE = `
uniform sampler2D u_coverage;
uniform vec4 u_patch;
float coverage(vec2 place) {
  return texture(u_coverage, (place - u_patch.xy + 1.5) / (u_patch.zw - u_patch.xy + 2.0)).r;
}
`;

/** A picture as it is; with `u_masked` only where something is selected. */
export const SHOW_PICTURE = `${HEAD}${PATTERNS}${PICTURE}${COVERAGE}
uniform bool u_masked;
in vec2 v_now;
out vec4 colour;
void main() {
  float cover = u_masked ? coverage(v_now) : 1.0;
  colour = vec4(picture(v_now, v_now), 1.0) * cover;
}`;

/** The looks that a selection can have; see `u_look` below. */
export const LOOKS = { vacated: 0, wash: 1, hatch: 2 };

/** A selection: what has left it, or that it is one. */
export const SHOW_SELECTION = `${HEAD}${PATTERNS}${COVERAGE}
uniform int u_look;
uniform vec4 u_colour;
in vec2 v_now;
out vec4 colour;
void main() {
  vec4 found = vec4(u_colour.rgb, 1.0) * u_colour.a;
  if (u_look == ${LOOKS.vacated}) found = vec4(vacated(v_now), 1.0);
  if (u_look == ${LOOKS.hatch}) {
    vec2 at = (v_now + 0.5) * u_pixel / 7.0;
    found *= 0.25 + 0.75 * step(0.72, fract(at.x + at.y));
  }
  colour = found * coverage(v_now);
}`;

/**
 * A bent part.
 *
 * Where a part hardly moves, its soft edge would let the checker through that it still covers: there the edge is made
 * hard. A part whose border is held fills its region exactly. What tore is painted anew where the part had been; elsewhere
 * the photo comes back.
 */
export const SHOW_MESH = `${HEAD}${PATTERNS}${PICTURE}${COVERAGE}
uniform bool u_held;
uniform float u_tear;
uniform float u_device;
in vec2 v_rest;
in vec2 v_now;
out vec4 colour;

// The least singular value of the backward map; u_device is u_pixel in pixels of the device, over which derivatives go.
float shrink() {
  mat2 back = mat2(dFdx(v_rest), dFdy(v_rest)) * u_device;
  float sum = dot(back[0], back[0]) + dot(back[1], back[1]);
  float area = determinant(back);
  return sqrt(max((sum - sqrt(max(sum * sum - 4.0 * area * area, 0.0))) / 2.0, 0.0));
}

void main() {
  float cover = coverage(v_rest);
  vec3 found = picture(v_rest, v_now);
  float still = 1.0 - smoothstep(0.25, 1.0, distance(v_rest, v_now));
  if (u_held) cover = coverage(v_now) * step(0.5, cover);
  else cover = mix(cover, min(8.0 * cover, 1.0), still);
  if (u_tear > 0.0 && shrink() * u_tear < 1.0) {
    found = torn(v_now);
    cover *= coverage(v_now);
  }
  colour = vec4(found, 1.0) * cover;
}`;

/** The lines of a mesh. */
export const SHOW_LINES = `${HEAD}
uniform vec4 u_colour;
out vec4 colour;
void main() { colour = vec4(u_colour.rgb, 1.0) * u_colour.a; }`;
