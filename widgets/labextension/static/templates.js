// Notebooks made from templates, as plain functions on data: nothing here touches the page or the server.

/**
 * @typedef {{ cell_type: string, source: string | string[], metadata: { tags?: string[] } & Record<string, unknown> }} Cell
 * @typedef {{ cells: Cell[], metadata: Record<string, any>, nbformat: number, nbformat_minor: number }} Notebook
 * @typedef {string | number} Value
 */

/** A value as a Python literal; JSON's strings and numbers are Python's as well. @param {Value} value */
export const literal = (value) => JSON.stringify(value);

/** @param {string | string[]} source */
const text = (source) => (Array.isArray(source) ? source.join("") : source);

/**
 * A copy of a notebook whose cell tagged `parameters` says other values; comments stay, and so does what is not named.
 * @param {Notebook} notebook
 * @param {Record<string, Value>} values
 * @returns {Notebook}
 */
export function withParameters(notebook, values) {
  const made = structuredClone(notebook);
  const cell = made.cells.find((each) => each.metadata.tags?.includes("parameters"));
  if (cell) cell.source = text(cell.source).split("\n").map((line) => changed(line, values)).join("\n");
  return made;
}

/** @param {string} line @param {Record<string, Value>} values */
function changed(line, values) {
  const [, name, comment] = /^(\w+) = .*?(  # .*)?$/.exec(line) ?? [];
  return name !== undefined && Object.hasOwn(values, name) ? `${name} = ${literal(values[name])}${comment ?? ""}` : line;
}

/**
 * The first of "Name", "Name 2", "Name 3" ... of which no file is there yet, with any of the endings.
 * @param {string} name
 * @param {Iterable<string>} taken names of files in the folder
 * @param {string[]} endings
 */
export function freeName(name, taken, endings) {
  const lower = new Set([...taken].map((each) => each.toLowerCase())); // some disks do not tell A from a
  for (let number = 1; ; number++) {
    const tried = number === 1 ? name : `${name} ${number}`;
    if (endings.every((ending) => !lower.has((tried + ending).toLowerCase()))) return tried;
  }
}

/** Whether the library reads such a file. @param {string} name @param {string[]} suffixes */
export function isTable(name, suffixes) {
  const plain = name.toLowerCase().replace(/\.gz$/, "");
  return !/^(\.|~\$)/.test(name) && suffixes.some((suffix) => plain.endsWith(suffix));
}

/**
 * Whether a folder looks like exports that MRR can be counted from.
 * @param {Iterable<string>} names of its files
 * @param {{ suffixes: string[], ledgers: string[] }} known `ledgers` are the names of tables with MRR in them
 */
export function hasLedger(names, { suffixes, ledgers }) {
  return [...names].some((name) => {
    const stem = name.split(".")[0].toLowerCase().replace(/[^a-z0-9]/g, "");
    return isTable(name, suffixes) && ledgers.some((ledger) => stem.includes(ledger));
  });
}

/** What settings say to templates. @param {Record<string, any>} settings @param {boolean} isDark */
export function fromSettings(settings, isDark) {
  return {
    policy: settings.policy || "default",
    currency: settings.currency ?? "",
    fiscal_start: settings.fiscalStart ?? 1,
    theme: settings.theme === "light" || settings.theme === "dark" ? settings.theme : isDark ? "dark" : "light",
  };
}

/** @param {string} path */
export const parent = (path) => path.split("/").slice(0, -1).join("/");

/** @param {string} path */
export const base = (path) => path.split("/").at(-1) ?? path;

/** @param {string} folder @param {string} name */
export const join = (folder, name) => (folder && !folder.endsWith(":") ? `${folder}/${name}` : `${folder}${name}`);
