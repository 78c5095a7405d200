// The catalogue in the side panel: search, read what a metric means, put it into the notebook.
import { button, el, step } from "./dom.js";
import { search } from "./search.js";

/** @typedef {import("./search.js").Metric} Metric */

/** @typedef {{ trans: any, insert: (code: string) => void, code: (metric: Metric) => string, read: (metric: Metric) => void }} Host */

/** @param {Metric[]} metrics @param {Host} host */
export function catalogue(metrics, host) {
  const { trans } = host;
  const input = el("input", {
    type: "search",
    class: "sm-lab-search",
    "aria-label": trans.__("Search metrics"),
    placeholder: trans.__("Search metrics, such as NRR"),
    spellcheck: "false",
  });
  const count = el("p", { class: "sm-lab-note", role: "status" });
  const list = el("ul", { class: "sm-lab-metrics", "aria-label": trans.__("Metrics") });
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...list.querySelectorAll(".sm-lab-metric")]);

  /** @param {number} at */
  const focus = (at) => {
    const all = buttons();
    for (const [i, each] of all.entries()) each.tabIndex = i === at ? 0 : -1;
    all[at]?.focus();
  };
  const show = () => {
    const found = search(metrics, input.value);
    list.replaceChildren(...found.map((metric) => entry(metric, host)));
    count.textContent = trans.__("%1 of %2 metrics", found.length, metrics.length);
    const first = buttons()[0];
    if (first) first.tabIndex = 0; // one stop for Tab, arrows from there
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || buttons().length === 0) return;
    event.preventDefault();
    focus(0);
  });
  list.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = at < 0 ? -1 : step(at, all.length, event.key);
    if (at === 0 && event.key === "ArrowUp") input.focus();
    if (to >= 0) focus(to);
    if (to >= 0 || at === 0) event.key.startsWith("Arrow") && event.preventDefault();
  });
  show();
  return el("div", {}, input, count, list);
}

/** @param {Metric} metric @param {Host} host */
function entry(metric, { trans, insert, code, read }) {
  const id = `sm-lab-metric-${metric.id}`;
  const head = el("button", { type: "button", class: "sm-lab-metric", "aria-expanded": "false", "aria-controls": id, tabindex: -1 });
  head.append(el("span", { class: "sm-lab-name" }, metric.name));
  if (metric.abbr) head.append(" ", el("span", { class: "sm-lab-abbr" }, metric.abbr));
  const body = el("div", { id, class: "sm-lab-body", hidden: true });
  head.addEventListener("click", () => {
    const open = head.getAttribute("aria-expanded") !== "true";
    if (open && !body.hasChildNodes()) body.append(...about(metric, trans), ...actions());
    head.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
  });
  const actions = () => [
    el(
      "div",
      { class: "sm-lab-actions" },
      button(trans.__("Insert into notebook"), () => insert(code(metric)), { class: "sm-lab-button" }),
      button(trans.__("Example and chart"), () => read(metric), { class: "sm-lab-button" }),
    ),
  ];
  const item = el("li", { draggable: "true", title: trans.__("Drag into a cell of a notebook") }, head, body);
  item.addEventListener("dragstart", (event) => {
    event.dataTransfer?.setData("text/plain", code(metric));
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
  });
  return item;
}

/** @param {Metric} metric @param {any} trans */
function about(metric, trans) {
  const terms = el("dl", {});
  /** @param {string} term @param {string[]} words */
  const say = (term, words) => terms.append(el("dt", {}, term), ...words.map((each) => el("dd", {}, each)));
  say(trans.__("Formula"), [metric.formula]);
  say(trans.__("Missing when"), [metric.missing]);
  for (const [option, values] of Object.entries(metric.options)) {
    say(option, Object.entries(values).map(([value, words]) => `${value}: ${words}`));
  }
  const choices = Object.entries(metric.choices).map(([choice, title]) => `${choice}: ${title}`);
  if (choices.length) say(trans.__("Decided by the policy"), choices);
  say(trans.__("Sources"), [`${metric.sources.join("; ")} [${metric.id} v${metric.version}]`]);
  return [el("p", {}, metric.meaning), el("pre", {}, el("code", {}, metric.signature)), terms];
}
