// Text and Telegram's entities → DOM nodes. Never innerHTML: the text is somebody else's.

import { fullTime, say, timeText } from "/words.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", text_link: "a", url: "a",
  date_time: "time", bot_command: "button", spoiler: "span", custom_emoji: "span",
};
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

export function rich(text, entities = [], onCommand = () => {}) {
  const sorted = entities.filter((one) => TAGS[one.type]).sort((a, b) => a.offset - b.offset || b.length - a.length);
  const into = document.createDocumentFragment();
  fill(into, text, sorted, 0, text.length, onCommand);
  return into;
}

function fill(parent, text, entities, from, to, onCommand) {
  let pos = from, block = false;
  const plain = (end) => {
    let part = text.slice(pos, end);
    if (block && part.startsWith("\n")) part = part.slice(1);
    if (end < to && nextBlock && part.endsWith("\n")) part = part.slice(0, -1);
    if (part) parent.append(part);
  };
  let nextBlock = false;
  for (let i = 0; i < entities.length; i += 1) {
    const one = entities[i], end = one.offset + one.length;
    if (one.offset < pos || end > to) continue;
    nextBlock = BLOCKS.has(one.type);
    plain(one.offset);
    const node = element(one, text.slice(one.offset, end), onCommand);
    const inside = entities.slice(i + 1).filter((sub) => sub.offset < end);
    fill(node.inner ?? node, text, inside, one.offset, end, onCommand);
    parent.append(node);
    finish(node, one);
    pos = end;
    block = nextBlock;
  }
  nextBlock = false;
  plain(to);
}

function element(one, text, onCommand) {
  const node = document.createElement(TAGS[one.type]);
  node.className = one.type;
  if (node.tagName === "A") link(node, one.url ?? text);
  if (one.type === "pre" && one.language) node.dataset.language = one.language;
  if (one.type === "bot_command") {
    node.type = "button";
    node.addEventListener("click", () => onCommand(text));
  }
  if (one.type === "spoiler") spoiler(node);
  if (one.type === "expandable_blockquote") {
    node.inner = document.createElement("div");
    node.append(node.inner);
  }
  return node;
}

function finish(node, one) {
  if (one.type !== "date_time") return;
  node.dateTime = new Date(one.unix_time * 1000).toISOString();
  node.title = fullTime(one.unix_time);
  node.dataset.unix = one.unix_time;
  if (one.date_time_format) node.dataset.format = one.date_time_format;
  tick(node);
}

function link(node, url) {
  if (!/^https?:\/\//i.test(url)) return;
  Object.assign(node, { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url });
}

function spoiler(node) {
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", say("reveal"));
  const show = () => {
    node.classList.add("shown");
    ["role", "tabindex", "aria-label"].forEach((name) => node.removeAttribute(name));
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(); } });
}

// Gives every quote that is longer than three lines its fold; call it once the nodes are laid out.
export function fold(root, open = []) {
  root.querySelectorAll(".expandable_blockquote").forEach((quote, index) => {
    const inner = quote.firstElementChild;
    quote.classList.add("folded");
    if (inner.scrollHeight <= inner.clientHeight + 2) { quote.classList.remove("folded"); return; }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fold";
    const set = (folded) => {
      quote.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
      button.setAttribute("aria-label", say(folded ? "more" : "less"));
    };
    button.addEventListener("click", () => set(!quote.classList.contains("folded")));
    quote.addEventListener("click", (event) => { if (!event.target.closest("button, a") && quote.classList.contains("folded")) set(false); });
    quote.append(button);
    set(!open[index]);
  });
}

export const openQuotes = (root) =>
  [...root.querySelectorAll(".expandable_blockquote")].map((one) => !one.classList.contains("folded"));

function tick(node) {
  const shape = node.dataset.format;
  if (!shape) return;
  const text = timeText(Number(node.dataset.unix), shape);
  if (node.textContent !== text) node.textContent = text;
}

export const tickAll = () => document.querySelectorAll("time[data-format]").forEach(tick);
