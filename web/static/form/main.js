// The form with a script: photos are shown, made smaller and counted; the position is read after a press; one post.

import { Photos } from "./photos.js";
import { post } from "./post.js";
import { readPosition } from "./position.js";

const { words, most, most_bytes: mostBytes } = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const form = /** @type {HTMLFormElement} */ (document.getElementById("form"));
const send = /** @type {HTMLButtonElement} */ (document.getElementById("send"));
const bar = /** @type {HTMLProgressElement} */ (document.getElementById("bar"));
const note = /** @type {HTMLElement} */ (document.getElementById("note"));
const problem = /** @type {HTMLElement} */ (document.getElementById("problem"));
const problemText = /** @type {HTMLElement} */ (document.getElementById("problem-text"));

/** @param {string} key @param {Record<string, string | number>} [values] */
function say(key, values = {}) {
  return String(words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @param {string} text */
function refuse(text) {
  problemText.textContent = text;
  problem.hidden = !text;
}

const photos = document.getElementById("photos") ? new Photos(say, most, mostBytes, note) : null;
const place = document.getElementById("here") ? readPosition(say, note) : null;
let isBusy = false;

/** @returns {Promise<FormData | string>} what to post, or why not */
async function filled() {
  if (photos) {
    if (!photos.count) return say("none");
    note.textContent = say("preparing");
    return photos.fields();
  }
  const fields = new FormData(form);
  if (!place?.isKnown() && !String(fields.get("address")).trim()) return say("no_place");
  return fields;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy) return;
  refuse("");
  const fields = await filled();
  if (typeof fields === "string") {
    refuse(fields);
    return;
  }
  busy(true);
  const reason = await post(location.pathname + location.search, fields, (percent) => {
    bar.value = percent;
    note.textContent = say("sending", { percent });
  });
  if (reason === null) {
    location.replace(location.pathname + location.search);
    return;
  }
  busy(false);
  note.textContent = "";
  refuse(reason || say("failed"));
});

form.addEventListener("input", () => refuse(""));
form.addEventListener("click", () => refuse(""), { capture: true });

/** @param {boolean} now */
function busy(now) {
  isBusy = now;
  bar.hidden = !now;
  send.setAttribute("aria-disabled", String(now));
}
