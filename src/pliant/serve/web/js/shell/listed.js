// @ts-check
/**
 * What the server lists: engines, fillers, segmenters, deformers.
 *
 * @typedef {Record<string, any>} Entry
 */

/**
 * Why `entry` cannot be used here; null: it can.
 *
 * @param {Entry} entry
 * @param {"engine" | "filler" | "segmenter"} kind
 * @returns {string | null}
 */
export function reasonOf(entry, kind) {
  if (entry.available === false) return entry.missing || `Not installed: pip install "pliant[${entry.extra}]"`;
  if (entry.offered === false) return `Not offered here. Start the server with --${kind} ${entry.name}`;
  return null;
}

/** What the server takes where nothing was chosen. @param {Entry[]} entries */
export const defaultOf = (entries) => entries.find((entry) => entry.default);
