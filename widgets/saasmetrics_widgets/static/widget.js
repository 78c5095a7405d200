// Draws what Python made ready: every word, number, place and color role comes in `view` and `table`.
// All text is set through textContent, so a customer called <script> is only a name.

import { ASKS, QUIET, dress, fill, html, listen, onTheme, svg, takePlaceOf } from "./dom.js";

const SEARCH_PAUSE = 150;
const SLIDE_PAUSE = 40; // between two steps of a slider that is drawn

let sheets = 0; // numbers the hatch patterns, which are looked up in the whole page

/** Whether a selection is what a shape stands for: all that the shape names is equal. */
export function isChosen(pick, selection) {
  const names = Object.keys(pick);
  return names.length > 0 && names.every((name) => pick[name] === (selection ?? {})[name]);
}

/**
 * The mark that an arrow key leads to from another: the nearest in that direction, or -1.
 * @param {{row: number, col: number}[]} marks @param {number} from @param {string} key
 */
export function neighbor(marks, from, key) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  if (!step || !marks[from]) return -1;
  const { row, col } = marks[from];
  let best = -1;
  let nearest = Infinity;
  marks.forEach((mark, index) => {
    const along = step[0] ? (mark.row - row) * step[0] : (mark.col - col) * step[1];
    const aside = Math.abs(step[0] ? mark.col - col : mark.row - row);
    const distance = along + 4 * aside;
    if (along > 0 && (aside === 0 || step[0]) && distance < nearest) [best, nearest] = [index, distance];
  });
  return best;
}

/** Whether a shape is of the same customers as what is chosen. */
export function isLinked(pick, links) {
  return (links ?? []).some((link) => isChosen(link, pick));
}

/** The position among the options of a control that holds its value; -1 where none does. */
export function positionOf(control) {
  return control.options.findIndex(([value]) => value === control.value);
}

/** Whether two lists of controls are of the same names and kinds, so that their elements can stay. */
export function sameControls(one, other) {
  return one.length === other.length && one.every((c, i) => c.name === other[i].name && c.kind === other[i].kind);
}

const color = (role, hatch) => (role === "none" ? "none" : role === "hatch" ? `url(#${hatch})` : `var(--sm-${role})`);

function paint(node, styles) {
  Object.assign(node.style, styles);
  return node;
}

const SHAPES = {
  rect(shape, hatch) {
    const box = { x: shape.x, y: shape.y, width: shape.w, height: shape.h, "data-tip": shape.tip };
    const look = { fill: color(shape.fill, hatch), pointerEvents: shape.tip ? "all" : "" }; // also where it is unseen
    return paint(svg("rect", box), look);
  },
  text(shape) {
    const place = { x: shape.x, y: shape.y, "font-size": shape.size, "text-anchor": shape.anchor };
    const node = svg("text", { ...place, "font-weight": shape.bold ? 600 : undefined }, shape.text);
    return paint(node, { fill: color(shape.fill) });
  },
  path(shape) {
    const line = { d: shape.d, "stroke-width": shape.wide, opacity: shape.opacity };
    const node = svg("path", { ...line, "stroke-dasharray": shape.dash || undefined });
    return paint(node, { fill: color(shape.fill), stroke: color(shape.stroke) });
  },
  mark(shape, hatch) {
    const box = { x: shape.x, y: shape.y, width: shape.w, height: shape.h };
    const role = { class: "sm-mark", role: "button", "aria-label": shape.say, ...QUIET };
    const look = { fill: color(shape.fill, hatch), pointerEvents: "all" };
    if (!shape.label && !shape.dot) return paint(svg("rect", { ...box, ...role }), look); // there may be thousands
    const node = svg("g", role, paint(svg("rect", box), look));
    if (shape.label) {
      const place = { x: shape.x + shape.w / 2, y: shape.y + shape.h / 2 + shape.size * 0.36 };
      const words = svg("text", { ...place, "font-size": shape.size, "text-anchor": "middle" }, shape.label);
      node.append(paint(words, { fill: color(shape.ink) }));
    }
    if (shape.dot) {
      const dot = svg("circle", { cx: shape.dot[0], cy: shape.dot[1], r: 4, class: "sm-dot" });
      node.append(paint(dot, { fill: color(shape.tone) }));
    }
    return node;
  },
};

