// The panel that breaks things, and what the sample tracker is doing.

import { make } from "/bubble.js";
import { ago, say, words } from "/words.js";

const REPAIRS = { stop_scrapers: "start_scrapers", corrupt: "repair", freeze: "thaw", load_cpu: "release_cpu", delete_data: "put_back", stop_bot: "start_bot" };
const ICONS = {
  stop_scrapers: "M12 3v4M12 17v4M3 12h4M17 12h4M5.600 5.600l2.900 2.900M15.500 15.500l2.900 2.900M5.600 18.400l2.900-2.900M15.500 8.500l2.900-2.900",
  corrupt: "M13 3H7a2 2 0 0 0-2 2v5l3 2-2 3 4 2-2 4M13 3l6 6v10a2 2 0 0 1-2 2h-5M13 3v6h6",
  freeze: "M12 2v20M4 7l16 10M20 7 4 17M9 4l3 3 3-3M9 20l3-3 3 3M3.500 10.500 7 9l-.5-4M20.500 13.500 17 15l.5 4M20.500 10.500 17 9l.5-4M3.500 13.500 7 15l-.5 4",
  delete_data: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  stop_bot: "M12 3v8M6.500 6.500a8 8 0 1 0 11 0",
  load_cpu: "M7 7h10v10H7zM10 10h4v4h-4zM9 7V3M15 7V3M9 21v-4M15 21v-4M7 9H3M7 15H3M21 9h-4M21 15h-4",
};
const SVG = "http://www.w3.org/2000/svg";
const ASK = ["/health", "/top5", "/alerts", "/sources", "/backup", "/help"];

function icon(line) {
  const drawing = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  path.setAttribute("d", line);
  drawing.append(path);
  return make("span", "icon", drawing);
}

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
    if (name === "stop_bot") return since === undefined ? "" : say("away");
    if (since !== undefined) {
      const left = Math.ceil((this.status.hints[name] ?? 20) - (Date.now() / 1000 - since));
      return left > 0 ? say("hint", { s: left }) : say("shows");
    }
    return Date.now() - (this.mended.get(name) ?? 0) < 20000 ? say("works") : "";
  }

  #breaker(name) {
    const broken = name in this.status.broken, [title, doIt, undo, why] = words(name);
    const button = make("button", broken ? "undo" : "do", broken ? undo : doIt);
    Object.assign(button, { type: "button" });
    button.dataset.name = name;
    button.addEventListener("click", () => { button.disabled = true; this.onAct(broken ? REPAIRS[name] : name); });
    const hint = make("span", "hint");
    hint.dataset.of = name;
    hint.setAttribute("role", "status");
    button.setAttribute("aria-label", `${broken ? undo : doIt}: ${title}`);
    return make("li", broken ? "broken" : "", icon(ICONS[name]), make("div", "about", make("b", "", title), make("p", "", why), hint), button);
  }

  #chip(text) {
    const node = make("button", "chip", text);
    node.type = "button";
    node.addEventListener("click", () => this.onAsk(text));
    return node;
  }
}
