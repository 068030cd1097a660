// Plain text into text nodes, web links and telephone links. Nothing else becomes an element.

import { make } from "./dom.js";

const WEB = /https?:\/\/[^\s<>"'()\[\]{}「」『』…，。]+/;
const PHONE = /(?<![\d-])(?:0\d{1,2}-\d{3,4}-\d{4}|1[5-9]\d{2}-\d{4})(?![\d-])/;
const SHORT = /(?<![\d-])(?:119|112)(?![\d-])/;

/**
 * @param {string} text
 * @param {boolean} isEmergency 119 and 112 become links too
 * @returns {Node[]}
 */
export function linked(text, isEmergency = false) {
  const kinds = [WEB, PHONE, ...(isEmergency ? [SHORT] : [])];
  const pattern = new RegExp(kinds.map((one) => one.source).join("|"), "g");
  /** @type {Node[]} */
  const nodes = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const word = match[0].replace(/[.,!?;:·]+$/, "");
    const link = word.startsWith("http") ? web(word) : make("a", { href: `tel:${word}`, text: word });
    if (!link) continue;
    if (match.index > done) nodes.push(document.createTextNode(text.slice(done, match.index)));
    nodes.push(link);
    done = match.index + word.length;
  }
  if (done < text.length) nodes.push(document.createTextNode(text.slice(done)));
  return nodes;
}

/** @param {string} address */
function web(address) {
  try {
    const url = new URL(address);
    if (url.protocol !== "https:" && url.protocol !== "http:") return null;
    return make("a", { href: url.href, text: address, target: "_blank", rel: "noopener noreferrer nofollow" });
  } catch {
    return null;
  }
}
