// The plugin: commands, launcher cards, a menu, a right-click on exports, settings and the side panel.
// Whatever the host does not have is left out.
import { Notebooks } from "./notebooks.js";
import { panel } from "./panel.js";
import { fromSettings, isTable } from "./templates.js";

const ID = "jupyter-saasmetrics:plugin";
// Paths of the icons, drawn in the color that the theme has for icons.
const ICONS = {
  logo: "M3 20h18v1.5H3zM4 12h3.4v7H4zM10.3 8h3.4v11h-3.4zM16.6 3H20v16h-3.4z",
  founder: "M3 20h18v1.5H3zM4 12h3.4v7H4zM10.3 8h3.4v11h-3.4zM16.6 3H20v16h-3.4z",
  review: "M3 3h3v18H3zM7 5h3v16H7zM11 9h3v12h-3zM15 12h3v9h-3zM19 14h2v7h-2z",
  board: "M3 3h18v12H3zM5 5v8h14V5zM7 11l3-3 2 2 4-4 1 1-5 5-2-2-2 2zM11 15h2v3h4v2H7v-2h4z",
  pack: "M3 3h18v12H3zM5 5v8h14V5zM7 7h6v1.5H7zM7 10h10v1.5H7zM4 18h10v2H4zM16 17l4-2 1 2-4 2z",
  import: "M4 3h11l5 5v4h-2V9h-4V5H6v14h5v2H4zM16 13h2v4h3l-4 4-4-4h3z",
  check: "M4 3h11l5 5v13H4zM6 5v14h12V9h-4V5zM8 14l1.4-1.4 1.6 1.6 3.6-3.6L16 12l-5 5z",
};

const SERVICES = /** @type {const} */ ([
  ["palette", "@jupyterlab/apputils", "ICommandPalette"],
  ["themes", "@jupyterlab/apputils", "IThemeManager"],
  ["translator", "@jupyterlab/translation", "ITranslator"],
  ["launcher", "@jupyterlab/launcher", "ILauncher"],
  ["files", "@jupyterlab/filebrowser", "IFileBrowserFactory"],
  ["mainFiles", "@jupyterlab/filebrowser", "IDefaultFileBrowser"],
  ["tracker", "@jupyterlab/notebook", "INotebookTracker"],
  ["settings", "@jupyterlab/settingregistry", "ISettingRegistry"],
  ["restorer", "@jupyterlab/application", "ILayoutRestorer"],
]);
/** @typedef {Partial<Record<(typeof SERVICES)[number][0], any>>} Services */

/**
 * @param {Record<string, any>} modules packages of the host by name; undefined where it does not have one
 * @param {string} shippedUrl where the catalogue and the templates are
 */
export function plugin(modules, shippedUrl) {
  const there = SERVICES.filter(([, from, token]) => modules[from]?.[token]);
  return {
    id: ID,
    description: "SaaS metrics: notebooks from your exports, and the catalogue of metrics.",
    autoStart: true,
    optional: there.map(([, from, token]) => modules[from][token]),
    /** @param {any} app @param {any[]} given */
    activate: async (app, ...given) => {
      /** @type {Services} */
      const services = Object.fromEntries(there.map(([name], i) => [name, given[i] ?? undefined]));
      const { palette, launcher, files, tracker } = services;
      if (!palette && !launcher && !files && !tracker) return; // Voila: nobody could ask for anything
      const shipped = await (await fetch(shippedUrl)).json();
      await new Extension(app, services, modules, shipped, shippedUrl).start();
    },
  };
}

