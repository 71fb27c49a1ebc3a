// @ts-check
/**
 * @import {Doc} from "../types.js"
 * @import {Lack} from "../edit/write.js"
 */

/**
 * What the user can do about something that an edit lacks.
 *
 * @param {Doc} doc
 * @param {Lack | undefined} lack  undefined: there is no part at all
 */
export function adviceOn(doc, lack) {
  if (!lack) return "There is nothing to fill yet. Paint a part and pull it.";
  const name = `Part ${doc.parts.findIndex((part) => part.id === lack.part) + 1}`;
  switch (lack.lacks) {
    case "region":
      return `${name} selects nothing. Paint it, or delete it.`;
    case "drags":
      return `${name} has no arrow yet. Pull it, or delete it.`;
    case "handle":
      return `An arrow of ${name.toLowerCase()} begins outside it. Move its start onto the part, or delete it.`;
    case "pin":
      return `A pin of ${name.toLowerCase()} stands outside it. Move it onto the part, or delete it.`;
    case "source":
      return `${name} has no region to take from. Paint "From", or delete the part.`;
    case "target":
      return `${name} has no region to go to. Paint "To", or delete the part.`;
  }
}
