// @ts-check

const KEY = "pliant-token";

/**
 * The token that a server for other machines wants. It comes in the address, behind `#token=`, and is taken out of
 * it, so that it is in no history, and no link that is passed on; this tab remembers it.
 *
 * @param {Pick<Window, "location" | "history" | "sessionStorage">} [page]
 */
export function createToken({ location, history, sessionStorage } = window) {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return {
    /** @returns {string | null} */
    get: () => sessionStorage.getItem(KEY),
    /** @param {string} token */
    set: (token) => sessionStorage.setItem(KEY, token),
  };
}
