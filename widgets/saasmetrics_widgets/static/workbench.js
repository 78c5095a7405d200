// What widgets to write in share: fields, buttons, and the frame that says what went wrong, is under way, or was done.
import { ASKS, QUIET, dress, fill, html, listen, onTheme, takePlaceOf } from "./dom.js";

/** A button that Python answers. */
export function button(words, act, attributes = {}) {
  const node = html("button", { type: "button", ...ASKS, ...attributes }, words);
  node.addEventListener("click", act);
  return node;
}

/** The elements of the kinds of fields. */
const INPUTS = {
  text: (look) => html("input", { ...look, type: "text", dir: "auto" }),
  lines: (look, { rows }) => html("textarea", { ...look, rows: rows ?? 2, dir: "auto" }),
  tick: (look) => html("input", { ...look, type: "checkbox" }),
  select: (look) => html("select", look),
};

/** A field whose element stays while it is drawn anew, so that what is being typed is not lost. */
export class Field {
  /** @param {{ name: string, label: string, kind: string }} spec @param {(value: unknown) => void} send */
  constructor(spec, send) {
    this.spec = spec;
    this.input = INPUTS[spec.kind]({ name: spec.name, ...ASKS }, spec);
    this.label = html("span", {}, spec.label);
    this.node = html("label", { class: `sm-field sm-field-${spec.kind}` }, this.label, this.input);
    this.input.addEventListener("change", () => {
      if (this.value !== this.spec.value) send(this.value);
    });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
  }

  get value() {
    const { kind, options } = this.spec;
    if (kind === "tick") return this.input.checked;
    return kind === "select" ? options[this.input.selectedIndex]?.[0] : this.input.value;
  }

  onKey(event) {
    const sent = event.key === "Enter" && (this.spec.kind === "text" || event.ctrlKey || event.metaKey);
    if (sent) this.input.dispatchEvent(new Event("change"));
    if (event.key !== "Escape") event.stopPropagation();
  }

  show(spec) {
    const other = spec.of !== this.spec.of;
    const typing = document.activeElement === this.input && this.spec.kind !== "select" && this.value !== this.spec.value;
    this.spec = spec;
    this.label.textContent = spec.label;
    fill(this.input, { placeholder: spec.hint ?? "", title: spec.tip ?? "" }, []);
    this.input.disabled = Boolean(spec.disabled);
    if (spec.kind === "select") this.offer(spec.options);
    if (typing && !other) return;
    if (spec.kind === "tick") this.input.checked = spec.value;
    else if (spec.kind === "select") this.input.selectedIndex = spec.options.findIndex(([value]) => value === spec.value);
    else this.input.value = spec.value;
  }

  offer(options) {
    const texts = options.map(([, text]) => text);
    if (this.texts === texts.join("\n")) return;
    this.texts = texts.join("\n");
    this.input.replaceChildren(...texts.map((text) => html("option", {}, text)));
  }
}

/** Fields in a row, made anew only where other ones are shown. */
export class Fields {
  constructor(label, send, name = "sm-fields") {
    this.node = html("div", { class: name, role: "group", "aria-label": label });
    this.send = send;
    this.parts = [];
  }

  show(specs) {
    const same = specs.length === this.parts.length && specs.every((spec, i) => spec.name === this.parts[i].spec.name);
    if (!same) {
      this.parts = specs.map((spec) => new Field(spec, (value) => this.send(spec.name, value)));
      this.node.replaceChildren(...this.parts.map((part) => part.node));
    }
    specs.forEach((spec, i) => this.parts[i].show(spec));
  }

  value(name) {
    return this.parts.find((part) => part.spec.name === name)?.value;
  }
}

/** Elements of a list that stay while their ids do: a click is lost whose button is replaced under the hand. */
export class Kept {
  /** @param {Element} node @param {(spec: { id: string }) => { node: Element, show: (spec: object) => void }} make */
  constructor(node, make) {
    Object.assign(this, { node, make, parts: new Map() });
  }

  show(specs) {
    this.parts = new Map(specs.map((spec) => [spec.id, this.parts.get(spec.id) ?? this.make(spec)]));
    specs.forEach((spec) => this.parts.get(spec.id).show(spec));
    const wanted = [...this.parts.values()].map(({ node }) => node);
    if (wanted.length !== this.node.childElementCount || wanted.some((node, i) => node !== this.node.children[i])) {
      this.node.replaceChildren(...wanted);
    }
  }
}

/** The frame of a widget: its theme, its errors, its progress, what it asks back, and what it has done. */
export class Bench {
  constructor(model, el) {
    this.model = model;
    const view = model.get("view");
    this.headline = html("p", { class: "sm-headline", "aria-live": "polite" });
    this.alert = html("div", { class: "sm-alert", role: "alert", hidden: "" });
    this.progress = html("div", { class: "sm-progress", role: "status", hidden: "" });
    this.confirm = html("div", { class: "sm-confirm", role: "alert", hidden: "" });
    this.list = html("ul", {});
    this.done = html("div", { class: "sm-done", role: "status" }, this.list);
    this.top = html("div", {});
    this.body = html("div", {});
    const name = `saasmetrics-widget saasmetrics-bench saasmetrics-${view.kind}`;
    this.root = html("div", { class: name, role: "region", "aria-label": view.words });
    this.root.append(this.headline, this.top, this.alert, this.progress, this.confirm, this.done, this.body);
    el.append(html("div", { class: "saasmetrics-room" }, this.root));
  }

  ask(content) {
    this.root.setAttribute("aria-busy", "true");
    this.root.dataset.ready = "false";
    this.model.send(content);
  }

  /** Run a step of drawing; what goes wrong is said in the cell. */
  guard(step) {
    try {
      step();
    } catch (error) {
      this.alert.hidden = false;
      this.alert.textContent = `The widget could not be drawn: ${error}`;
      console.error(error);
    }
  }

  show() {
    const view = this.model.get("view");
    this.headline.textContent = view.headline;
    this.alert.hidden = !view.error;
    this.alert.textContent = view.error;
    this.done.hidden = view.done.length === 0;
    this.list.replaceChildren(...view.done.map((words) => html("li", { dir: "auto" }, words)));
    this.confirm.hidden = !view.confirm.words;
    if (view.confirm.words) {
      const { words, button: label, ask } = view.confirm;
      this.confirm.replaceChildren(html("span", {}, words), button(label, () => this.ask(ask)));
    }
    this.dress();
    this.root.dataset.ready = String(!view.pending);
    this.root.setAttribute("aria-busy", String(Boolean(view.pending)));
  }

  showProgress() {
    const { words, done, of } = this.model.get("progress");
    this.progress.hidden = !words;
    this.progress.textContent = words ?? "";
    this.progress.style.setProperty("--sm-done", words ? `${(100 * done) / of}%` : "0%");
  }

  dress() {
    dress(this.root, this.model.get("view").colors);
  }

  /** Draw now and whenever something changes; what comes back ends that. */
  live(draw) {
    const restore = takePlaceOf(this.model.get("still"));
    const all = { "change:progress": () => this.showProgress(), ...draw };
    const reactions = Object.entries(all).map(([event, react]) => [event, () => this.guard(react)]);
    for (const [, react] of reactions) react();
    const leave = [listen(this.model, Object.fromEntries(reactions)), onTheme(() => this.guard(() => this.onTheme())), restore];
    return () => leave.forEach((undo) => undo());
  }

  onTheme() {
    this.dress();
  }
}

