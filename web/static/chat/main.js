// Puts the chat together: what the citizen does goes to the outbox, what the city says goes to the log.

import { forgetSession, readThread } from "./api.js";
import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { byId, make } from "./dom.js";
import { Link } from "./link.js";
import { Log } from "./log.js";
import { newId, Outbox } from "./outbox.js";
import { PhotoPicker } from "./photo.js";
import { whereAmI } from "./place.js";
import { lang, say, words } from "./words.js";

const TYPING_MS = 8000;
const ASK_AGAIN_MS = 3000;

const link = new Link();
const outbox = new Outbox((frame) => link.deliver(frame));
const banner = new Banner();
const log = new Log({ press, ask, again });
const composer = new Composer((text) => utter({ type: "text", text }));
const picker = new PhotoPicker((upload, preview) => utter({ type: "photo", upload }, preview));
const tabs = "BroadcastChannel" in window ? new BroadcastChannel("sinmungo.chat") : null;
const typing = byId("typing");
let typingTimer = 0;
let askTimer = 0;

/**
 * The citizen says something: shown at once, kept until the city has it.
 * @param {Omit<import("./outbox.js").Frame, "id">} what
 * @param {string} [preview]
 */
function utter(what, preview) {
  const frame = { id: newId(), lang, ...what };
  show(frame, new Date().toISOString(), preview);
  toggleStarters(false);
  outbox.add(frame);
}

/** @param {import("./outbox.js").Frame} frame @param {string} at @param {string} [preview] */
function show(frame, at, preview) {
  const kind = frame.type === "photo" ? "media" : frame.type;
  const place = frame.lat === undefined || frame.lon === undefined ? null : { lat: frame.lat, lon: frame.lon };
  log.add({ id: frame.id, from: "citizen", kind, text: frame.text ?? "", at, place, photo: frame.upload, preview, state: "sending" });
}

/** @param {import("./api.js").Message} _message @param {import("./api.js").Button} button */
function press(_message, button) {
  utter({ type: "button", text: button.label, payload: button.payload });
}

/** @param {string} what */
async function ask(what) {
  if (what === "photo") return picker.open();
  const found = await whereAmI((text) => composer.note(text));
  if (found) utter({ type: "place", ...found });
}

/** @param {string} id */
function again(id) {
  const message = log.message(id);
  if (!message) return;
  log.remove(id);
  byId("text").value = message.text;
  composer.changed();
  byId("text").focus();
}

/** @param {string} [also] */
async function load(also) {
  clearTimeout(askTimer);
  const { messages, reason } = await readThread(also);
  if (messages) {
    log.restore(messages);
    for (const message of messages) if (message.from === "citizen") outbox.settle(message.id);
    if (!log.size) toggleStarters(true);
    byId("menu").classList.toggle("used", log.size > 0);
    composer.noteLine.dataset.thread && composer.note("");
    delete composer.noteLine.dataset.thread;
  } else if (reason === "expired") link.expire();
  else {
    if (link.isOpen) {
      composer.note(say("thread_failed"));
      composer.noteLine.dataset.thread = "yes";
    }
    askTimer = setTimeout(() => load(also), ASK_AGAIN_MS);
  }
}

/** @param {boolean} isTyping */
function showTyping(isTyping) {
  clearTimeout(typingTimer);
  typing.hidden = !isTyping;
  if (!isTyping) return;
  if (log.wasAtEnd) log.toEnd();
  typingTimer = setTimeout(() => showTyping(false), TYPING_MS);
}

/** @param {boolean} isOpen */
function toggleStarters(isOpen) {
  byId("starters").hidden = !isOpen;
  byId("menu").setAttribute("aria-expanded", String(isOpen));
}

/** @param {boolean} isOpen */
function toggleAbout(isOpen) {
  byId("about").classList.toggle("open", isOpen);
  byId("about-open").setAttribute("aria-expanded", String(isOpen));
}

link.addEventListener("state", (event) => {
  const state = /** @type {CustomEvent} */ (event).detail;
  banner.show(state);
  if (state !== "open") return showTyping(false);
  load();
  outbox.flush();
});

link.addEventListener("frame", (event) => {
  const frame = /** @type {CustomEvent} */ (event).detail;
  if (frame.type === "typing") return showTyping(true);
  if (frame.type === "resync") return load();
  if (frame.type !== "message") return;
  showTyping(false);
  log.add({ at: new Date().toISOString(), ...frame, from: "bot", kind: "text" });
  if (frame.fetch) load(frame.id);
});

outbox.addEventListener("accepted", (event) => {
  log.state(/** @type {CustomEvent} */ (event).detail.id, "sent");
  composer.noteLine.dataset.wait && composer.note("");
  delete composer.noteLine.dataset.wait;
  tabs?.postMessage("said");
});

outbox.addEventListener("waiting", (event) => {
  const { id, reason } = /** @type {CustomEvent} */ (event).detail;
  log.state(id, "waiting");
  if (reason === "lost") return;
  composer.note(say(`refused_${reason}`));
  composer.noteLine.dataset.wait = "yes";
});

outbox.addEventListener("refused", (event) => {
  const { id, reason } = /** @type {CustomEvent} */ (event).detail;
  log.state(id, "failed");
  composer.note(say(reason === "foreign" ? "refused_foreign" : "refused_bad"));
});

outbox.addEventListener("expired", () => link.expire());

tabs?.addEventListener("message", (event) => {
  if (event.data === "said") load();
  if (event.data === "forgotten") location.reload();
});

for (const text of words.starters) {
  const starter = make("button", { type: "button", class: "starter", text, onclick: () => utter({ type: "text", text }) });
  byId("starters").append(starter);
}
byId("menu").addEventListener("click", () => toggleStarters(byId("starters").hidden));
byId("photo").addEventListener("click", () => picker.open());
byId("place").addEventListener("click", () => ask("place"));
byId("about-open").addEventListener("click", () => toggleAbout(!byId("about").classList.contains("open")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || dialog.open || !byId("about").classList.contains("open")) return;
  toggleAbout(false);
  byId("about-open").focus();
});

const dialog = byId("forget-dialog");
byId("forget").addEventListener("click", () => dialog.showModal());
byId("forget-no").addEventListener("click", () => dialog.close());
byId("forget-yes").addEventListener("click", async () => {
  if (!(await forgetSession())) return;
  outbox.clear();
  sessionStorage.clear();
  tabs?.postMessage("forgotten");
  location.reload();
});

for (const { frame, at } of outbox.items) show(frame, at);
link.start();
