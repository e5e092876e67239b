// One message → one bubble.

import { fold, openQuotes, rich } from "/entities.js";
import { clock, fullTime, say, size } from "/words.js";

const STYLES = new Set(["primary", "success", "danger"]);

export function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

// `acts`: command(text), press(message, button, node), jump(id), enlarge(src, alt), copy(text)
export function bubble(message, acts) {
  const node = make("article", message.mine ? "msg out" : "msg in");
  node.dataset.id = message.message_id;
  draw(node, message, acts);
  return node;
}

export function redraw(node, message, acts) {
  const open = openQuotes(node);
  const held = [...node.querySelectorAll(".keys button, .keys a")].indexOf(document.activeElement);
  node.replaceChildren();
  draw(node, message, acts);
  settle(node, open);
  if (held >= 0) node.querySelectorAll(".keys button, .keys a")[held]?.focus();
}

export const settle = (node, open) => fold(node, open);

function draw(node, message, acts) {
  const body = make("div", "bubble");
  if (message.reply_to_message) body.append(quoted(message.reply_to_message, acts));
  if (message.photo) body.append(photo(message, acts));
  if (message.document) body.append(file(message.document));
  const text = message.text ?? message.caption;
  if (text) {
    const words = make("div", "text");
    words.append(rich(text, message.entities ?? message.caption_entities, acts.command));
    body.append(words);
  }
  body.append(foot(message));
  node.append(body);
  const rows = message.reply_markup?.inline_keyboard;
  if (rows) node.append(make("div", "keys", ...rows.map((row) => make("div", "row", ...row.map((one) => key(message, one, acts))))));
  node.classList.toggle("wide", Boolean(rows || message.photo));
}

function foot(message) {
  const node = make("footer", "foot");
  if (message.reaction) node.append(make("span", "reaction", message.reaction));
  if (message.edit_date) node.append(make("span", "edited", say("edited")));
  if (!message.mine) {
    const mark = make("span", message.silent ? "bell off" : "bell");
    mark.title = say(message.silent ? "silent" : "sound");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", mark.title);
    node.append(mark);
  }
  const time = make("time", "", clock(message.date));
  time.title = fullTime(message.edit_date ?? message.date);
  node.append(time);
  return node;
}

function quoted(message, acts) {
  const name = message.from?.is_bot ? "Vigie" : message.from?.first_name ?? "";
  const text = (message.text ?? message.caption ?? say(message.photo ? "photo" : "document")).split("\n")[0];
  const node = make("button", "quoted", make("b", "", name), make("span", "", text));
  node.type = "button";
  node.addEventListener("click", () => acts.jump(message.message_id));
  return node;
}

function photo(message, acts) {
  const best = message.photo[message.photo.length - 1];
  const image = make("img");
  Object.assign(image, { src: `/file/${best.file_id}`, alt: (message.caption ?? say("photo")).split("\n")[0], width: best.width, height: best.height });
  const node = make("button", "photo", image);
  node.type = "button";
  node.setAttribute("aria-label", `${say("openPhoto")}: ${image.alt}`);
  node.addEventListener("click", () => acts.enlarge(image.src, image.alt));
  return node;
}

function file(document_) {
  const node = make("a", "file", make("span", "sheet"), make("span", "name", make("b", "", document_.file_name), make("small", "", size(document_.file_size))));
  Object.assign(node, { href: `/file/${document_.file_id}`, download: document_.file_name });
  return node;
}

function key(message, one, acts) {
  const node = make(one.url ? "a" : "button", "", make("span", "", one.text));
  if (STYLES.has(one.style)) node.classList.add(one.style);
  if (one.url) {
    node.classList.add("link");
    if (/^https?:\/\//i.test(one.url)) Object.assign(node, { href: one.url, target: "_blank", rel: "noopener noreferrer" });
    return node;
  }
  node.type = "button";
  if (one.copy_text) {
    node.classList.add("copy");
    node.addEventListener("click", () => acts.copy(one.copy_text.text));
  } else {
    node.addEventListener("click", () => acts.press(message, one.callback_data, node));
  }
  return node;
}
