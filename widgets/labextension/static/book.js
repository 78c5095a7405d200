// The book in the notebook's kernel: its tables with what is doubtful in them, and the policy it is read by.
import { button, el } from "./dom.js";

/**
 * @typedef {import("./kernel.js").Answer} Answer
 * @typedef {import("./kernel.js").Books} Books
 * @typedef {{ name: string, title: string }} Policy
 * @typedef {{ trans: any, look: (name: string) => Promise<Answer>, cell: (code: string, run: boolean) => Promise<void> }} Host
 */

/** The cell that reads a book by another policy. @param {string} book @param {string} policy */
export const switched = (book, policy) => `${book} = ${book}.with_policy(${JSON.stringify(policy)})`;

/** @param {Policy[]} policies @param {Host} host */
export function bookPanel(policies, host) {
  const { trans } = host;
  const shown = el("div", { class: "sm-lab-book" });
  const said = el("p", { class: "sm-lab-note", role: "status" });
  /** @type {Books | undefined} */
  let last;
  let asked = 0;

  const look = async (name = last?.name ?? "") => {
    const mine = ++asked;
    said.textContent = trans.__("Asking the kernel …");
    const answer = await host.look(name).catch((error) => ({ silence: /** @type {const} */ ("failed"), words: String(error) }));
    if (mine !== asked) return; // a later question
    if (!("books" in answer) || !answer.books) {
      said.textContent = silent(answer, trans);
      if (answer.silence !== "busy") clear();
      return;
    }
    last = answer.books;
    said.textContent = "";
    shown.replaceChildren(...drawn(last, policies, { ...host, again: look }));
  };
  const clear = () => {
    last = undefined;
    shown.replaceChildren();
  };
  const refresh = button(trans.__("Look into the notebook"), () => look(), { class: "sm-lab-button" });
  const node = el("div", {}, el("div", { class: "sm-lab-actions" }, refresh), said, shown);
  return {
    node,
    /** Another notebook has another book. */
    forget: () => {
      asked++;
      said.textContent = "";
      clear();
    },
    /** The variable that code inserted is about. */
    variable: () => last?.name ?? "book",
  };
}

/** @param {Answer} answer @param {any} trans */
function silent({ silence, words }, trans) {
  if (silence === "none") return trans.__("No notebook with a running kernel is open.");
  if (silence === "busy") return trans.__("The kernel is busy; look again when it is done.");
  if (silence === "other") return trans.__("The kernel of this notebook does not speak Python.");
  if (silence === "empty") return trans.__("There is no book in this notebook yet: book = sm.read(\"exports/\") makes one.");
  return trans.__("The kernel could not tell: %1", words || trans.__("no reason given"));
}

/** @param {Books} books @param {Policy[]} policies @param {Host & { again: (name?: string) => Promise<void> }} host */
function drawn(books, policies, host) {
  const { trans } = host;
  const scope = books.scope.length ? [books.scope.join(", ")] : [];
  const facts = [trans.__("as of %1", books.as_of), books.currency, ...scope, books.summary];
  return [
    ...(books.names.length > 1 ? [which(books, host)] : []),
    el("p", { class: "sm-lab-facts" }, el("code", {}, books.name), ` ${facts.join(" · ")}`),
    policy(books, policies, host),
    el("ul", { class: "sm-lab-tables", "aria-label": trans.__("Tables of the book") }, ...books.tables.map((each) => table(each, trans))),
  ];
}

/** @param {Books} books @param {{ trans: any, again: (name?: string) => Promise<void> }} host */
function which(books, { trans, again }) {
  const select = el("select", {}, ...books.names.map((name) => el("option", { value: name, selected: name === books.name }, name)));
  select.addEventListener("change", () => again(select.value));
  return el("label", { class: "sm-lab-field" }, el("span", {}, trans.__("Book")), select);
}

/** @param {Books} books @param {Policy[]} policies @param {Host & { again: (name?: string) => Promise<void> }} host */
function policy(books, policies, { trans, cell, again }) {
  const now = books.policy;
  const title = now.changed ? trans.__("%1, changed", now.title) : now.title;
  const options = policies.map(({ name, title }) => el("option", { value: name, selected: name === now.name }, title));
  const select = el("select", {}, ...options);
  const add = () => cell(switched(books.name, select.value), false);
  const run = async () => {
    await cell(switched(books.name, select.value), true);
    await again();
  };
  return el(
    "div",
    { class: "sm-lab-policy" },
    el("p", { class: "sm-lab-facts" }, trans.__("Policy: %1", title)),
    el("label", { class: "sm-lab-field" }, el("span", {}, trans.__("Read it by")), select),
    el(
      "div",
      { class: "sm-lab-actions" },
      button(trans.__("Insert as a cell"), add, { class: "sm-lab-button" }),
      button(trans.__("Insert and run"), run, { class: "sm-lab-button" }),
    ),
  );
}

/** @param {import("./kernel.js").BookTable} told @param {any} trans */
function table(told, trans) {
  const size = trans.__("%1 rows, %2 columns", told.rows.toLocaleString("en-US"), told.columns);
  const worst = told.findings[0]?.severity;
  const state = worst ? severity(worst, trans) : trans.__("nothing found");
  const head = [el("span", { class: "sm-lab-name" }, told.name), " ", el("span", { class: "sm-lab-size" }, size)];
  const mark = el("span", { class: "sm-lab-mark", "data-severity": worst ?? "none" }, state);
  const meaning = told.meaning ? [el("p", {}, told.meaning)] : [];
  const findings = told.findings.map((finding) => el("li", {}, ...words(finding, trans)));
  const body = [...meaning, ...(findings.length ? [el("ul", {}, ...findings)] : [])];
  return el("li", {}, el("details", {}, el("summary", {}, ...head, " ", mark), ...body));
}

/** @param {string} name @param {any} trans */
const severity = (name, trans) =>
  name === "error" ? trans.__("error") : name === "warning" ? trans.__("warning") : trans.__("note");

/** @param {import("./kernel.js").Finding} finding @param {any} trans */
function words(finding, trans) {
  const where = finding.column ? `${finding.column}: ` : "";
  const rows = finding.rows ? ` (${trans.__("%1 rows", finding.rows.toLocaleString("en-US"))})` : "";
  return [
    el("span", { class: "sm-lab-mark", "data-severity": finding.severity }, severity(finding.severity, trans)),
    ` ${where}${finding.finding}${rows}`,
    ...(finding.remedy ? [el("p", {}, finding.remedy)] : []),
  ];
}
