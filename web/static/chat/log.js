// The conversation on the page: every message once, in the order of the city's own thread.

import { bubble, day, mark } from "./bubble.js";
import { byId, icon, make } from "./dom.js";
import { say } from "./words.js";

/** @typedef {import("./api.js").Message} Message */

export class Log {
  /** @param {import("./bubble.js").Hands} hands */
  constructor(hands) {
    this.hands = hands;
    this.box = byId("log");
    this.list = byId("messages");
    this.newer = byId("newer");
    /** @type {Map<string, {message: Message, item: HTMLElement, rank: number}>} */ this.known = new Map();
    this.rank = 0;
    this.newer.addEventListener("click", () => this.toEnd());
    this.box.addEventListener("scroll", () => this.isAtEnd() && this.newer.toggleAttribute("hidden", true));
    new ResizeObserver(() => this.wasAtEnd && this.toEnd()).observe(this.box);
    this.wasAtEnd = true;
    this.box.addEventListener("scroll", () => (this.wasAtEnd = this.isAtEnd()));
  }

  get size() {
    return this.known.size;
  }

  /** @param {string} id */
  message(id) {
    return this.known.get(id)?.message;
  }

  /** A message said just now, by either side. @param {Message} message */
  add(message) {
    if (this.known.has(message.id)) return;
    const follow = this.isAtEnd() || message.from === "citizen";
    this.put(message);
    this.arrange();
    if (follow) this.toEnd();
    else this.newer.toggleAttribute("hidden", false);
  }

  /** The thread as the city has it. @param {Message[]} messages */
  restore(messages) {
    const follow = this.isAtEnd() || !this.size;
    const hadAll = messages.every((message) => this.known.has(message.id));
    for (const message of messages) {
      const here = this.known.get(message.id);
      if (!here) this.put(message);
      else {
        here.message.seq = message.seq;
        here.message.photo ??= message.photo;
        if (here.message.from !== message.from || here.message.fetch) this.renew(here, message);
        this.state(message.id, "sent");
      }
    }
    this.arrange();
    this.box.setAttribute("aria-busy", "false");
    if (follow) this.toEnd();
    else if (!hadAll) this.newer.toggleAttribute("hidden", false);
  }

  /** @param {string} id @param {"sending" | "waiting" | "sent" | "failed"} state */
  state(id, state) {
    const here = this.known.get(id);
    if (!here || here.message.from !== "citizen" || here.message.state === state) return;
    here.message.state = state;
    mark(here.item, here.message, this.hands);
    if (this.wasAtEnd) this.toEnd();
  }

  /** @param {string} id */
  remove(id) {
    this.known.get(id)?.item.remove();
    this.known.delete(id);
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.wasAtEnd = true;
    this.newer.toggleAttribute("hidden", true);
  }

  isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 80;
  }

  /** @param {Message} message */
  put(message) {
    const item = bubble(message, this.hands);
    this.known.set(message.id, { message, item, rank: (this.rank += 1) });
    if (message.state) mark(item, message, this.hands);
    item.querySelector("img.photo")?.addEventListener("load", () => this.wasAtEnd && this.toEnd());
  }

  /** @param {{message: Message, item: HTMLElement}} here @param {Message} message */
  renew(here, message) {
    const item = bubble(message, this.hands);
    here.item.replaceWith(item);
    here.item = item;
    here.message = message;
  }

  /** Put items in order (thread first, then what is not in it yet), name days and speakers, retire old chips. */
  arrange() {
    const all = [...this.known.values()].sort(
      (a, b) => (a.message.seq ?? Infinity) - (b.message.seq ?? Infinity) || a.rank - b.rank,
    );
    let place = this.list.firstElementChild;
    let before = null;
    for (const here of all) {
      if (here.item === place) place = place.nextElementSibling;
      else this.list.insertBefore(here.item, place);
      this.dress(here, before);
      before = here.message;
    }
    this.retire(all);
  }

  /** @param {{message: Message, item: HTMLElement}} here @param {Message | null} before */
  dress({ message, item }, before) {
    const name = day(message.at);
    const isNewDay = before ? day(before.at) !== name : name !== day(new Date().toISOString());
    const shown = item.querySelector(".day");
    if (isNewDay && !shown) item.prepend(make("p", { class: "day" }, make("span", { text: name })));
    if (!isNewDay) shown?.remove();
    item.classList.toggle("same", !isNewDay && before?.from === message.from);
  }

  /** Chips are for the open question only: what the citizen has gone past stays readable, not pressable.
   * @param {{message: Message, item: HTMLElement}[]} all */
  retire(all) {
    let said = "";
    let isPast = false;
    for (const { message, item } of [...all].reverse()) {
      if (message.from === "citizen") {
        isPast = true;
        said = message.kind === "button" ? message.text : "";
        continue;
      }
      for (const chip of item.querySelectorAll(".chip")) {
        const isChosen = isPast && said !== "" && chip.textContent === said;
        chip.setAttribute("aria-disabled", String(isPast));
        if (isChosen && !chip.classList.contains("chosen")) {
          chip.classList.add("chosen");
          chip.setAttribute("aria-label", `${said}, ${say("chosen")}`);
          chip.prepend(icon("check"));
        }
      }
    }
  }
}
