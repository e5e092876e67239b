// Wires the page: one stream of events in, small JSON posts out.

import { make } from "/bubble.js";
import { Composer } from "/composer.js";
import { tickAll } from "/entities.js";
import { Log } from "/log.js";
import { Panel } from "/panel.js";
import { language, say, speak } from "/words.js";

const at = (id) => document.getElementById(id);
const PRESS_WAIT_MS = 10000, TOAST_MS = 3500, TYPING_MS = 5500;
const pressed = new Map(), answered = new Set(); // an answer may come before the press is known
let typingTimer, toastTimer, live = false;

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return answer.ok ? answer.json() : null;
  } catch { return null; }
}

function toast(text) {
  if (!text) return;
  at("toast").textContent = text;
  at("toast").classList.add("on");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => at("toast").classList.remove("on"), TOAST_MS);
}

function alertBox(text) {
  at("notice").querySelector("p").textContent = text;
  at("notice").showModal();
}

function presence(key) {
  at("presence").textContent = key === "bot" ? say("bot") : say(key);
  at("presence").className = key;
}

const acts = {
  command: (text) => send(text),
  jump: (id) => { if (!log.jump(id)) toast(say("gone")); },
  copy: async (text) => { try { await navigator.clipboard.writeText(text); toast(say("copied")); } catch { toast(text); } },
  enlarge: (src, alt) => { Object.assign(at("viewer").querySelector("img"), { src, alt }); at("viewer").showModal(); },
  press: async (message, data, node) => {
    node.classList.add("waiting");
    const got = await post("/press", { message: message.message_id, data });
    const free = () => node.classList.remove("waiting");
    if (!got) { free(); toast(say("noAnswer")); return; }
    if (answered.delete(got.query)) { free(); return; }
    pressed.set(got.query, free);
    setTimeout(() => { if (pressed.delete(got.query)) { free(); toast(say("noAnswer")); } }, PRESS_WAIT_MS);
  },
};

const log = new Log(at("log"), at("down"), acts);
const composer = new Composer({ form: at("composer"), text: at("text"), slash: at("slash"), menu: at("menu"), onSend: (text) => send(text) });
const panel = new Panel({
  list: at("breakers"), facts: at("facts"), chips: at("chips"),
  onAct: async (action) => { if (!await post("/panel", { action })) panel.draw(); },
  onAsk: (text) => { drawer(false); send(text); },
});

async function send(text) { if (!await post("/say", { text })) toast(say("lost")); }

function intro() {
  const button = make("button", "", say("start"));
  button.type = "button";
  button.addEventListener("click", () => send("/start"));
  return make("section", "intro", make("img"), make("h2", "", say("introTitle")), make("p", "", say("introText")), button);
}

function label() {
  document.querySelectorAll("[data-say]").forEach((node) => { node.textContent = say(node.dataset.say); });
  const names = { "open-panel": "panel", "close-panel": "close", slash: "commands", send: "send", down: "down", text: "message", menu: "commands", log: "message" };
  for (const [id, key] of Object.entries(names)) at(id).setAttribute("aria-label", say(key));
  at("viewer").querySelector("button").setAttribute("aria-label", say("close"));
  at("text").placeholder = say("message");
  document.querySelector(`input[value="${language()}"]`).checked = true;
  presence(live ? "bot" : "connecting");
  panel.draw();
}

function show(messages) {
  const welcome = intro();
  welcome.querySelector("img").src = "/icon.svg";
  welcome.querySelector("img").alt = "";
  log.reset(messages, welcome);
}

const EVENTS = {
  state: (event) => {
    live = true;
    speak(event.language);
    label();
    show(event.messages);
    composer.commands = event.menu;
    if (event.tracker) panel.show(event.tracker); else document.body.classList.add("no-panel");
  },
  message: (event) => { log.add(event.message); if (!event.message.mine) presence("bot"); },
  changed: (event) => log.change(event.message),
  deleted: (event) => log.remove(event.message_id),
  menu: (event) => { composer.commands = event.menu; },
  tracker: (event) => panel.show(event.tracker),
  toast: (event) => {
    if (pressed.has(event.query)) pressed.get(event.query)(); else answered.add(event.query);
    pressed.delete(event.query);
    if (event.alert) alertBox(event.text); else toast(event.text);
  },
  draft: () => EVENTS.typing(),
  typing: () => {
    presence("typing");
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => presence("bot"), TYPING_MS);
  },
};

function listen() {
  const stream = new EventSource("/events");
  stream.onmessage = (raw) => { const event = JSON.parse(raw.data); EVENTS[event.kind]?.(event); };
  stream.onerror = () => {
    live = false;
    presence("lost");
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function drawer(open) {
  document.body.classList.toggle("panel-open", open);
  at("open-panel").setAttribute("aria-expanded", String(open));
  at("phone").inert = open && matchMedia("(max-width: 859px)").matches;
  if (open || at("panel").contains(document.activeElement)) at(open ? "close-panel" : "open-panel").focus({ preventScroll: true });
}

at("open-panel").addEventListener("click", () => drawer(!document.body.classList.contains("panel-open")));
at("close-panel").addEventListener("click", () => drawer(false));
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && document.body.classList.contains("panel-open")) drawer(false); });
at("stage").addEventListener("click", (event) => { if (event.target === at("stage")) drawer(false); });
matchMedia("(min-width: 860px)").addEventListener("change", () => drawer(false));
at("viewer").addEventListener("click", () => at("viewer").close());
at("languages").addEventListener("change", async (event) => {
  await post("/language", { code: event.target.value });
  speak(event.target.value);
  label();
  show([...log.messages.values()]);
});
setInterval(() => { tickAll(); panel.tick(); }, 1000);
speak(navigator.language.slice(0, 2));
label();
listen();
