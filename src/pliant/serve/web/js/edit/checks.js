// @ts-check
/**
 * What an edit document must be, field by field.
 *
 * @import {Point} from "../types.js"
 */

/** What is wrong with a document, for the user. */
export class EditFault extends Error {}

/**
 * @param {any} value
 * @param {string} name
 * @returns {Point}
 */
export function point(value, name) {
  need(Array.isArray(value) && value.length === 2 && value.every(Number.isFinite), name, "two numbers [x, y]");
  return [value[0], value[1]];
}

/**
 * Refuses a `value` that is no object, or has other fields.
 *
 * @param {any} value
 * @param {string} name
 * @param {string[]} fields
 */
export function known(value, name, fields) {
  need(isObject(value), name, "an object");
  const stray = Object.keys(value).find((key) => !fields.includes(key));
  if (stray)
    throw new EditFault(`${name} has the unknown field ${stray}; accepted here are ${fields.join(", ")}.`);
}

/** @param {unknown} value */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * @param {boolean} holds
 * @param {string} name
 * @param {string} accepted
 */
export function need(holds, name, accepted) {
  if (!holds) throw new EditFault(`${name} must be ${accepted}.`);
}
