// @ts-check
/**
 * What the graphics card runs. Places are pixels of the photo, pixel centres at integers, until the very end.
 *
 * Words in capitals are defined for the variants of a shader that are needed: where there is no graphics card, a
 * branch that is never taken costs as much as one that is.
 */

// clip = place * u_view.xy + u_view.zw
const VIEW = `
uniform vec4 u_view;
vec4 clip(vec2 place) { return vec4(place * u_view.xy + u_view.zw, 0.0, 1.0); }
`;

/** A rectangle: `u_box` is x0, y0, x1, y1, half open. */
export const RECTANGLE = `${VIEW}
uniform vec4 u_box;
out vec2 v_now;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  v_now = mix(u_box.xy, u_box.zw, corner) - 0.5;
  gl_Position = clip(v_now);
}`;

/** A mesh: where a vertex rests, and where it is now. RESTING: it is drawn where it rests. */
export const MESH = `${VIEW}
layout(location = 0) in vec2 a_rest;
layout(location = 1) in vec2 a_now;
out vec2 v_rest;
out vec2 v_now;
void main() {
  v_rest = a_rest;
#ifdef RESTING
  v_now = a_rest;
#else
  v_now = a_now;
#endif
  gl_Position = clip(v_now);
}`;

// Patterns are of one size on the screen and stand still on the photo; u_pixel is how large a pixel of the photo
// is in CSS pixels. The quiet checker stands behind transparency, the loud one where a part has left, stripes
// where it tore.
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

// The bitmap has premultiplied colours. The bias undoes some of the blur of mipmaps, which are chosen for moving
// pictures.
const PICTURE = `
uniform sampler2D u_picture;
uniform vec2 u_size;
vec3 picture(vec2 source, vec2 place) {
  vec4 found = texture(u_picture, (source + 0.5) / u_size, -0.5);
#ifdef OPAQUE
  return found.rgb;
#else
  return found.rgb + (1.0 - found.a) * quiet(place);
#endif
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

/** A picture as it is; MASKED: only where something is selected. OPAQUE: it has no transparency. */
export const SHOW_PICTURE = `${PATTERNS}${PICTURE}${COVERAGE}
in vec2 v_now;
out vec4 colour;
void main() {
  colour = vec4(picture(v_now, v_now), 1.0);
#ifdef MASKED
  colour *= coverage(v_now);
#endif
}`;

/** A selection: VACATED: what has left it; else that it is one, HATCHED or in one colour. */
export const SHOW_SELECTION = `${PATTERNS}${COVERAGE}
uniform vec4 u_colour;
in vec2 v_now;
out vec4 colour;
void main() {
#ifdef VACATED
  colour = vec4(vacated(v_now), 1.0) * coverage(v_now);
#else
  colour = vec4(u_colour.rgb, 1.0) * u_colour.a * coverage(v_now);
#endif
#ifdef HATCHED
  vec2 at = (v_now + 0.5) * u_pixel / 7.0;
  colour *= 0.25 + 0.75 * step(0.72, fract(at.x + at.y));
#endif
}`;

/**
 * A bent part; HELD: its border is, TEARING: it may tear.
 *
 * Where a part hardly moves, its soft edge would let the checker through that it still covers: there the edge is
 * made hard. A part whose border is held fills its region exactly. What tore is painted anew where the part had
 * been; elsewhere the photo comes back.
 */
export const SHOW_MESH = `${PATTERNS}${PICTURE}${COVERAGE}
uniform float u_tear;
uniform float u_device;
in vec2 v_rest;
in vec2 v_now;
out vec4 colour;

// The least singular value of the backward map; u_device is u_pixel in pixels of the device, over which
// derivatives go.
float shrink() {
  mat2 back = mat2(dFdx(v_rest), dFdy(v_rest)) * u_device;
  float sum = dot(back[0], back[0]) + dot(back[1], back[1]);
  float area = determinant(back);
  return sqrt(max((sum - sqrt(max(sum * sum - 4.0 * area * area, 0.0))) / 2.0, 0.0));
}

void main() {
  float cover = coverage(v_rest);
  vec3 found = picture(v_rest, v_now);
#ifdef HELD
  cover = coverage(v_now) * step(0.5, cover);
#else
  float still = clamp(1.3 - distance(v_rest, v_now), 0.0, 1.0);
  cover = min(cover + 7.0 * still * cover, 1.0);
#endif
#ifdef TEARING
  if (shrink() * u_tear < 1.0) {
    found = torn(v_now);
    cover *= coverage(v_now);
  }
#endif
  colour = vec4(found, 1.0) * cover;
}`;

/** The lines of a mesh. */
export const SHOW_LINES = `
uniform vec4 u_colour;
out vec4 colour;
void main() { colour = vec4(u_colour.rgb, 1.0) * u_colour.a; }`;
