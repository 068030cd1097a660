// The box to write in: Enter sends, Shift+Enter breaks the line, and a syllable still being composed is left alone.

import { byId } from "./dom.js";
import { say } from "./words.js";

const MOST = 4000;
const WARN = 3700;
const KEY = "sinmungo.draft";

export class Composer {
  /** @param {(text: string) => void} send */
  constructor(send) {
    this.box = byId("text");
    this.noteLine = byId("note");
    this.form = byId("composer");
    this.sendText = send;
    this.noteTimer = 0;
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.submit();
    });
    this.box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.box.addEventListener("input", () => this.changed());
    this.box.value = sessionStorage.getItem(KEY) ?? "";
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // Key code 229: some input methods report the Enter that ends a syllable without isComposing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.submit();
  }

  submit() {
    const text = this.box.value.trim();
    if (!text) return;
    if (length(text) > MOST) {
      this.note(say("too_long", { count: length(text).toLocaleString() }));
      return;
    }
    this.box.value = "";
    this.changed();
    this.note("");
    this.sendText(text);
    this.box.focus();
  }

  changed() {
    const { box } = this;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
    const count = length(box.value);
    byId("send").classList.toggle("ready", box.value.trim() !== "");
    if (count > MOST) this.note(say("too_long", { count: count.toLocaleString() }));
    else if (count > WARN) this.note(say("left", { count: MOST - count }));
    else if (this.noteLine.dataset.count) this.note("");
    this.noteLine.dataset.count = count > WARN ? "yes" : "";
    try {
      sessionStorage.setItem(KEY, box.value);
    } catch {
      // Nothing is kept; the draft lives as long as the page.
    }
  }

  /** A line above the box, read out politely. @param {string} text @param {number} [ms] how long it stays */
  note(text, ms = 0) {
    clearTimeout(this.noteTimer);
    this.noteLine.textContent = text;
    if (ms) this.noteTimer = setTimeout(() => (this.noteLine.textContent = ""), ms);
  }
}

/** Characters as the city counts them: code points. @param {string} text */
function length(text) {
  return [...text].length;
}