class Extension {
  /** @param {any} app @param {Services} services @param {Record<string, any>} modules @param {any} shipped @param {string} shippedUrl */
  constructor(app, services, modules, shipped, shippedUrl) {
    this.app = app;
    this.services = services;
    this.modules = modules;
    this.shipped = shipped;
    this.shippedUrl = shippedUrl;
    this.trans = services.translator?.load("jupyter_saasmetrics") ?? { __: plain };
    this.notebooks = new Notebooks(app, modules["@jupyterlab/notebook"]?.NotebookActions, shipped.files);
    /** @type {any} */
    this.settings = undefined;
    const { LabIcon } = modules["@jupyterlab/ui-components"] ?? {};
    const made = Object.entries(ICONS).map(([name, path]) => [name, LabIcon && new LabIcon({ name: `saasmetrics:${name}`, svgstr: svg(path) })]);
    /** @type {Record<string, any>} */
    this.icons = Object.fromEntries(made);
  }

  async start() {
    this.addTemplates();
    this.addSelected();
    this.addPanel();
    this.addSettingsCommand();
    this.addDocs();
    try {
      this.settings = await this.services.settings?.load(ID);
    } catch (error) {
      console.warn("Without the settings of saasmetrics:", error);
    }
  }

  /** @param {string} id @param {Record<string, any>} options @param {boolean} [listed] whether the palette has it */
  addCommand(id, options, listed = true) {
    this.app.commands.addCommand(id, { icon: this.icons.logo, ...options });
    if (listed) this.services.palette?.addItem({ command: id, category: this.trans.__("SaaS metrics") });
  }

  /** The cards of the launcher, and the check of the folder that is open. */
  addTemplates() {
    const { trans } = this;
    const cards = {
      founder: [trans.__("Founder explorer"), trans.__("From your exports to your NRR, and what is behind it")],
      review: [trans.__("Retention review"), trans.__("The retention numbers that a CFO signs, with their definitions")],
      board: [trans.__("Board pack"), trans.__("The page for the board and its numbers as CSV files")],
      pack: [trans.__("Board pack builder"), trans.__("Choose the pages of the pack, write their sentences, and see each page")],
      import: [trans.__("Import assistant"), trans.__("Say what unknown exports are, and see what is doubtful in them")],
      check: [trans.__("Check data"), trans.__("What is wrong or doubtful in the exports, and what to do")],
    };
    for (const [rank, [id, [label, caption]]] of Object.entries(cards).entries()) {
      const command = `saasmetrics:${id}`;
      this.addCommand(command, { label, caption, icon: this.icons[id], execute: (/** @type {any} */ args) => this.fromFolder(id, args.cwd) });
      if (id !== "check") this.services.launcher?.add({ command, category: trans.__("SaaS metrics"), rank });
    }
  }

  /** What the right-click on a file or folder offers. */
  addSelected() {
    const { trans } = this;
    const isVisible = () => this.selected() !== undefined;
    this.addCommand("saasmetrics:open", { label: trans.__("Open with saasmetrics"), isVisible, execute: () => this.fromSelected("founder") }, false);
    this.addCommand("saasmetrics:import-selected", { label: trans.__("Import with saasmetrics"), icon: this.icons.import, isVisible, execute: () => this.fromSelected("import") }, false);
    this.addCommand("saasmetrics:check-selected", { label: trans.__("Check data"), icon: this.icons.check, isVisible, execute: () => this.fromSelected("check") }, false);
  }

  addPanel() {
    const { tracker, restorer } = this.services;
    const { Widget } = this.modules["@lumino/widgets"] ?? {};
    if (!tracker || !Widget) return;
    const { trans, notebooks } = this;
    const read = (/** @type {string} */ page) => this.app.commands.execute("saasmetrics:docs", { page });
    const widget = new Widget({ node: panel(this.shipped, { trans, tracker, notebooks, read }) });
    widget.id = "saasmetrics-panel";
    widget.title.icon = this.icons.logo;
    widget.title.caption = trans.__("SaaS metrics");
    widget.node.setAttribute("role", "region");
    widget.node.setAttribute("aria-label", trans.__("SaaS metrics"));
    this.app.shell.add(widget, "right", { rank: 600, type: "SaaS metrics" });
    restorer?.add(widget, widget.id);
    this.addCommand("saasmetrics:panel", {
      label: trans.__("Show the metrics panel"),
      execute: () => {
        this.app.shell.activateById(widget.id);
        widget.node.querySelector("input")?.focus();
      },
    });
  }

