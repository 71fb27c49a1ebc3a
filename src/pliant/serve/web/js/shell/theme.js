// @ts-check
import { remember } from "./page.js";

const root = document.documentElement;

/** Whether the page is dark now, by choice or by the system. */
export const isDark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

/** From light to dark or back; the choice stays. */
export function switchTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  remember("pliant.theme", root.dataset.theme);
}
