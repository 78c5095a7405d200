// The plain functions of the JupyterLab extension, and its dealings with a kernel and a server that are made up here;
// the page itself is tested in a real browser (tests/browser/extension).
import assert from "node:assert/strict";
import { test } from "node:test";
import { switched } from "../labextension/static/book.js";
import { step } from "../labextension/static/dom.js";
import { ask, expression, told } from "../labextension/static/kernel.js";
import { Notebooks } from "../labextension/static/notebooks.js";
import { aboutBook } from "../labextension/static/panel.js";
import { plugin } from "../labextension/static/plugin.js";
import { search } from "../labextension/static/search.js";
import { freeName, fromSettings, hasLedger, isTable, join, parent, withParameters } from "../labextension/static/templates.js";

const FILES = { suffixes: [".csv", ".parquet", ".xlsx"], ledgers: ["mrr", "invoices", "subscriptions"] };
const TEMPLATE = {
  cells: [
    { cell_type: "markdown", source: "# Hello", metadata: {} },
    { cell_type: "code", source: ['data = ""  # a folder # of exports\n', "fiscal_start = 1  # month\n", "plain = 1"], metadata: { tags: ["parameters"] } },
    { cell_type: "code", source: 'data = "untouched"', metadata: {} },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

test("parameters get other values and keep their comments; other cells are as they were", () => {
  const made = withParameters(TEMPLATE, { data: 'a "b"\\c\n', fiscal_start: 4, unknown: 1 });
  assert.equal(made.cells[1].source, 'data = "a \\"b\\"\\\\c\\n"  # a folder # of exports\nfiscal_start = 4  # month\nplain = 1');
  assert.equal(made.cells[2].source, 'data = "untouched"');
  assert.ok(Array.isArray(TEMPLATE.cells[1].source));
});

test("a free name is taken by no file, with none of the endings, in small or capital letters", () => {
  assert.equal(freeName("Board", [], [".ipynb"]), "Board");
  assert.equal(freeName("Board", ["board.ipynb", "Board 2.html"], [".ipynb", ".html"]), "Board 3");
});

test("tables are known by their endings, packed or not; hidden files and locks of Excel are none", () => {
  for (const name of ["a.csv", "A.CSV", "a.csv.gz", "b.parquet", "c.xlsx"]) assert.ok(isTable(name, FILES.suffixes), name);
  for (const name of [".a.csv", "~$c.xlsx", "a.txt", "csv", "a.csv.zip"]) assert.ok(!isTable(name, FILES.suffixes), name);
});

test("a folder is taken for exports when MRR can come from one of its files", () => {
  assert.ok(hasLedger(["readme.md", "Acme Subscriptions (2025).csv"], FILES));
  assert.ok(!hasLedger(["customers.csv", "mrr.txt"], FILES));
});

test("settings become parameters, and charts follow the theme unless told otherwise", () => {
  assert.deepEqual(fromSettings({}, false), { policy: "default", currency: "", fiscal_start: 1, theme: "light" });
  assert.equal(fromSettings({ theme: "follow" }, true).theme, "dark");
  assert.equal(fromSettings({ theme: "light" }, true).theme, "light");
});

test("paths are joined at the root, in a folder and on a drive", () => {
  assert.equal(join("", "a"), "a");
  assert.equal(join("x/y", "a"), "x/y/a");
  assert.equal(join("RTC:", "a"), "RTC:a");
  assert.equal(parent("x/y/a.csv"), "x/y");
  assert.equal(parent("a.csv"), "");
});

test("a path on a drive has the drive as its folder", () => {
  const contents = {
    driveName: (path) => (path.startsWith("RTC:") ? "RTC" : ""),
    localPath: (path) => path.replace(/^RTC:/, ""),
  };
  const notebooks = new Notebooks({ serviceManager: { contents } }, undefined, FILES);
  assert.deepEqual(notebooks.beside("RTC:exports"), { folder: "RTC:", data: "exports" });
  assert.deepEqual(notebooks.beside("RTC:a/exports"), { folder: "RTC:a", data: "exports" });
  assert.deepEqual(notebooks.beside("a/b:c.csv"), { folder: "a", data: "b:c.csv" });
});

const METRICS = [
  { id: "gross_churn", name: "Gross churn", abbr: "", topic: "retention", meaning: "Lost of NRR", formula: "", code: "" },
  { id: "nrr", name: "Net revenue retention", abbr: "NRR", topic: "retention", meaning: "kept", formula: "", code: "" },
  { id: "organic_nrr", name: "Organic NRR", abbr: "", topic: "retention", meaning: "kept", formula: "", code: "" },
].map((metric) => ({ unit: "", better: "", missing: "", options: {}, choices: {}, sources: [], version: 1, signature: "", ...metric }));
/** @param {string} typed */
const found = (typed) => search(METRICS, typed).map(({ id }) => id);

test("the metric itself comes first, then those with the words in their name, then the rest", () => {
  assert.deepEqual(found("nrr"), ["nrr", "organic_nrr", "gross_churn"]);
  assert.deepEqual(found(" NET  reténtion "), ["nrr"]);
  assert.deepEqual(found("nothing"), []);
  assert.equal(found("").length, 3);
});

test("arrows, Home and End lead through a list and stop at its ends", () => {
  assert.equal(step(0, 3, "ArrowDown"), 1);
  assert.equal(step(2, 3, "ArrowDown"), -1);
  assert.equal(step(0, 3, "ArrowUp"), -1);
  assert.equal(step(1, 3, "End"), 2);
  assert.equal(step(1, 3, "a"), -1);
});

test("code is about the variable that the book is in", () => {
  assert.equal(aboutBook("sm.retention.nrr(book)", "mine"), "sm.retention.nrr(mine)");
  assert.equal(aboutBook("book.check()", "mine"), "mine.check()");
  assert.equal(aboutBook("sm.survival.fit_shares(shares=...)", "mine"), "sm.survival.fit_shares(shares=...)");
  assert.equal(aboutBook("sm.retention.nrr(book)", "$&"), "sm.retention.nrr($&)");
  assert.equal(switched("mine", "stripe"), 'mine = mine.with_policy("stripe")');
});

/** @param {any} [changes] */
const kernel = (changes) => {
  const asked = [];
  return {
    asked,
    connectionStatus: "connected",
    status: "idle",
    info: Promise.resolve({ language_info: { name: "python" } }),
    requestExecute: (content) => {
      asked.push(content);
      return { done: Promise.resolve({ content: { status: "ok", user_expressions: { saasmetrics: { status: "ok", data: {} } } } }) };
    },
    ...changes,
  };
};

test("a kernel is asked silently, without history, by an expression that binds no name", async () => {
  const one = kernel();
  assert.deepEqual(await ask(one, "mine"), { silence: "empty" });
  assert.equal(one.asked.length, 1);
  const { code, silent, store_history, allow_stdin, user_expressions } = one.asked[0];
  assert.deepEqual({ code, silent, store_history, allow_stdin }, { code: "", silent: true, store_history: false, allow_stdin: false });
  assert.equal(user_expressions.saasmetrics, expression("mine"));
});

test("a kernel that is busy, starting or gone, or of another language, is asked nothing", async () => {
  for (const changes of [{ status: "busy" }, { status: "starting" }, { connectionStatus: "disconnected" }]) {
    const one = kernel(changes);
    assert.deepEqual(await ask(one), { silence: "busy" });
    assert.equal(one.asked.length, 0);
  }
  const julia = kernel({ info: Promise.resolve({ language_info: { name: "julia" } }) });
  assert.deepEqual(await ask(julia), { silence: "other" });
  assert.equal(julia.asked.length, 0);
  assert.deepEqual(await ask(undefined), { silence: "none" });
});

test("a kernel that became busy while it told its language is left alone", async () => {
  const one = kernel();
  one.info = Promise.resolve().then(() => {
    one.status = "busy";
    return { language_info: { name: "python" } };
  });
  assert.deepEqual(await ask(one), { silence: "busy" });
  assert.equal(one.asked.length, 0);
});

test("an answer is JSON, nothing, or the reason why there is none", () => {
  const reply = (saasmetrics) => ({ status: "ok", user_expressions: { saasmetrics } });
  assert.deepEqual(told(reply({ status: "ok", data: { "application/json": { name: "book" } } })), { books: { name: "book" } });
  assert.deepEqual(told(reply({ status: "error", evalue: "No module" })), { silence: "failed", words: "No module" });
  assert.deepEqual(told({ status: "error", evalue: "dead" }), { silence: "failed", words: "dead" });
});

/** Notebooks of a server whose folder holds Board.ipynb, and what is asked of it. @param {(to: string) => void} rename */
const serverWith = (rename) => {
  const asked = { saved: new Set(), renamed: [], deleted: [] };
  const contents = {
    get: async () => ({ content: [{ name: "Board.ipynb" }] }),
    save: async (path) => asked.saved.add(path),
    delete: async (path) => asked.deleted.push(path),
    rename: async (from, to) => {
      asked.renamed.push(to);
      rename(to);
    },
  };
  const kernelspecs = { ready: Promise.resolve(), specs: { default: "r", kernelspecs: { r: { name: "r", language: "R" }, py: { name: "py", language: "python", display_name: "Py" } } } };
  return { asked, notebooks: new Notebooks({ serviceManager: { contents, kernelspecs } }, undefined, FILES) };
};
const failing = (status) => Object.assign(new Error("refused"), { response: { status } });
const BOARD = { title: "Board", notebook: TEMPLATE, writes: ".html" };

test("a name that somebody else took in the meantime is not taken from them", async () => {
  const { asked, notebooks } = serverWith((to) => {
    if (to === "f/Board 2.ipynb") throw failing(409);
  });
  assert.equal(await notebooks.make(BOARD, "f", {}), "f/Board 3.ipynb");
  assert.deepEqual(asked.renamed, ["f/Board 2.ipynb", "f/Board 3.ipynb"]);
  assert.deepEqual(asked.deleted, []);
  assert.deepEqual(await notebooks.kernel(), { name: "py", display_name: "Py", language: "python" });
});

test("a notebook without its name yet is one that no listing shows, and none is left where it gets no name", async () => {
  const { asked, notebooks } = serverWith(() => {
    throw failing(403);
  });
  await assert.rejects(notebooks.make(BOARD, "f", {}), /refused/);
  const [draft, ...others] = asked.saved;
  assert.match(draft, /^f\/.*~$/);
  assert.deepEqual(others, []);
  assert.deepEqual(asked.deleted, [draft]);
});

/** Start the plugin in a host with some packages and return the commands it gets. @param {Record<string, any>} modules */
const started = async (modules, ...services) => {
  globalThis.fetch = async () => ({ json: async () => ({ metrics: [], policies: [], templates: {}, files: FILES }) });
  const commands = [];
  const app = { commands: { addCommand: (id) => commands.push(id), hasCommand: () => false } };
  await plugin(modules, "shipped.json").activate(app, ...services);
  return commands;
};

test("a host where nobody can ask for anything is left alone, as Voila", async () => {
  assert.deepEqual(plugin({}, "shipped.json").optional, []);
  assert.deepEqual(await started({}), []);
});

test("a host with a palette alone gets the commands, and no panel", async () => {
  const listed = [];
  const palette = { addItem: ({ command }) => listed.push(command) };
  const commands = await started({ "@jupyterlab/apputils": { ICommandPalette: {} } }, palette);
  assert.ok(commands.includes("saasmetrics:founder"));
  assert.ok(!commands.includes("saasmetrics:panel"));
  assert.deepEqual(listed, ["saasmetrics:founder", "saasmetrics:review", "saasmetrics:board", "saasmetrics:pack", "saasmetrics:import", "saasmetrics:check", "saasmetrics:settings", "saasmetrics:docs"]);
});

/** What the command of the documentation does in a host. @param {Record<string, any>} host @param {Record<string, any>} modules */
const documented = async (host, modules) => {
  const opened = [];
  globalThis.window = { open: (url) => opened.push(url) };
  const palette = { addItem: () => {} };
  const commands = {};
  const app = { ...host, commands: { addCommand: (id, { execute }) => (commands[id] = execute), hasCommand: () => false } };
  const apputils = { ICommandPalette: {}, ...modules.apputils };
  await plugin({ "@jupyterlab/apputils": apputils, "@jupyterlab/ui-components": modules.components }, "http://x/static/shipped.json").activate(app, palette);
  commands["saasmetrics:docs"]({ page: "metrics/nrr.html" });
  commands["saasmetrics:docs"]();
  return opened;
};

test("where there are no tabs, the documentation opens in one of the browser, in the theme of the host", async () => {
  const opened = await documented({ name: "Jupyter Notebook" }, { components: {} });
  assert.deepEqual(opened, ["http://x/static/docs/metrics/nrr.html?theme=light", "http://x/static/docs/index.html?theme=light"]);
});

test("in JupyterLab the documentation has one tab, which is shown again with the page asked for", async () => {
  const shown = [];
  class IFrame {
    node = { querySelector: () => null };
  }
  class MainAreaWidget {
    title = {};
    isAttached = false;
    constructor({ content }) {
      this.content = content;
    }
  }
  const add = (tab) => shown.push(Object.assign(tab, { isAttached: true }));
  const shell = { add, activateById: (id) => shown.push(`${id} ${shown[0].content.url}`) };
  const opened = await documented({ name: "JupyterLab", shell }, { apputils: { MainAreaWidget }, components: { IFrame } });
  assert.deepEqual(opened, []);
  assert.deepEqual(shown.slice(1), [
    "saasmetrics-docs http://x/static/docs/metrics/nrr.html?theme=light",
    "saasmetrics-docs http://x/static/docs/index.html?theme=light",
  ]);
});
