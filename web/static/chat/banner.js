// One line at the top that says how the connection is; silent while all is well.

import { byId, make } from "./dom.js";
import { say } from "./words.js";

const PATIENCE_MS = 1200;
const BACK_MS = 3000;

export class Banner {
  constructor() {
    this.line = byId("banner");
    this.line.hidden = false;
    this.timer = 0;
    this.isShown = false;
  }

  /** @param {"open" | "lost" | "offline" | "expired"} state */
  show(state) {
    if (state === "lost" && !this.isShown) {
      // A short break is no news; further failures do not begin the waiting anew.
      this.timer ||= setTimeout(() => this.say("lost", "lost"), PATIENCE_MS);
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    if (state === "open") return this.back();
    this.say(state, state);
    if (state !== "expired") return;
    this.line.append(" ", make("button", { type: "button", class: "again", text: say("restart"), onclick: () => location.reload() }));
  }

  back() {
    if (!this.isShown) return;
    this.say("back", "back");
    this.isShown = false;
    this.timer = setTimeout(() => this.line.replaceChildren(), BACK_MS);
  }

  /** @param {string} key @param {string} look */
  say(key, look) {
    this.isShown = true;
    this.line.className = `banner ${look}`;
    this.line.textContent = say(key);
  }
}
