// The line people write in, and the command menu that opens over it.

import { make } from "/bubble.js";

const PER_LINE_PX = 22, MOST_LINES = 6;

export class Composer {
  constructor({ form, text, slash, menu, onSend }) {
    Object.assign(this, { form, text, slash, menu, onSend, commands: [], chosen: 0 });
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    text.addEventListener("input", () => { this.#grow(); this.#suggest(); });
    text.addEventListener("keydown", (event) => this.#key(event));
    slash.addEventListener("click", () => this.menu.hidden ? this.#open() : this.#hide());
    document.addEventListener("click", (event) => { if (!event.target.closest("#menu, #composer")) this.#hide(); });
    menu.addEventListener("keydown", (event) => this.#key(event));
    this.#grow();
  }

  #open() { if (!this.text.value) this.text.value = "/"; this.text.focus(); this.#suggest(); }

  #submit() {
    const said = this.text.value.trim();
    if (!said) return;
    this.text.value = "";
    this.#grow();
    this.#hide();
    this.onSend(said);
  }

  #grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, PER_LINE_PX * MOST_LINES)}px`;
    this.form.classList.toggle("empty", !this.text.value.trim());
  }

  #suggest() {
    const typed = this.text.value.toLowerCase();
    const fits = typed.startsWith("/") && !/\s/.test(typed) ? this.commands.filter((one) => `/${one.command}`.startsWith(typed)) : [];
    const exact = fits.length === 1 && typed === `/${fits[0].command}`;
    if (!fits.length || exact) { this.#hide(); return; }
    this.chosen = 0;
    this.menu.replaceChildren(...fits.map((one, index) => this.#option(one, index)));
    this.menu.hidden = false;
    this.slash.setAttribute("aria-expanded", "true");
    this.#mark();
  }

  #option(one, index) {
    const node = make("li", "", make("b", "", `/${one.command}`), make("span", "", one.description));
    node.id = `option-${index}`;
    node.setAttribute("role", "option");
    node.addEventListener("click", () => { this.#hide(); this.text.value = ""; this.#grow(); this.onSend(`/${one.command}`); });
    return node;
  }

  #hide() {
    this.menu.hidden = true;
    this.slash.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-activedescendant");
  }

  #mark() {
    [...this.menu.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === this.chosen)));
    this.menu.children[this.chosen]?.scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", `option-${this.chosen}`);
  }

  #key(event) {
    if (event.isComposing) return;
    const open = !this.menu.hidden, count = this.menu.children.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (open && event.key in steps) {
      event.preventDefault();
      this.chosen = (this.chosen + steps[event.key] + count) % count;
      this.#mark();
    } else if (open && event.key === "Escape") {
      this.#hide();
    } else if (open && event.key === "Tab") {
      event.preventDefault();
      this.text.value = `${this.menu.children[this.chosen].firstChild.textContent} `;
      this.#hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open) this.menu.children[this.chosen].click();
      else this.#submit();
    }
  }
}
