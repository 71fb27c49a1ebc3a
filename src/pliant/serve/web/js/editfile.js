// @ts-check
/** The edit document (docs/document.md): written from the page's document, read into it, found in a picture. */

export { embeddedEdit } from "./edit/png.js";
export { EditFault } from "./edit/checks.js";
export { fromEdit, parsed, sizeOf } from "./edit/read.js";
export { toEdit } from "./edit/write.js";
