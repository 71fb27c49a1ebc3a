// @ts-check

/**
 * A name that nothing else has: 72 random bits.
 *
 * @param {string} kind  what it begins with, for whoever reads it
 */
export function newId(kind) {
  // crypto.randomUUID exists on secure origins alone; the page can be served to another machine without encryption.
  const bytes = crypto.getRandomValues(new Uint8Array(9));
  return `${kind}-${btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")}`;
}
