// Elements, and the page around a widget: what all scripts of widgets share.

const SVG = "http://www.w3.org/2000/svg";
export const QUIET = { "data-lm-suppress-shortcuts": "true" }; // else the notebook swallows keys
export const ASKS = { ...QUIET, "data-asks": "" }; // a button that only Python can answer; a saved page switches it off

/**
 * The attributes and children of an element; a string child becomes text, never markup.
 * @param {Element} node @param {Record<string, unknown>} attributes @param {(Node | string)[]} children
 */
export function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

export const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** The theme of the page around us: JupyterLab says it, else VS Code, else the system. */
export function themeOf(body, dark) {
  const said = body.dataset.jpThemeLight;
  if (said) return said === "false" ? "dark" : "light";
  if (body.classList.contains("vscode-dark")) return "dark";
  if (body.classList.contains("vscode-light")) return "light";
  return dark ? "dark" : "light";
}

/** Hide the static pictures that this widget takes the place of, and return how to bring them back. */
export function takePlaceOf(id) {
  const stills = id ? [...document.querySelectorAll(`[id="saasmetrics-static-${CSS.escape(id)}"]`)] : [];
  const hidden = stills.map((still) => still.closest(".jp-OutputArea-child") ?? still);
  const show = (display) => hidden.forEach((node) => Object.assign(node.style, { display }));
  show("none");
  return () => show("");
}
