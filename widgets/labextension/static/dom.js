// Elements made of text: what a table or customer is called never becomes markup.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | boolean | number | undefined>} [attributes] false and undefined are left out
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
}

/** A button that does something. @param {string} words @param {() => unknown} act @param {Record<string, string>} [attributes] */
export function button(words, act, attributes = {}) {
  const node = el("button", { type: "button", ...attributes }, words);
  node.addEventListener("click", () => act());
  return node;
}

/**
 * Where a key leads in a list of `count` items; -1 where it leads nowhere.
 * @param {number} at @param {number} count @param {string} key
 */
export function step(at, count, key) {
  if (key === "Home") return count ? 0 : -1;
  if (key === "End") return count - 1;
  if (key === "ArrowDown") return at + 1 < count ? at + 1 : -1;
  if (key === "ArrowUp") return at - 1;
  return -1;
}
