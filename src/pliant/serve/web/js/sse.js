// @ts-check

/** @typedef {{id: string, event: string, data: string}} ServerEvent */

/**
 * A reader of server-sent events (HTML standard, 9.2.6) for text that arrives in pieces, cut anywhere.
 *
 * @param {(event: ServerEvent) => void} heard
 * @returns {(text: string) => void}
 */
export function eventReader(heard) {
  let rest = "";
  let next = { id: "", event: "message", data: /** @type {string[]} */ ([]) };

  /** @param {string} line */
  function take(line) {
    if (line === "") {
      if (next.data.length) heard({ ...next, data: next.data.join("\n") });
      next = { id: next.id, event: "message", data: [] };
      return;
    }
    const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (field === "data") next.data.push(value);
    else if (field === "event") next.event = value;
    else if (field === "id") next.id = value;
  }

  return (text) => {
    rest += text;
    // A carriage return at the very end may be half of a line's end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    lines.forEach(take);
  };
}
