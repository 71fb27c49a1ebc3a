// @ts-check

const NAME = "pliant";
const VERSION = 1;
const STORES = ["photos", "results", "state"];

/**
 * The little of IndexedDB that the session needs.
 *
 * @param {IDBFactory} factory
 */
export async function database(factory) {
  const opening = factory.open(NAME, VERSION);
  opening.onupgradeneeded = () => STORES.forEach((name) => opening.result.createObjectStore(name));
  const db = await answered(opening);
  /** @type {Map<string, object>} */
  const written = new Map();

  return {
    /** @param {string} store @param {string} key @returns {Promise<any>} */
    get: (store, key) => answered(db.transaction(store).objectStore(store).get(key)),

    /** @param {string} store @param {string} key @param {unknown} value */
    async put(store, key, value) {
      await answered(db.transaction(store, "readwrite").objectStore(store).put(value, key));
    },

    /**
     * Puts `values` into a store. They are immutable: the same one is not written twice, since with their files they
     * are large.
     *
     * @template {{id: string}} T
     * @param {string} store
     * @param {T[]} values
     * @param {(value: T) => unknown} stored  what of a value is kept
     */
    async add(store, values, stored) {
      const fresh = values.filter((value) => written.get(value.id) !== value);
      if (!fresh.length) return;
      const objects = db.transaction(store, "readwrite").objectStore(store);
      await Promise.all(fresh.map((value) => answered(objects.put(stored(value), value.id))));
      fresh.forEach((value) => written.set(value.id, value));
    },

    /** @param {string} store @param {string[]} ids  all others go */
    async keepOnly(store, ids) {
      const objects = db.transaction(store, "readwrite").objectStore(store);
      const dead = (await answered(objects.getAllKeys())).map(String).filter((key) => !ids.includes(key));
      await Promise.all(dead.map((key) => answered(objects.delete(key))));
      dead.forEach((key) => written.delete(key));
    },
  };
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
