// @ts-check
/**
 * The server's picture of the bend, decoded: always the newest that is ready.
 *
 * @param {() => void} ready  called when there is a newer one
 */
export function createPreview(ready) {
  /** @type {ImageBitmap | null} */
  let shown = null;
  /** @type {Blob | null} */
  let wanted = null;
  let decoding = false;

  async function decode() {
    decoding = true;
    for (let blob = wanted; blob; blob = wanted === blob ? null : wanted) {
      const next = await createImageBitmap(blob).catch(() => null); // the next one may be whole
      if (!wanted || !next) continue;
      shown?.close();
      shown = next;
      ready();
    }
    decoding = false;
  }

  return {
    /**
     * @param {Blob | null} blob
     * @returns {ImageBitmap | null}
     */
    of(blob) {
      if (blob === wanted) return blob && shown;
      wanted = blob;
      if (blob && !decoding) void decode();
      return blob && shown;
    },
    end() {
      wanted = null;
      shown?.close();
    },
  };
}
