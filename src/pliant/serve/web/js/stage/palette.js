// @ts-check
/**
 * The colours of what is drawn on the photo, from the page's style.
 *
 * @typedef {[number, number, number, number]} Colour  red, green, blue and how much of it, 0 to 1
 * @typedef {{part: Colour, source: Colour, target: Colour, protect: Colour, mesh: Colour}} Washes
 * @typedef {Washes & {mark: string, markTarget: string, markProtect: string, light: string, dark: string}} Palette
 */

const WASH = 0.28;
const HATCH = 0.7;
const LINE = 0.5;

/**
 * @param {Element} element
 * @returns {Palette}
 */
export function paletteOf(element) {
  const style = getComputedStyle(element);
  /**
   * @param {string} name
   * @param {string} otherwise
   */
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const mark = read("--mark", "#ff7a33");
  const markTarget = read("--mark-target", "#2fb4ff");
  const markProtect = read("--mark-protect", "#8f8fff");
  const light = read("--mark-light", "#ffffff");
  return {
    mark,
    markTarget,
    markProtect,
    light,
    dark: read("--mark-dark", "#141416"),
    part: colour(mark, WASH),
    source: colour(mark, WASH),
    target: colour(markTarget, WASH),
    protect: colour(markProtect, HATCH),
    mesh: colour(light, LINE),
  };
}

/**
 * @param {string} hex  #rrggbb
 * @param {number} amount
 * @returns {Colour}
 */
export function colour(hex, amount) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return [red, green, blue, amount];
}
