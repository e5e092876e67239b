// The panel that breaks things, and what the sample tracker is doing.

import { make } from "/bubble.js";
import { ago, say, words } from "/words.js";

const REPAIRS = { stop_scrapers: "start_scrapers", corrupt: "repair", freeze: "thaw", load_cpu: "release_cpu" };
const ICONS = { stop_scrapers: "⏹", corrupt: "✂", freeze: "❄", load_cpu: "🔥" };
const ASK = ["/health", "/top5", "/alerts", "/sources", "/help"];

export class Panel {
  constructor({ list, facts, chips, onAct, onAsk }) {
    Object.assign(this, { list, facts, chips, onAct, onAsk, status: null, mended: new Map() });
  }

  show(status) {
    for (const name of this.status?.broken ? Object.keys(this.status.broken) : []) {
      if (!(name in status.broken)) this.mended.set(name, Date.now());
    }
    this.status = status;
    this.draw();
  }

  draw() {
    this.chips.replaceChildren(...ASK.map((text) => this.#chip(text)));
    if (!this.status) return;
    const held = this.list.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    this.list.replaceChildren(...Object.keys(REPAIRS).map((name) => this.#breaker(name)));
    if (held) this.list.querySelector(`[data-name="${held}"]`)?.focus();
    this.tick();
  }

  tick() {
    if (!this.status) return;
    for (const node of this.list.querySelectorAll(".hint")) node.textContent = this.#hint(node.dataset.of);
    const { running, files, newest_at, busy, corrupted } = this.status;
    const rows = [[say("scrapers"), say(running ? "running" : "stopped"), running ? "good" : "bad"], [say("files"), String(files)],
      [say("newest"), newest_at ? ago(newest_at) : say("none")], [say("cpu"), busy ? say("busy", { n: busy }) : say("idle"), busy ? "bad" : ""]];
    if (corrupted) rows.push([say("corruptFile"), corrupted, "bad"]);
    this.facts.replaceChildren(...rows.flatMap(([name, value, mood]) => [make("dt", "", name), make("dd", mood ?? "", value)]));
  }

  #hint(name) {
    const since = this.status.broken[name];
    if (since !== undefined) {
      const left = Math.ceil((this.status.hints[name] ?? 20) - (Date.now() / 1000 - since));
      return left > 0 ? say("hint", { s: left }) : say("shows");
    }
    return Date.now() - (this.mended.get(name) ?? 0) < 20000 ? say("works") : "";
  }

  #breaker(name) {
    const broken = name in this.status.broken, [doIt, undo, why] = words(name);
    const button = make("button", broken ? "undo" : "do", broken ? undo : doIt);
    Object.assign(button, { type: "button" });
    button.dataset.name = name;
    button.addEventListener("click", () => { button.disabled = true; this.onAct(broken ? REPAIRS[name] : name); });
    const hint = make("span", "hint");
    hint.dataset.of = name;
    hint.setAttribute("role", "status");
    const icon = make("span", "icon", ICONS[name]);
    icon.setAttribute("aria-hidden", "true");
    const state = broken ? [make("em", "", say("broken"))] : [];
    return make("li", broken ? "broken" : "", icon, make("div", "about", make("p", "", why, " ", ...state), hint), button);
  }

  #chip(text) {
    const node = make("button", "chip", text);
    node.type = "button";
    node.addEventListener("click", () => this.onAsk(text));
    return node;
  }
}
