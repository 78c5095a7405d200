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

/** Put the colors of the theme around us on an element, each role as a custom property. */
export function dress(root, colors) {
  const theme = themeOf(document.body, matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = theme;
  for (const [role, value] of Object.entries(colors[theme])) root.style.setProperty(`--sm-${role}`, value);
}

/** React when the theme around us changes; what comes back ends that. */
export function onTheme(react) {
  const themes = new MutationObserver(react);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", react);
  return () => {
    themes.disconnect();
    system.removeEventListener("change", react);
  };
}

/** React to events of a model, each by its name; what comes back ends that. */
export function listen(model, reactions) {
  for (const [event, react] of Object.entries(reactions)) model.on(event, react);
  return () => {
    for (const [event, react] of Object.entries(reactions)) model.off(event, react);
  };
}

/** Hide the static pictures that this widget takes the place of, and return how to bring them back. */
export function takePlaceOf(id) {
  const stills = id ? [...document.querySelectorAll(`[id="saasmetrics-static-${CSS.escape(id)}"]`)] : [];
  const hidden = stills.map((still) => still.closest(".jp-OutputArea-child") ?? still);
  const show = (display) => hidden.forEach((node) => Object.assign(node.style, { display }));
  show("none");
  return () => show("");
}
