// The page's words, put into the document by the server in the citizen's language.

const found = document.getElementById("words");

/** @type {Record<string, string> & {starters: string[]}} */
export const words = JSON.parse(found?.textContent ?? "{}");

/** @type {"ko" | "en"} */
export const lang = document.documentElement.lang === "en" ? "en" : "ko";

/**
 * A sentence with its values filled in.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  return String(words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
