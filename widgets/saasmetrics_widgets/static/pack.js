// Draws the builder of a board pack: its pages in order, the words of one of them, and that page as it will be.
import { ASKS, QUIET, html } from "./dom.js";
import { Bench, Field, Fields, Kept, button } from "./workbench.js";

const DARK = "(prefers-color-scheme: dark)";

/** A page as it looks in a theme, whatever the system's is. */
export function themed(page, theme) {
  return page.replaceAll(`@media ${DARK}`, theme === "dark" ? "@media all" : "@media not all");
}

/** The page as it will be, in a frame of its own in which no script runs. */
class Preview {
  constructor(onWords) {
    this.frame = html("iframe", { class: "sm-preview", sandbox: "allow-same-origin", title: "The page as it will be" });
    this.node = html("div", { class: "sm-sheet" }, this.frame);
    this.frame.addEventListener("load", () => {
      this.fit();
      this.page()?.addEventListener("click", ({ target }) => {
        const part = target.closest?.("h2, .comment");
        if (part) onWords(part.matches("h2") ? "title" : "comment");
      });
    });
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.node);
  }

  page() {
    return this.frame.contentDocument?.body ? this.frame.contentDocument : undefined;
  }

  show(text, theme) {
    const drawn = themed(text, theme);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.frame.srcdoc = drawn;
  }

  fit() {
    const high = this.page()?.querySelector("main")?.getBoundingClientRect().height;
    if (high) this.frame.style.height = `${Math.ceil(high) + 2}px`;
  }
}

class Builder extends Bench {
  constructor(model, el) {
    super(model, el);
    this.fields = new Fields("The pack", (name, value) => this.ask({ ask: "set", name, value }));
    this.looks = new Fields("Plan and looks", (name, value) => this.ask({ ask: "set", name, value }), "sm-fields sm-looks");
    const more = html("details", { class: "sm-more" }, html("summary", { ...QUIET }, "Plan and looks"), this.looks.node);
    this.pages = new Kept(html("ol", { class: "sm-pages", "aria-label": "Pages" }), (page) => this.line(page));
    this.adding = html("select", { "aria-label": "Page to add", name: "add", ...ASKS });
    const add = button("Add", () => this.ask({ ask: "take_in", page: this.gone[this.adding.selectedIndex].id }));
    this.more = html("div", { class: "sm-add" }, this.adding, add);
    const acts = [
      ["Move up", { ask: "move", by: -1 }],
      ["Move down", { ask: "move", by: 1 }],
      ["Leave out", { ask: "leave_out" }],
    ];
    this.acts = acts.map(([words, content]) => button(words, () => this.ofPage(content)));
    this.name = html("h3", {});
    this.words = Object.fromEntries(["title", "comment", "asks"].map((part) => [part, this.part(part)]));
    this.state = html("div", { class: "sm-state" });
    this.preview = new Preview((part) => this.words[part].field.input.focus());
    this.files = new Fields("Files to write", () => {}, "sm-fields sm-files");
    const outputs = html("div", { class: "sm-outputs", role: "group", "aria-label": "Write the pack" });
    this.outputs = new Kept(outputs, (output) => this.output(output));
    this.settings = new Fields("Settings and packs that were kept", () => {}, "sm-fields sm-files");
    const head = html("div", { class: "sm-head" }, this.name, html("div", { class: "sm-acts" }, ...this.acts));
    const parts = Object.values(this.words).map(({ node }) => node);
    const left = html("nav", { class: "sm-binder", "aria-label": "Pages of the pack" }, this.pages.node, this.more);
    const right = html("div", { class: "sm-page" }, head, ...parts, this.state, this.preview.node);
    const written = html("div", { class: "sm-bar" }, this.files.node, outputs);
    const kept = html("div", { class: "sm-bar" }, this.settings.node, html("div", { class: "sm-outputs" }, ...this.keepers()));
    const columns = html("div", { class: "sm-columns" }, left, right);
    this.top.append(this.fields.node, more, html("div", { class: "sm-bars" }, written, kept));
    this.body.append(columns);
  }

  /** A part of the words of a page, with what leads back to the words made from the numbers. */
  part(name) {
    const lines = { title: 2, comment: 3, asks: 4 };
    const spec = { name, label: "", kind: "lines", rows: lines[name], value: "" };
    const field = new Field(spec, (value) => this.ofPage({ ask: "write", part: name, value }));
    const reset = button("Back to the generated words", () => this.ofPage({ ask: "reset", part: name }));
    return { field, reset, node: html("div", { class: `sm-words sm-words-${name}` }, field.node, reset) };
  }

  keepers() {
    const place = () => this.settings.value("settings");
    return [
      button("Save", () => this.ask({ ask: "save", to: place() })),
      button("Open", () => this.ask({ ask: "open", from: place() })),
    ];
  }

  ofPage(content) {
    this.ask({ page: this.model.get("view").page.id, ...content });
  }

  show() {
    super.show();
    const view = this.model.get("view");
    this.fields.show(view.fields);
    this.looks.show(view.looks);
    this.gone = view.gone;
    this.adding.replaceChildren(...view.gone.map(({ name }) => html("option", {}, name)));
    this.more.hidden = view.gone.length === 0;
    this.pages.show(view.pages);
    this.showPage(view.page);
    this.files.show(view.files);
    this.settings.show(view.settings);
    this.formats = Object.fromEntries(view.outputs.map(({ id, formats }) => [id, formats]));
    this.outputs.show(view.outputs);
    this.preview.show(this.model.get("preview"), this.root.dataset.theme);
  }

  /** A line of the list of pages. */
  line({ id }) {
    const title = html("span", { class: "sm-title" });
    const words = html("span", { class: "sm-small", dir: "auto" });
    const signs = html("span", { class: "sm-signs" });
    const node = button("", () => this.ask({ ask: "show", page: id }), { "data-id": id });
    node.append(title, words, signs);
    const show = (page) => {
      title.textContent = page.name;
      words.textContent = page.title;
      signs.replaceChildren(...page.marks.map(({ words, tone }) => html("span", { class: `sm-sign sm-${tone}` }, words)));
      if (page.chosen) node.setAttribute("aria-current", "page");
      else node.removeAttribute("aria-current");
    };
    return { node: html("li", {}, node), show };
  }

  /** A button that writes files. */
  output({ id }) {
    const node = button("", () => this.ask({ ask: "export", formats: this.formats[id], to: this.files.value("to") }));
    const show = ({ label, why }) => {
      node.textContent = label;
      node.title = why;
      node.disabled = Boolean(why);
    };
    return { node, show };
  }

  showPage(page) {
    this.name.textContent = page.heading;
    this.acts.forEach((act, i) => (act.disabled = !page.can[i]));
    for (const [name, { field, reset, node }] of Object.entries(this.words)) {
      const spec = page.words[name];
      node.hidden = !spec;
      if (!spec) continue;
      field.show({ ...field.spec, ...spec });
      node.classList.toggle("sm-edited", spec.edited);
      reset.hidden = !spec.edited;
    }
    const told = page.told.map(({ words, tone }) => html("p", { class: `sm-told sm-${tone}`, dir: "auto" }, words));
    const keep = page.stale ? [button("The words are still right", () => this.ofPage({ ask: "keep" }))] : [];
    this.state.replaceChildren(...told, ...keep);
  }

  onTheme() {
    super.onTheme();
    this.preview.show(this.model.get("preview"), this.root.dataset.theme);
  }
}

function render({ model, el }) {
  const builder = new Builder(model, el);
  const show = () => builder.show();
  return builder.live({ "change:view": show, "change:preview": show });
}

export default { render };