/** A scene as an SVG element, and the marks in it, each with its element. */
function drawScene(scene) {
  const hatch = `sm-hatch-${(sheets += 1)}`;
  const pattern = svg(
    "pattern",
    { id: hatch, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    paint(svg("rect", { width: 6, height: 6 }), { fill: color("ground") }),
    paint(svg("path", { d: "M0,0V6", "stroke-width": 1.2 }), { stroke: color("rule") }),
  );
  const sheet = svg("svg", {
    viewBox: `0 0 ${scene.width} ${scene.height}`,
    role: "group",
    "aria-label": scene.label,
  });
  sheet.append(svg("defs", {}, pattern));
  const marks = [];
  for (const shape of scene.shapes) {
    const node = SHAPES[shape.k](shape, hatch);
    if (shape.k === "mark") {
      node.dataset.mark = String(marks.length);
      node.setAttribute("tabindex", marks.length ? "-1" : "0");
      marks.push({ ...shape, node });
    }
    sheet.append(node);
  }
  return { sheet, marks };
}

/** A panel: its title, its note and its scene, redrawn only when Python made another. */
class Panel {
  constructor(name, sheet) {
    this.sheet = sheet;
    this.marks = [];
    this.title = html("h3");
    this.note = html("p", { class: "sm-note" });
    this.stage = html("div", { class: "sm-stage" });
    this.csv = html("button", { type: "button", title: "Copy the numbers as CSV", ...ASKS }, "CSV");
    this.code = html("button", { type: "button", title: "Copy the Python behind this picture", ...QUIET }, "Code");
    const tools = html("div", { class: "sm-copy" }, this.csv, this.code);
    const head = html("div", { class: "sm-head" }, this.title, tools);
    this.node = html("section", { class: `sm-panel sm-${name}` }, head, this.note, this.stage);
    this.csv.addEventListener("click", () => sheet.model.send({ ask: "panel", name }));
    this.code.addEventListener("click", () => sheet.copy(sheet.model.get(name).code, "Code"));
    this.stage.addEventListener("click", (event) => this.choose(this.markAt(event)));
    this.stage.addEventListener("keydown", (event) => this.onKey(event));
    this.stage.addEventListener("pointerover", (event) => this.onPoint(event));
    this.stage.addEventListener("pointerleave", () => sheet.hideTip());
    this.stage.addEventListener("focusin", (event) => this.onFocus(event));
    this.stage.addEventListener("focusout", () => {
      sheet.hideTip();
      this.around(this.halo, undefined);
    });
  }

  show(panel) {
    this.node.hidden = !panel.scene && !panel.title;
    if (this.node.hidden || (panel.key === this.key && this.key !== undefined)) return;
    this.key = panel.key;
    this.title.textContent = panel.title;
    this.note.textContent = panel.note;
    const { sheet, marks } = drawScene(JSON.parse(panel.scene));
    this.marks = marks;
    this.ring = svg("rect", { class: "sm-ring" });
    this.halo = svg("rect", { class: "sm-ring sm-halo" });
    sheet.append(this.ring, this.halo); // on top of the neighbors, and no shape has to move
    this.stage.replaceChildren(sheet);
  }

  highlight(selection, links) {
    let found;
    for (const mark of this.marks) {
      const chosen = isChosen(mark.pick, selection);
      mark.node.classList.toggle("sm-linked", !chosen && isLinked(mark.pick, links));
      mark.node.classList.toggle("sm-chosen", chosen);
      mark.node.setAttribute("aria-pressed", String(chosen));
      if (chosen) found = mark;
    }
    this.around(this.ring, found);
  }

  /** Put a ring around a mark, or away; a point lights up by itself. */
  around(ring, mark) {
    if (!ring) return; // nothing is drawn here
    const on = mark !== undefined && !mark.dot;
    ring.style.display = on ? "" : "none";
    if (on) fill(ring, { x: mark.x, y: mark.y, width: mark.w, height: mark.h }, []);
  }

  markAt(event) {
    const node = event.target.closest?.("[data-mark]");
    return node ? Number(node.dataset.mark) : -1;
  }

  choose(index) {
    if (index < 0) return;
    this.moveTo(index, false);
    this.sheet.select(this.marks[index].pick);
  }

  moveTo(index, focus) {
    this.stage.querySelector('[data-mark][tabindex="0"]')?.setAttribute("tabindex", "-1");
    const { node } = this.marks[index];
    node.setAttribute("tabindex", "0");
    if (focus) node.focus();
  }

  onKey(event) {
    const from = this.markAt(event);
    if (from < 0) return;
    if (event.key === "Enter" || event.key === " ") this.choose(from);
    else {
      const to = neighbor(this.marks, from, event.key);
      if (to < 0) return;
      this.moveTo(to, true);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  onPoint(event) {
    const index = this.markAt(event);
    const words = index < 0 ? event.target.dataset?.tip : this.marks[index].say;
    if (words) this.sheet.showTip(words, event.target);
    else this.sheet.hideTip();
  }

  onFocus(event) {
    const index = this.markAt(event);
    if (index < 0) return;
    const mark = this.marks[index];
    this.sheet.showTip(mark.say, mark.node);
    if (mark.node.matches(":focus-visible")) this.around(this.halo, mark);
  }
}

/** The customers behind what was chosen. */
class Table {
  constructor(sheet) {
    this.sheet = sheet;
    this.title = html("h3");
    this.count = html("p", { class: "sm-note", "aria-live": "polite" });
    this.search = html("input", { type: "search", placeholder: "Search", "aria-label": "Search customers", ...QUIET });
    this.csv = html("button", { type: "button", ...ASKS }, "Copy as CSV");
    this.code = html("button", { type: "button", ...QUIET }, "Copy as code");
    this.tools = html("div", { class: "sm-tools" }, this.search, this.csv, this.code);
    this.stage = html("div", { class: "sm-scroll", tabindex: "0", role: "region", "aria-label": "Customers", ...QUIET });
    this.node = html("section", { class: "sm-panel sm-table" }, this.title, this.count, this.tools, this.stage);
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.lookUp({ search: this.search.value }), SEARCH_PAUSE);
    });
    this.csv.addEventListener("click", () => sheet.model.send({ ask: "csv" }));
    this.code.addEventListener("click", () => sheet.copy(sheet.model.get("table").code, "Code"));
  }

  lookUp(change) {
    const { sort, descending, search } = this.sheet.model.get("table");
    this.sheet.set("lookup", { sort, descending, search, ...change });
  }

  show(table) {
    this.title.textContent = table.title || "Customers";
    this.count.textContent = table.message || table.count;
    this.tools.hidden = Boolean(table.message);
    if (document.activeElement !== this.search) this.search.value = table.search ?? "";
    if (table.message) return this.stage.replaceChildren();
    const focused = this.stage.querySelector("button:focus")?.dataset.key;
    const head = html("thead", {}, html("tr", {}, ...table.columns.map((column) => this.heading(column, table))));
    const foot = html("tfoot", {}, html("tr", {}, ...table.sums.map((sum, i) => this.total(sum, i, table))));
    const body = html("tbody", {}, ...table.texts.map((row) => html("tr", {}, ...row.map((text, i) => this.cell(text, i, table)))));
    this.stage.replaceChildren(html("table", {}, head, body, foot));
    if (focused) this.stage.querySelector(`button[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  heading(column, table) {
    const sorted = column.key === table.sort;
    const order = sorted ? (table.descending ? "descending" : "ascending") : "none";
    const sign = sorted ? (table.descending ? " ▾" : " ▴") : "";
    const button = html("button", { type: "button", "data-key": column.key, ...ASKS }, column.label + sign);
    button.addEventListener("click", () =>
      this.lookUp({ sort: column.key, descending: sorted ? !table.descending : column.number }),
    );
    return html("th", { scope: "col", "aria-sort": order, class: column.number ? "sm-number" : "" }, button);
  }

  cell(text, index, table) {
    const { key, number } = table.columns[index];
    return html("td", { class: number ? "sm-number" : `sm-${key === "name" ? "name" : "text"}`, title: text }, text);
  }

  total(sum, index, table) {
    return html("td", { class: table.columns[index].number ? "sm-number" : "" }, index === 0 ? "Total" : sum);
  }
}

/** A control that offers some values: a list, or a slider over them. Python says the words of every value. */
class Choice {
  constructor(control, change) {
    this.kind = control.kind;
    const node = this.kind === "range" ? "input" : "select";
    this.input = html(node, { name: control.name, type: this.kind === "range" ? "range" : null, ...QUIET });
    this.label = html("span", {}, control.label);
    this.words = html("output", {});
    const head = this.kind === "range" ? html("span", { class: "sm-of" }, this.label, this.words) : this.label;
    this.node = html("label", { class: `sm-${this.kind}` }, head, this.input);
    this.input.addEventListener(this.kind === "range" ? "input" : "change", () => {
      const position = this.kind === "range" ? Number(this.input.value) : this.input.selectedIndex;
      const [value, words] = this.control.options[position];
      this.sent = value;
      this.say(words);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => change(control.name, value), this.kind === "range" ? SLIDE_PAUSE : 0);
    });
  }

  say(words) {
    this.words.textContent = words;
    if (this.kind === "range") this.input.setAttribute("aria-valuetext", words);
  }

  show(control) {
    const texts = control.options.map(([, text]) => text);
    const drawn = this.control && texts.join("\n") === this.texts;
    this.control = control;
    this.texts = texts.join("\n");
    this.label.textContent = control.label;
    const position = positionOf(control);
    if (this.sent === control.value) this.sent = undefined;
    if (this.kind === "range") {
      fill(this.input, { min: 0, max: control.options.length - 1, step: 1 }, []);
      if (this.sent !== undefined && drawn) return; // the hand is ahead of what is computed
      this.input.value = String(position);
      this.say(texts[position] ?? "");
      return;
    }
    if (!drawn) this.input.replaceChildren(...texts.map((text) => html("option", {}, text)));
    this.input.disabled = control.options.length < 2;
    this.input.selectedIndex = position;
  }
}

/** A control to write into: the text is sent at the press of its button, or of Enter in a single line. */
class Entry {
  constructor(control, _change, ask) {
    const lines = control.lines > 1;
    const look = { name: control.name, ...QUIET };
    this.input = control.options
      ? html("select", look)
      : html(lines ? "textarea" : "input", { ...look, type: lines ? null : "text", rows: lines ? control.lines : null });
    this.label = html("span", {});
    this.button = html("button", { type: "button", ...ASKS }, control.button);
    const send = () => {
      this.typed = false;
      ask({ ask: this.control.ask, name: this.control.name, value: this.input.value });
    };
    this.button.addEventListener("click", send);
    this.input.addEventListener("input", () => (this.typed = true));
    this.input.addEventListener("keydown", (event) => {
      const short = event.key === "Enter" && (!lines || event.ctrlKey || event.metaKey);
      if (short && !control.options) send();
      event.stopPropagation();
    });
    this.node = html("label", { class: `sm-entry${lines ? " sm-long" : ""}` }, this.label, this.input, this.button);
  }

  show(control) {
    const other = this.control?.of !== control.of;
    this.control = control;
    this.label.textContent = control.label;
    this.button.textContent = control.button;
    fill(this.input, { placeholder: control.hint ?? "", "aria-label": control.label }, []);
    if (control.options) {
      this.input.replaceChildren(...control.options.map((text) => html("option", {}, text)));
      this.node.hidden = control.options.length === 0;
    }
    if (other || !this.typed) this.input.value = control.value;
    if (other) this.typed = false;
    this.input.disabled = this.button.disabled = Boolean(control.disabled);
  }
}

/** A row of controls whose elements stay while their names and kinds do, so that a hand on a slider is not lost. */
class Controls {
  constructor(node, change, ask) {
    Object.assign(this, { node, change, ask, shown: [], parts: [] });
  }

  show(controls) {
    if (!sameControls(this.shown, controls)) {
      this.parts = controls.map((control) => new (control.kind === "entry" ? Entry : Choice)(control, this.change, this.ask));
      this.node.replaceChildren(...this.parts.map((part) => part.node));
    }
    this.shown = controls;
    controls.forEach((control, i) => this.parts[i].show(control));
    this.node.hidden = controls.length === 0;
  }
}

class Sheet {
  constructor(model, el) {
    this.model = model;
    const view = model.get("view");
    const change = (name, value) => {
      this.root.classList.add("sm-busy");
      this.set("controls", { ...model.get("controls"), [name]: value });
    };
    const ask = (content) => model.send(content);
    const group = (name, label) => html("div", { class: name, role: "group", "aria-label": label });
    this.controls = new Controls(group("sm-controls", "Controls"), change, ask);
    this.forms = new Controls(group("sm-forms", "Notes and names"), change, ask);
    this.headline = html("p", { class: "sm-headline", "aria-live": "polite" });
    this.answer = html("p", { class: "sm-answer", "aria-live": "polite" });
    this.cards = group("sm-cards", "Headline numbers");
    this.alert = html("div", { class: "sm-alert", role: "alert", hidden: "" });
    this.progress = html("div", { class: "sm-progress", role: "status", hidden: "" });
    this.table = new Table(this);
    const names = view.layout.flat().map(([name]) => name);
    const drawn = names.filter((name) => name !== "table");
    this.panels = Object.fromEntries(drawn.map((name) => [name, new Panel(name, this)]));
    this.notes = html("ul");
    this.tip = html("div", { class: "sm-tip", hidden: "" });
    this.said = html("div", { class: "sm-said", role: "status" });
    const grid = html("div", { class: "sm-grid" });
    for (const row of view.layout) {
      const parts = row.map(([name, share]) => {
        const { node } = name === "table" ? this.table : this.panels[name];
        return paint(node, { flex: `${share} 1 0` });
      });
      grid.append(html("div", { class: "sm-row" }, ...parts));
    }
    const summary = html("summary", { ...QUIET }, "Definitions");
    const notes = html("details", { class: "sm-definitions" }, summary, this.notes);
    const name = `saasmetrics-widget saasmetrics-${view.kind}`;
    this.root = html("div", { class: name, role: "region", "aria-label": view.words });
    const head = [this.controls.node, this.headline, this.answer, this.alert, this.progress, this.cards];
    this.root.append(...head, this.forms.node, grid, notes, this.tip, this.said);
    el.append(html("div", { class: "saasmetrics-room" }, this.root));
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

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  select(pick) {
    this.set("selection", { ...pick });
    this.highlight();
  }

  showView() {
    const view = this.model.get("view");
    this.alert.hidden = !view.error;
    this.alert.textContent = view.error;
    this.headline.textContent = view.headline;
    this.answer.textContent = view.answer;
    this.answer.hidden = !view.answer;
    this.dress();
    this.controls.show(view.controls);
    this.forms.show(view.forms);
    this.showCards(view.cards);
    for (const [name, panel] of Object.entries(this.panels)) panel.show(this.model.get(name));
    this.notes.replaceChildren(...view.footnotes.map((note) => html("li", {}, note)));
    this.root.classList.toggle("sm-busy", Boolean(view.pending));
    this.root.dataset.ready = String(!view.pending);
    this.root.setAttribute("aria-busy", String(Boolean(view.pending)));
    this.highlight();
  }

  showPanel(name, panel) {
    panel.show(this.model.get(name));
    panel.highlight(this.model.get("selection"), this.model.get("linked"));
  }

  showProgress() {
    const { words, done, of } = this.model.get("progress");
    this.progress.hidden = !words;
    this.progress.textContent = words ?? "";
    this.progress.style.setProperty("--sm-done", words ? `${(100 * (done + 0.5)) / of}%` : "0%");
  }

  showCards(cards) {
    this.cards.hidden = cards.length === 0;
    this.cards.style.setProperty("--sm-many", String(cards.length));
    const focused = this.cards.querySelector("button:focus")?.dataset.id;
    const buttons = cards.map((card) => {
      const parts = [
        html("span", { class: "sm-title" }, card.title),
        html("span", { class: "sm-value" }, card.value, html("small", {}, card.unit ? ` ${card.unit}` : "")),
        html("span", { class: `sm-change sm-${card.tone || "flat"}` }, card.change ?? ""),
        html("span", { class: "sm-small" }, card.note ?? ""),
      ];
      if (card.verdict) parts.push(html("span", { class: "sm-verdict" }, card.verdict));
      const states = { "aria-label": card.say, title: card.tip, disabled: card.pending || !card.pick ? "" : null };
      const button = html("button", { type: "button", class: "sm-card", "data-id": card.id, ...states, ...QUIET }, ...parts);
      button.addEventListener("click", () => this.select(card.pick));
      return button;
    });
    this.cards.replaceChildren(...buttons);
    this.picks = cards.map((card) => card.pick ?? {});
    if (focused) this.cards.querySelector(`button[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  highlight() {
    const selection = this.model.get("selection");
    const links = this.model.get("linked");
    for (const panel of Object.values(this.panels)) panel.highlight(selection, links);
    [...this.cards.children].forEach((card, i) => {
      card.setAttribute("aria-pressed", String(isChosen(this.picks[i], selection)));
    });
  }

  /** Put on the colors of the theme around us; shapes name roles, so nothing is drawn again. */
  dress() {
    dress(this.root, this.model.get("view").colors);
  }

  showTip(words, target) {
    this.tip.textContent = words;
    this.tip.hidden = false;
    const room = this.root.getBoundingClientRect();
    const at = target.getBoundingClientRect();
    const left = Math.min(Math.max(at.left + at.width / 2 - room.left, 110), room.width - 110);
    Object.assign(this.tip.style, { left: `${left}px`, top: `${at.top - room.top - 6}px` });
  }

  hideTip() {
    this.tip.hidden = true;
  }

  /** Copy a text; where the page may not (no secure context), show it to be copied by hand. */
  async copy(text, words) {
    try {
      await navigator.clipboard.writeText(text);
      this.said.textContent = `Copied: ${words}`;
    } catch {
      const box = html("textarea", { readonly: "", rows: 6, "aria-label": words, ...QUIET });
      box.value = text;
      this.said.replaceChildren("Press Ctrl+C to copy.", box);
      box.select();
    }
    clearTimeout(this.saying);
    this.saying = setTimeout(() => document.activeElement?.tagName !== "TEXTAREA" && this.said.replaceChildren(), 4000);
  }
}

function render({ model, el }) {
  const sheet = new Sheet(model, el);
  const restore = takePlaceOf(model.get("still"));
  const draw = {
    "change:view": () => sheet.guard(() => sheet.showView()),
    "change:selection": () => sheet.guard(() => sheet.highlight()),
    "change:linked": () => sheet.guard(() => sheet.highlight()),
    "change:progress": () => sheet.guard(() => sheet.showProgress()),
    "change:table": () => sheet.guard(() => sheet.table.show(model.get("table"))),
    "msg:custom": (message) => message.copy !== undefined && sheet.copy(message.copy, message.words),
  };
  for (const [name, panel] of Object.entries(sheet.panels)) {
    draw[`change:${name}`] = () => sheet.guard(() => sheet.showPanel(name, panel));
  }
  draw["change:view"]();
  draw["change:table"]();
  draw["change:progress"]();
  const leave = [listen(model, draw), onTheme(() => sheet.guard(() => sheet.dress())), restore];
  return () => leave.forEach((undo) => undo());
}

export default { render };
