// Draws the assistant of imports: the files of a folder, the columns of one of them, and what is doubtful in the tables.
import { QUIET, html } from "./dom.js";
import { Bench, Field, Fields, Kept, button } from "./workbench.js";

class Assistant extends Bench {
  constructor(model, el) {
    super(model, el);
    this.to = new Fields("Tables to write", () => {}, "sm-fields sm-files");
    this.page = new Fields("Review to write", () => {}, "sm-fields sm-files");
    this.acts = [
      button("Save the tables", () => this.ask({ ask: "save", to: this.to.value("to") })),
      button("Retention review", () => this.ask({ ask: "review", to: this.page.value("page") })),
    ];
    const bars = [this.to, this.page].map(({ node }, i) => html("div", { class: "sm-bar" }, node, this.acts[i]));
    this.top.append(html("div", { class: "sm-bars" }, ...bars));
    this.files = new Kept(html("ol", { class: "sm-pages", "aria-label": "Files" }), (file) => this.file(file));
    this.name = html("h3", { dir: "auto" });
    this.table = new Fields("What the file is", (_name, table) => this.ask({ ask: "table", file: this.id, table }));
    this.note = html("p", { class: "sm-note" });
    const head = ["Column", "First values", "Becomes"].map((words) => html("th", { scope: "col" }, words));
    const rows = html("tbody", {});
    this.columns = new Kept(rows, (column) => this.column(column));
    const listed = html("table", {}, html("thead", {}, html("tr", {}, ...head)), rows);
    const right = html("div", { class: "sm-page" }, this.name, this.table.node, this.note, scroll("Columns of the file", listed));
    const left = html("nav", { class: "sm-binder", "aria-label": "Files of the folder" }, this.files.node);
    this.lists = html("div", {});
    this.ways = new Fields("How the files are read", (way, value) => this.ask({ ask: "way", way, value }));
    this.body.append(this.ways.node, html("div", { class: "sm-columns" }, left, right), this.lists);
  }

  /** A line of the list of files. */
  file({ id }) {
    const title = html("span", { class: "sm-title", dir: "auto" });
    const words = html("span", { class: "sm-small" });
    const signs = html("span", { class: "sm-signs" });
    const node = button("", () => this.ask({ ask: "show", file: id }), { "data-id": id });
    node.append(title, words, signs);
    const show = (file) => {
      title.textContent = file.name;
      words.textContent = file.title;
      signs.replaceChildren(...file.marks.map(({ words, tone }) => html("span", { class: `sm-sign sm-${tone}` }, words)));
      if (file.chosen) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    };
    return { node: html("li", {}, node), show };
  }

  /** A line of the table of columns: its name, its first values, and what it becomes, to be chosen where it is not known. */
  column({ select, name }) {
    const cells = [html("th", { scope: "row", dir: "auto" }), html("td", { dir: "auto" }), html("td", {})];
    const send = (field) => this.ask({ ask: "column", file: this.id, column: this.fields.get(name), field });
    const field = select ? new Field(select, send) : undefined;
    if (field) cells[2].append(field.node);
    const show = (column) => {
      cells[0].textContent = column.name;
      cells[1].textContent = column.values;
      cells[1].title = column.values;
      if (field) field.show(column.select);
      else cells[2].textContent = column.became;
    };
    return { node: html("tr", {}, ...cells), show };
  }

  show() {
    super.show();
    const view = this.model.get("view");
    const { file } = view;
    this.id = file.id;
    this.fields = new Map(file.columns.map(({ name, select }) => [name, select?.name]));
    this.to.show(view.to);
    this.page.show(view.page);
    this.acts.forEach((act, i) => (act.disabled = !view.can[i]));
    this.ways.show(view.ways);
    this.files.show(view.files);
    this.name.textContent = file.heading;
    this.table.show([file.table]);
    this.note.textContent = [file.needed, file.note].filter(Boolean).join(" ");
    this.note.classList.toggle("sm-bad", Boolean(file.needed));
    this.columns.show(file.columns);
    this.lists.replaceChildren(...this.listed(view));
  }

  listed({ tables, needs, notes, findings, summary }) {
    const parts = [];
    if (tables.length) parts.push(list("Tables", tables));
    if (findings) parts.push(html("h3", {}, summary ? `Findings: ${summary}` : "What stands against it"), doubtful(findings));
    if (needs.length) parts.push(list("What cannot be computed yet", needs));
    if (notes.length) parts.push(list("What was decided and left out", notes));
    return parts;
  }
}

const scroll = (label, ...children) =>
  html("div", { class: "sm-scroll", tabindex: "0", role: "region", "aria-label": label, ...QUIET }, ...children);

const list = (title, lines) =>
  html("div", { class: "sm-list" }, html("h3", {}, title), html("ul", {}, ...lines.map((line) => html("li", { dir: "auto" }, line))));

/** The table of findings, whatever its columns are. */
function doubtful({ columns, wide, rows, more }) {
  const head = html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)));
  const cell = (text, i, tone) => html("td", { class: `${wide[i] ? "sm-wide" : ""} ${i === 0 ? `sm-${tone}` : ""}`, dir: "auto" }, text);
  const body = rows.map(({ tone, cells }) => html("tr", {}, ...cells.map((text, i) => cell(text, i, tone))));
  const table = html("table", {}, html("thead", {}, head), html("tbody", {}, ...body));
  return html("div", {}, scroll("Findings", table), html("p", { class: "sm-note" }, more));
}

function render({ model, el }) {
  const assistant = new Assistant(model, el);
  return assistant.live({ "change:view": () => assistant.show() });
}

export default { render };