  addSettingsCommand() {
    const isVisible = () => this.app.commands.hasCommand("settingeditor:open");
    const execute = () => this.app.commands.execute("settingeditor:open", { query: "SaaS metrics" });
    this.addCommand("saasmetrics:settings", { label: this.trans.__("Settings of SaaS metrics"), isVisible, execute });
  }

  /** The documentation, in a tab of JupyterLab; in a tab of the browser where there are no tabs. */
  addDocs() {
    const { MainAreaWidget } = this.modules["@jupyterlab/apputils"] ?? {};
    const { IFrame } = this.modules["@jupyterlab/ui-components"] ?? {};
    const label = this.trans.__("SaaS metrics documentation");
    /** @type {any} */
    let tab;
    const execute = (/** @type {any} */ { page = "index.html" } = {}) => {
      const url = new URL(`docs/${page}`, this.shippedUrl);
      url.searchParams.set("theme", this.isDark ? "dark" : "light");
      if (!MainAreaWidget || !IFrame || this.app.name !== "JupyterLab") return void window.open(url.href, "_blank", "noopener");
      if (!tab || tab.isDisposed) {
        const content = new IFrame({ sandbox: ["allow-same-origin", "allow-scripts", "allow-popups"], loading: "lazy" });
        tab = new MainAreaWidget({ content });
        tab.id = "saasmetrics-docs";
        tab.title.label = label;
        tab.title.icon = this.icons.logo;
        tab.title.closable = true;
        content.node.querySelector("iframe")?.setAttribute("title", label);
      }
      tab.content.url = url.href;
      if (!tab.isAttached) this.app.shell.add(tab, "main");
      this.app.shell.activateById(tab.id);
    };
    this.addCommand("saasmetrics:docs", { label, caption: this.trans.__("Every metric, how to, and why numbers differ"), execute });
  }

  get isDark() {
    const { themes } = this.services;
    return Boolean(themes?.theme && !themes.isLight(themes.theme));
  }

  get browser() {
    return this.services.files?.tracker.currentWidget ?? this.services.mainFiles;
  }

  /** The file or folder that is chosen, if the library reads such a thing. */
  selected() {
    const [item, ...more] = this.browser?.selectedItems() ?? [];
    if (!item || more.length) return undefined;
    return item.type === "directory" || isTable(item.name, this.shipped.files.suffixes) ? item : undefined;
  }

  /** @param {string} id @param {string} [cwd] */
  async fromFolder(id, cwd) {
    const folder = cwd ?? this.browser?.model.path ?? "";
    const data = await this.notebooks.data(folder).catch(() => ""); // whoever makes the notebook says what is wrong
    await this.open(id, folder, data);
  }

  /** @param {string} id */
  async fromSelected(id) {
    const item = this.selected();
    if (!item) return;
    const { folder, data } = this.notebooks.beside(item.path);
    await this.open(id, folder, data);
  }

  /** @param {string} id @param {string} folder @param {string} data */
  async open(id, folder, data) {
    const settings = this.settings?.composite ?? {};
    const values = { data, ...fromSettings(settings, this.isDark) };
    try {
      const path = await this.notebooks.make(this.shipped.templates[id], folder, values);
      await this.notebooks.open(path, settings.run !== false);
    } catch (error) {
      const { showErrorMessage } = this.modules["@jupyterlab/apputils"] ?? {};
      if (!showErrorMessage) throw error;
      await showErrorMessage(this.trans.__("No notebook could be made in %1", folder || "/"), error);
    }
  }
}

/** @param {string} path */
const svg = (path) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16"><path class="jp-icon3" fill="#616161" fill-rule="evenodd" d="${path}"/></svg>`;

/** Words where nobody translates. @param {string} words @param {unknown[]} values */
const plain = (words, ...values) => words.replace(/%(\d)/g, (_, at) => String(values[at - 1]));
