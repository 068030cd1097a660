// One message as a list item. Everything that came from a person or the network goes in as text.

import { linked } from "./autolink.js";
import { icon, make } from "./dom.js";
import { lang, say } from "./words.js";

/** @typedef {import("./api.js").Message} Message */
/** @typedef {{press: (message: Message, button: import("./api.js").Button) => void, ask: (what: string) => void,
 *   again: (id: string) => void}} Hands */

const TIME = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(lang, { year: "numeric", month: "long", day: "numeric", weekday: "long" });

/**
 * @param {Message} message
 * @param {Hands} hands
 * @returns {HTMLLIElement}
 */
export function bubble(message, hands) {
  const isMine = message.from === "citizen";
  const isUrgent = message.purpose === "emergency";
  const classes = ["said", isMine ? "mine" : "theirs", isUrgent ? "emergency" : "", message.kind === "media" ? "with-photo" : ""].filter(Boolean).join(" ");
  const body = make("div", { class: "bubble" });
  if (isUrgent) body.append(make("p", { class: "urgent-name", text: say("emergency") }));
  body.append(...(isMine ? mine(message) : [words(message)]));
  if (isUrgent) body.append(calls(message.text));
  const who = isMine ? "me" : message.from === "staff" ? "staff" : "bot";
  const item = make(
    "li",
    { class: classes, "data-id": message.id },
    make("p", { class: `who ${who}`, text: say(who) }),
    make("div", { class: "line" }, body, make("p", { class: "meta" }, make("time", { datetime: message.at, text: clock(message.at) }))),
  );
  if (!isMine) item.append(...chips(message, hands));
  return item;
}

/** @param {string} at */
export function clock(at) {
  return TIME.format(new Date(at));
}

/** @param {string} at */
export function day(at) {
  return DAY.format(new Date(at));
}

/**
 * Shows where the citizen's own message stands.
 * @param {HTMLElement} item
 * @param {Message} message
 * @param {Hands} hands
 */
export function mark(item, message, hands) {
  const meta = /** @type {HTMLElement} */ (item.querySelector(".meta"));
  meta.querySelectorAll(".state").forEach((old) => old.remove());
  item.classList.toggle("pending", message.state === "sending" || message.state === "waiting");
  item.classList.toggle("failed", message.state === "failed");
  if (!message.state || message.state === "sent") return;
  meta.prepend(make("span", { class: "state", text: say(message.state) }));
  if (message.state !== "failed") return;
  const again = make("button", { type: "button", class: "again state", text: say("again"), onclick: () => hands.again(message.id) });
  meta.append(again);
}

/** @param {Message} message */
function words(message) {
  const isKorean = /[가-힣]/.test(message.text);
  const text = make("p", { class: "text", lang: message.lang ?? (isKorean ? "ko" : "en") });
  text.append(...linked(message.text, message.purpose === "emergency"));
  return text;
}

/** @param {Message} message @returns {Node[]} */
function mine(message) {
  /** @type {Node[]} */
  const parts = [];
  if (message.kind === "media") parts.push(photo(message));
  if (message.kind === "place") {
    const at = message.place;
    const about = at ? say("place_about", { lat: at.lat.toFixed(4), lon: at.lon.toFixed(4) }) : "";
    parts.push(make("p", { class: "pin" }, icon("place"), make("span", {}, say("place_sent"), make("small", { text: about }))));
  }
  if (message.text) parts.push(words(message));
  return parts;
}

/** @param {Message} message */
function photo(message) {
  const gone = () => make("p", { class: "text", text: say("photo_gone") });
  const source = message.preview ?? (message.photo ? `/chat/photos/${message.photo}` : "");
  if (!source) return gone();
  const image = make("img", { class: "photo", src: source, alt: say("photo_alt"), loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(gone()));
  return image;
}

/** @param {string} text */
function calls(text) {
  const numbers = ["119", "112"].filter((number) => text.includes(number));
  const links = numbers.map((number) =>
    make("a", { class: "call", href: `tel:${number}` }, icon("phone"), say("call", { number })),
  );
  return make("p", { class: "calls" }, ...links);
}

/** @param {Message} message @param {Hands} hands @returns {Node[]} */
function chips(message, hands) {
  const made = (message.buttons ?? []).map((button) => {
    const chip = make("button", { type: "button", class: "chip", text: button.label });
    chip.addEventListener("click", () => chip.getAttribute("aria-disabled") !== "true" && hands.press(message, button));
    return make("li", {}, chip);
  });
  if (message.ask === "place" || message.ask === "photo") {
    const what = message.ask;
    const chip = make("button", { type: "button", class: "chip native" }, icon(what), say(`ask_${what}`));
    chip.addEventListener("click", () => chip.getAttribute("aria-disabled") !== "true" && hands.ask(what));
    made.push(make("li", {}, chip));
  }
  return made.length ? [make("ul", { class: "chips" }, ...made)] : [];
}
