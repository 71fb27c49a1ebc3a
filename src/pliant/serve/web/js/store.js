// @ts-check
/**
 * @template S
 * @typedef {object} Store
 * @property {() => S} get
 * @property {(patch: Partial<S>) => void} set  a patch that changes nothing tells nobody
 * @property {(listener: (state: S, before: S) => void) => () => void} subscribe  returns what ends it
 */

/**
 * Holds the one state, and tells who listens when there is a new one.
 *
 * A listener is called at once and in the order of subscription; what it sets is told after everybody has heard of
 * the state before, so that all see the same states in the same order.
 *
 * @template {object} S
 * @param {S} first
 * @returns {Store<S>}
 */
export function createStore(first) {
  let state = first;
  /** @type {Set<(state: S, before: S) => void>} */
  const listeners = new Set();
  /** @type {[S, S][]} */
  const untold = [];

  /** @param {S} before */
  function tell(before) {
    untold.push([state, before]);
    if (untold.length > 1) return;
    try {
      for (let i = 0; i < untold.length; i++) for (const listener of [...listeners]) listener(...untold[i]);
    } finally {
      untold.length = 0;
    }
  }

  return {
    get: () => state,
    set(patch) {
      const before = state;
      const keys = /** @type {(keyof S)[]} */ (Object.keys(patch));
      if (keys.every((key) => Object.is(before[key], patch[key]))) return;
      state = { ...before, ...patch };
      tell(before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
