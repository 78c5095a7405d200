// A module-federation container written by hand: what is read here is what runs, and nobody needs Node to install it.
// JupyterLab gives its own packages through `init` and asks for "./extension" and "./style" through `get`.
(() => {
  const NAME = "jupyter-saasmetrics";
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  // All are optional: Voila and Notebook 7 have fewer of them than JupyterLab.
  const SHARED = [
    "@jupyterlab/application",
    "@jupyterlab/apputils",
    "@jupyterlab/filebrowser",
    "@jupyterlab/launcher",
    "@jupyterlab/notebook",
    "@jupyterlab/settingregistry",
    "@jupyterlab/translation",
    "@jupyterlab/ui-components",
    "@lumino/widgets",
  ];
  /** @type {Record<string, Record<string, { get: () => any, loaded?: unknown }>>} */
  let scope = {};

  /** @param {string} name */
  const shared = async (name) => {
    const found = Object.values(scope[name] ?? {});
    const chosen = found.find((entry) => entry.loaded) ?? found[0];
    try {
      return chosen && (await chosen.get())();
    } catch {
      return undefined; // a host that names a package which it does not have
    }
  };

  const extension = async () => {
    const parts = await Promise.all(SHARED.map(shared));
    const modules = Object.fromEntries(SHARED.map((name, i) => [name, parts[i]]));
    const { plugin } = await import(new URL("plugin.js", here).href);
    return { __esModule: true, default: plugin(modules, new URL("shipped.json", here).href) };
  };

  const style = () => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("panel.css", here).href;
    document.head.append(link);
    return { __esModule: true };
  };

  const page = /** @type {any} */ (window);
  page._JUPYTERLAB ??= {};
  page._JUPYTERLAB[NAME] = {
    /** @param {typeof scope} given */
    init: (given) => {
      scope = given;
    },
    /** @param {string} module */
    get: async (module) => {
      if (module !== "./extension" && module !== "./style") throw new Error(`${NAME} has no module ${module}`);
      const made = module === "./style" ? style() : await extension();
      return () => made;
    },
  };
})();
