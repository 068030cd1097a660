// What the citizen said and the city has not confirmed yet. It outlives a reload; the same id goes out again.

const KEY = "sinmungo.outbox";
const WAITS_MS = [2000, 4000, 8000, 15_000, 30_000];

/** @typedef {{id: string, type: string, text?: string, payload?: string, lat?: number, lon?: number,
 *   accuracy?: number, upload?: string, lang?: string}} Frame */
/** @typedef {{frame: Frame, at: string}} Item */

/** Tells `accepted`, `waiting` {id, reason}, `refused` {id, reason} and `expired`. One message at a time, in order. */
export class Outbox extends EventTarget {
  /** @param {(frame: Frame) => Promise<import("./api.js").Verdict>} deliver */
  constructor(deliver) {
    super();
    this.deliver = deliver;
    this.isBusy = false;
    this.tries = 0;
    this.timer = 0;
    /** @type {Item[]} */ this.items = stored();
  }

  /** @param {Frame} frame */
  add(frame) {
    this.items.push({ frame, at: new Date().toISOString() });
    this.store();
    this.flush();
  }

  /** The thread shows it: it has arrived, whatever the line said. @param {string} id */
  settle(id) {
    this.items = this.items.filter((item) => item.frame.id !== id);
    this.store();
  }

  clear() {
    this.items = [];
    this.store();
  }

  async flush() {
    clearTimeout(this.timer);
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.items.length) {
      const { frame } = this.items[0];
      const verdict = await this.deliver(frame);
      if (verdict.ok) {
        this.tries = 0;
        this.settle(frame.id);
        this.tell("accepted", { id: frame.id });
      } else if (verdict.reason === "expired") {
        this.tell("expired", { id: frame.id });
        break;
      } else if (["lost", "busy", "away"].includes(verdict.reason)) {
        this.tell("waiting", { id: frame.id, reason: verdict.reason });
        this.timer = setTimeout(() => this.flush(), WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)]);
        this.tries += 1;
        break;
      } else {
        this.settle(frame.id);
        this.tell("refused", { id: frame.id, reason: verdict.reason });
      }
    }
    this.isBusy = false;
  }

  store() {
    try {
      if (this.items.length) sessionStorage.setItem(KEY, JSON.stringify(this.items));
      else sessionStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing still sends; only a reload would forget.
    }
  }

  /** @param {string} name @param {unknown} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @returns {Item[]} */
function stored() {
  try {
    const items = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(items) ? items.filter((item) => item?.frame?.id) : [];
  } catch {
    return [];
  }
}

/** A random UUID (version 4); `crypto.randomUUID` exists only on secure origins. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
