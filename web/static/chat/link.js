// The live link to the city: WebSocket first, then an event stream with POST, then reading the thread by and by.

import { postFrame, readThread } from "./api.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const BEAT_MS = 25_000;
const ANSWER_MS = 10_000;
const POLL_MS = 5000;
const SHUT_TIMES = 2;

/** Tells `state` ("open", "lost", "offline", "expired") and `frame`; never loses a frame that it accepted. */
export class Link extends EventTarget {
  constructor() {
    super();
    this.mode = typeof WebSocket === "function" ? "socket" : "stream";
    this.isOpen = false;
    this.isOver = false;
    this.failures = 0;
    this.shut = 0;
    /** @type {WebSocket | null} */ this.socket = null;
    /** @type {EventSource | null} */ this.source = null;
    /** @type {Map<string, (verdict: import("./api.js").Verdict) => void>} */ this.asked = new Map();
    this.timer = 0;
    this.beat = 0;
    this.heardAt = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.drop("offline"));
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  /** Connect now, unless connected. */
  hurry() {
    if (this.isOpen || this.isOver || this.socket || this.source) return;
    clearTimeout(this.timer);
    this.start();
  }

  start() {
    if (this.mode === "socket") this.openSocket();
    else if (this.mode === "stream") this.openStream();
    else this.poll();
  }

  /**
   * Hand one message over.
   * @param {{id: string}} frame
   * @returns {Promise<import("./api.js").Verdict>}
   */
  deliver(frame) {
    if (this.mode !== "socket") return postFrame(frame);
    const socket = this.socket;
    if (!this.isOpen || !socket) return Promise.resolve({ ok: false, reason: "lost" });
    return new Promise((resolve) => {
      const late = setTimeout(() => this.drop("lost"), ANSWER_MS);
      this.asked.set(frame.id, (verdict) => {
        clearTimeout(late);
        this.asked.delete(frame.id);
        resolve(verdict);
      });
      socket.send(JSON.stringify({ type: "message", message: frame }));
    });
  }

  /** The session is over: no more tries. */
  expire() {
    this.isOver = true;
    this.close();
    this.tell("state", "expired");
  }

  openSocket() {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/chat/socket`);
    this.socket = socket;
    let wasOpen = false;
    const slow = setTimeout(() => socket.close(), ANSWER_MS);
    socket.onopen = () => {
      wasOpen = true;
      clearTimeout(slow);
      this.opened();
      this.beat = setInterval(() => this.check(socket), BEAT_MS);
    };
    socket.onmessage = (event) => this.heard(event.data);
    socket.onclose = () => {
      clearTimeout(slow);
      if (this.socket !== socket) return;
      this.drop("lost");
      if (!wasOpen) this.doubt("stream");
    };
  }

  openStream() {
    const source = new EventSource("/chat/events");
    this.source = source;
    source.onopen = () => this.opened();
    source.onmessage = (event) => this.heard(event.data);
    source.onerror = () => {
      if (this.source !== source) return;
      const wasOpen = this.isOpen;
      this.drop("lost");
      if (!wasOpen) this.doubt("poll");
    };
  }

  /** The door did not open: is the city away, the session over, or only this kind of door shut?
   * @param {string} next the mode to fall back to */
  async doubt(next) {
    const mode = this.mode;
    const { reason } = await readThread();
    if (reason === "expired") return this.expire();
    if (reason || this.isOpen || this.mode !== mode) return;
    this.shut += 1;
    if (this.shut < SHUT_TIMES) return;
    this.shut = 0;
    this.mode = next;
    this.hurry();
  }

  async poll() {
    const { reason } = await readThread();
    if (reason) return this.drop("lost");
    this.opened();
    this.timer = setTimeout(() => {
      this.isOpen = false;
      this.poll();
    }, POLL_MS);
  }

  opened() {
    this.isOpen = true;
    this.failures = this.shut = 0;
    this.heardAt = Date.now();
    this.tell("state", "open");
  }

  /** @param {string} data */
  heard(data) {
    this.heardAt = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "accepted") this.asked.get(frame.id)?.({ ok: true });
    else if (frame.type === "refused") this.asked.get(frame.id)?.({ ok: false, reason: frame.reason });
    else this.tell("frame", frame);
  }

  /** @param {WebSocket} socket */
  check(socket) {
    const asked = Date.now();
    socket.send('{"type":"ping"}');
    setTimeout(() => this.socket === socket && this.heardAt < asked && this.drop("lost"), ANSWER_MS);
  }

  /** Let the present connection go and try again later. @param {"lost" | "offline"} why */
  drop(why) {
    this.close();
    if (this.isOver) return;
    this.failures += 1;
    this.tell("state", navigator.onLine ? why : "offline");
    clearTimeout(this.timer);
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 1.8 ** (this.failures - 1));
    this.timer = setTimeout(() => this.hurry(), wait * (0.5 + Math.random()));
  }

  close() {
    const { socket, source } = this;
    this.socket = this.source = null;
    this.isOpen = false;
    clearInterval(this.beat);
    clearTimeout(this.timer);
    socket?.close();
    source?.close();
    for (const answer of [...this.asked.values()]) answer({ ok: false, reason: "lost" });
  }

  /** @param {string} name @param {unknown} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
