// @ts-check
// Before the first paint, so that a page with a chosen theme never shows the other one.
try {
  document.documentElement.dataset.theme = localStorage.getItem("pliant.theme") ?? "";
} catch {
  // Storage can be forbidden; then the system's theme is used.
}
