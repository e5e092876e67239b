// The list of messages: days, unread marker, scrolling that never jumps under a reader.

import { bubble, make, redraw, settle } from "/bubble.js";
import { day, say } from "/words.js";

const NEAR_PX = 60, GLIDE_MS = 700;

export class Log {
  constructor(root, down, acts) {
    Object.assign(this, { root, down, acts, messages: new Map(), unread: 0 });
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    for (const hand of ["wheel", "touchstart", "pointerdown", "keydown"]) root.addEventListener(hand, () => { this.#glide = 0; }, { passive: true });
    document.addEventListener("visibilitychange", () => this.#look());
    down.addEventListener("click", () => this.toEnd(true));
    new ResizeObserver(() => { if (this.#following) this.toEnd(); }).observe(root);
  }

  #following = true; // the end is in view, or on its way there
  #glide = 0; // until when the page itself is scrolling
  #top = 0;
  near() { return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_PX; }
  find(id) { return this.root.querySelector(`article[data-id="${Number(id)}"]`); }
  toEnd(smooth = false) {
    const root = this.root, far = root.scrollHeight - root.scrollTop > 3 * root.clientHeight;
    this.#following = true;
    this.#glide = performance.now() + GLIDE_MS;
    root.scrollTo({ top: root.scrollHeight, behavior: smooth && !far ? "smooth" : "instant" });
  }

  reset(messages, intro) {
    this.messages.clear();
    this.#unmark();
    this.root.replaceChildren();
    this.intro = intro;
    if (!messages.length && intro) this.root.append(intro);
    messages.forEach((one) => this.#append(one));
    this.toEnd();
    this.#look();
  }

  add(message) {
    if (this.messages.has(message.message_id)) { this.change(message); return; }
    const stay = !message.mine && (!this.#following || document.hidden);
    this.intro?.remove();
    if (stay && !this.unread) this.root.append(this.marker = make("p", "unread-mark", make("span", "", say("unread"))));
    if (message.mine) this.#unmark();
    if (stay) this.unread += 1;
    const follow = this.#following || message.mine;
    this.#append(message).classList.add("fresh");
    if (follow) this.toEnd(!document.hidden);
    this.#badge();
  }

  change(message) {
    const node = this.find(message.message_id);
    this.messages.set(message.message_id, message);
    if (!node) return;
    const follow = this.#following;
    redraw(node, message, this.acts);
    node.classList.remove("flash");
    if (follow) this.toEnd();
  }

  remove(id) { this.messages.delete(id); this.find(id)?.remove(); }

  jump(id) {
    const node = this.find(id);
    if (!node) return false;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("flash");
    requestAnimationFrame(() => node.classList.add("flash"));
    return true;
  }

  #append(message) {
    const date = day(message.date);
    const last = [...this.root.querySelectorAll(".day")].pop();
    if (last?.textContent !== date) this.root.append(make("p", "day", make("span", "", date)));
    this.messages.set(message.message_id, message);
    const node = bubble(message, this.acts);
    this.root.append(node);
    settle(node, []);
    return node;
  }

  #scrolled() {
    const up = this.root.scrollTop < this.#top - 1;
    this.#top = this.root.scrollTop;
    if (this.near()) this.#following = true;
    else if (up || performance.now() > this.#glide) this.#following = false;
    this.#look();
  }

  #look() {
    if (this.#following && !document.hidden) this.unread = 0;
    this.#badge();
  }

  #unmark() { this.marker?.remove(); this.marker = null; this.unread = 0; }

  #badge() {
    this.down.hidden = this.#following && !this.unread;
    this.down.querySelector("b").textContent = this.unread || "";
    document.title = `${this.unread ? `(${this.unread}) ` : ""}Vigie · ${say("sample")}`;
  }
}
