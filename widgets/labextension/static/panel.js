// The side panel: what is in the notebook's kernel, and the catalogue of metrics.
import { bookPanel } from "./book.js";
import { el } from "./dom.js";
import { ask } from "./kernel.js";
import { catalogue } from "./metrics.js";

/**
 * @param {{ metrics: import("./search.js").Metric[], policies: import("./book.js").Policy[] }} shipped
 * @param {{ trans: any, tracker: any, notebooks: import("./notebooks.js").Notebooks, read: (page: string) => void }} host
 */
export function panel(shipped, { trans, tracker, notebooks, read }) {
  const said = el("p", { class: "sm-lab-said", role: "status" });
  const here = () => tracker.currentWidget;
  /** @param {(notebook: any) => unknown} act @param {string} words */
  const inNotebook = async (act, words) => {
    const notebook = here();
    if (!notebook) {
      said.textContent = trans.__("Open a notebook first.");
      return;
    }
    await act(notebook);
    said.textContent = trans.__("%1 is in %2", words, notebook.title.label);
  };
  const book = bookPanel(shipped.policies, {
    trans,
    look: (name) => ask(here()?.sessionContext?.session?.kernel, name),
    cell: (code, run) => inNotebook((notebook) => notebooks.addCell(notebook, code, run), code),
  });
  const list = catalogue(shipped.metrics, {
    trans,
    code: (metric) => aboutBook(metric.code, book.variable()),
    insert: (code) => inNotebook((notebook) => notebooks.insert(notebook, code), code),
    read: (metric) => read(`metrics/${metric.id}.html`),
  });
  tracker.currentChanged.connect(() => {
    said.textContent = "";
    book.forget();
  });
  const node = el(
    "div",
    { class: "sm-lab-panel" },
    section("sm-lab-section-book", trans.__("In this notebook"), book.node),
    section("sm-lab-section-metrics", trans.__("Metrics"), list),
    said,
  );
  return node;
}

/** Code of the catalogue, about the book that is looked at. @param {string} code @param {string} variable */
export const aboutBook = (code, variable) =>
  code.replace(/^book\.|\(book\b/, (found) => found.replace("book", () => variable));

/** @param {string} id @param {string} title @param {HTMLElement} body */
const section = (id, title, body) => el("section", { "aria-labelledby": id }, el("h2", { id }, title), body);
