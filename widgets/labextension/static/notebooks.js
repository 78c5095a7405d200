// Notebooks in JupyterLab: made in a folder, opened and run, and code put where the cursor is.
import { base, freeName, hasLedger, join, parent, withParameters } from "./templates.js";

/**
 * @typedef {import("./templates.js").Notebook} Notebook
 * @typedef {import("./templates.js").Value} Value
 * @typedef {{ title: string, notebook: Notebook, writes: string }} Template
 */

const CONFLICT = 409;

export class Notebooks {
  /**
   * @param {any} app
   * @param {any} actions NotebookActions of @jupyterlab/notebook, where there is one
   * @param {{ suffixes: string[], ledgers: string[] }} known
   */
  constructor(app, actions, known) {
    this.app = app;
    this.actions = actions;
    this.known = known;
  }

  get contents() {
    return this.app.serviceManager.contents;
  }

  /** Names of files in a folder. @param {string} folder @returns {Promise<string[]>} */
  async names(folder) {
    const listing = await this.contents.get(folder, { content: true });
    return listing.content.map((/** @type {{ name: string }} */ each) => each.name);
  }

  /** What a template reads in a folder: the folder itself where it holds exports, else nothing. @param {string} folder */
  async data(folder) {
    return hasLedger(await this.names(folder), this.known) ? "." : "";
  }

  /**
   * Make a notebook from a template under a name that is free, and return its path.
   *
   * It is written as a draft and renamed, for to rename never replaces a file: nothing that is there can be lost. Servers
   * do not list what ends in ~, and a listing fails as a whole where a file that it shows is renamed meanwhile.
   * @param {Template} template
   * @param {string} folder
   * @param {Record<string, Value>} values
   */
  async make(template, folder, values) {
    const kernelspec = await this.kernel();
    const taken = await this.names(folder);
    const draft = join(folder, `saasmetrics-${Math.random().toString(36).slice(2)}.ipynb~`);
    try {
      for (;;) {
        const name = freeName(template.title, taken, [".ipynb", ...(template.writes ? [template.writes] : [])]);
        const written = template.writes ? { ...values, out: `${name}${template.writes}` } : values;
        const content = withParameters(template.notebook, written);
        content.metadata.kernelspec = kernelspec ?? content.metadata.kernelspec;
        await this.contents.save(draft, { type: "notebook", format: "json", content });
        const path = join(folder, `${name}.ipynb`);
        if (await this.renamed(draft, path)) return path;
        taken.push(`${name}.ipynb`);
      }
    } catch (error) {
      await this.contents.delete(draft).catch(() => {}); // what went wrong is told, not that nothing was left to delete
      throw error;
    }
  }

  /** Rename a file, unless somebody took the name. @param {string} from @param {string} to @returns {Promise<boolean>} */
  async renamed(from, to) {
    try {
      await this.contents.rename(from, to);
      return true;
    } catch (error) {
      if (/** @type {any} */ (error)?.response?.status === CONFLICT) return false;
      throw error;
    }
  }

  /** The default kernel, if it speaks Python, else the first one that does. */
  async kernel() {
    const manager = this.app.serviceManager.kernelspecs;
    await manager.ready;
    const all = Object.values(manager.specs?.kernelspecs ?? {});
    const python = all.filter((spec) => spec?.language.toLowerCase() === "python");
    const spec = python.find((each) => each.name === manager.specs?.default) ?? python[0];
    return spec && { name: spec.name, display_name: spec.display_name, language: spec.language };
  }

  /** Open a notebook, and run it where that is possible. @param {string} path @param {boolean} run */
  async open(path, run) {
    const widget = await this.app.commands.execute("docmanager:open", { path, factory: "Notebook" });
    if (!run || !this.actions || !widget?.sessionContext) return widget; // Notebook 7 opens a page of its own
    await widget.context.ready;
    await widget.revealed;
    await widget.sessionContext.ready;
    const kernel = widget.sessionContext.session?.kernel;
    if (!kernel) return widget; // whoever was asked for a kernel chose none
    await kernel.info; // what is sent to a kernel that has not answered yet can be lost
    await this.actions.runAll(widget.content, widget.sessionContext);
    return widget;
  }

  /** The folder of a file or folder, and its name in there: what a notebook beside it reads. @param {string} path */
  beside(path) {
    const drive = this.contents.driveName(path); // such as RTC: where people write together
    const local = this.contents.localPath(path);
    return { folder: join(drive && `${drive}:`, parent(local)), data: base(local) };
  }

  /**
   * Put code where the cursor of a notebook is; below the cell, if that is no code.
   * @param {any} panel a notebook
   * @param {string} code
   */
  insert(panel, code) {
    const cell = panel.content.activeCell;
    const imported = sources(panel).some((source) => /^\s*import saasmetrics as sm\b/m.test(source));
    const first = imported || !/\bsm\./.test(code) ? "" : "import saasmetrics as sm\n\n";
    if (cell?.model.type !== "code" || !cell.editor) {
      this.addCell(panel, first + code);
      return;
    }
    const empty = cell.model.sharedModel.getSource().trim() === "";
    cell.editor.replaceSelection(empty ? first + code : code);
  }

  /** Add a cell below the active one, and run it if asked to. @param {any} panel @param {string} code @param {boolean} [run] */
  async addCell(panel, code, run = false) {
    this.actions.insertBelow(panel.content);
    panel.content.activeCell.model.sharedModel.setSource(code);
    if (run) await this.actions.run(panel.content, panel.sessionContext);
  }
}

/** @param {any} panel @returns {string[]} */
const sources = (panel) =>
  panel.content.widgets
    .filter((/** @type {any} */ cell) => cell.model.type === "code")
    .map((/** @type {any} */ cell) => cell.model.sharedModel.getSource());
