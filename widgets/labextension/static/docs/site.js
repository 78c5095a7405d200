// Theme, search, copying code. A classic script, so that pages work from a folder and inside a frame of JupyterLab.
// @ts-check
(() => {
  "use strict";
  const root = document.documentElement;
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const base = new URL(".", here).href;
  const THEMES = ["auto", "light", "dark"];

  // A frame without an origin has no storage; there the address says the theme, from page to page.
  const kept = {
    /** @returns {string | null} */
    get: () => {
      try {
        return localStorage.getItem("saasmetrics-theme");
      } catch {
        return null;
      }
    },
    /** @param {string} theme */
    set: (theme) => {
      try {
        localStorage.setItem("saasmetrics-theme", theme);
      } catch {
        told = theme;
        follow();
      }
    },
  };
  let told = new URLSearchParams(location.search).get("theme");
  let theme = told ?? kept.get() ?? "auto";
  if (!THEMES.includes(theme)) theme = "auto";
  const paint = () => (theme === "auto" ? root.removeAttribute("data-theme") : root.setAttribute("data-theme", theme));
  paint();

  /** Let the pages that this one leads to have its theme, where only the address can say it. */
  function follow() {
    if (!told) return;
    for (const link of document.querySelectorAll("a[href]")) {
      const url = new URL(/** @type {HTMLAnchorElement} */ (link).href);
      if (!url.href.startsWith(base)) continue;
      url.searchParams.set("theme", told);
      /** @type {HTMLAnchorElement} */ (link).href = url.href;
    }
  }

  /** @param {string} text */
  const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

  /**
   * The pages that hold every word typed: first those that are called so, then those whose name begins so.
   * @param {string[][]} pages @param {string} typed
   */
  function search(pages, typed) {
    const words = folded(typed).split(/[\s_]+/).filter(Boolean);
    if (!words.length) return [];
    const whole = words.join(" ");
    const ranked = pages.map((page, at) => ({ page, at, rank: rank(page, words, whole) }));
    return ranked
      .filter(({ rank }) => rank >= 0)
      .sort((a, b) => a.rank - b.rank || a.at - b.at)
      .slice(0, 12)
      .map(({ page }) => page);
  }

  /** @param {string[]} page @param {string[]} words @param {string} whole */
  function rank([title, path, summary, more], words, whole) {
    const name = folded(title);
    const names = folded(more).split(/[\s_]+/);
    const all = `${name} ${names.join(" ")} ${folded(summary)}`;
    if (!words.every((word) => all.includes(word))) return -1;
    if (name.includes(`(${whole})`) || path === `metrics/${words.join("_")}.html`) return 0;
    if (name === whole) return 1;
    if (name.startsWith(whole)) return 2;
    if (words.every((word) => name.includes(word))) return 3;
    return words.every((word) => names.includes(word)) ? 4 : 5;
  }

  function searching() {
    const input = /** @type {HTMLInputElement} */ (document.getElementById("search"));
    const list = /** @type {HTMLElement} */ (document.getElementById("found"));
    let chosen = -1;
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const show = () => {
      const found = search(/** @type {any} */ (window).PAGES ?? [], input.value);
      list.replaceChildren(...found.map(entry));
      if (!found.length) list.append(Object.assign(document.createElement("p"), { textContent: "Nothing is called so." }));
      chosen = found.length ? 0 : -1;
      list.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!list.hidden));
      mark();
    };
    const mark = () => {
      [...list.querySelectorAll("a")].forEach((link, at) => {
        link.setAttribute("aria-selected", String(at === chosen));
        if (at !== chosen) return;
        link.scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", link.id);
      });
    };
    input.addEventListener("input", show);
    input.addEventListener("focus", () => input.value && show());
    input.addEventListener("keydown", (event) => {
      const links = list.querySelectorAll("a");
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && links.length) {
        chosen = (chosen + step + links.length) % links.length;
        mark();
      } else if (event.key === "Enter" && links[chosen]) links[chosen].click();
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (!(/** @type {Element} */ (event.target).closest(".search"))) close();
    });
    document.addEventListener("keydown", (event) => {
      const typing = /** @type {Element} */ (event.target).matches("input, textarea, select");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.focus();
    });
  }

  /** @param {string[]} page @param {number} at */
  function entry([title, path, summary], at) {
    const link = document.createElement("a");
    const url = new URL(path, base);
    if (told) url.searchParams.set("theme", told);
    link.href = url.href;
    link.id = `found-${at}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.append(title, Object.assign(document.createElement("small"), { textContent: summary }));
    return link;
  }

  function themes() {
    const button = /** @type {HTMLButtonElement} */ (document.getElementById("theme"));
    const say = () => {
      button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme] ?? "";
      button.setAttribute("aria-label", `Theme: ${button.textContent}`);
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      if (told) {
        told = theme;
        follow();
      } else kept.set(theme);
      paint();
      say();
    });
    say();
  }

  function copying() {
    for (const block of document.querySelectorAll(".code")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(pure(block.querySelector("pre")?.textContent ?? ""));
          button.textContent = "Copied";
        } catch {
          button.textContent = "Select and copy";
        }
      });
      block.append(button);
    }
  }

  /** Code without prompts and without what it printed. @param {string} text */
  function pure(text) {
    const lines = text.trimEnd().split("\n");
    if (!lines.some((line) => /^(>>>|\$) /.test(line))) return text.trimEnd();
    return lines.filter((line) => /^(>>>|\.\.\.|\$)/.test(line)).map((line) => line.replace(/^(>>>|\.\.\.|\$) ?/, "")).join("\n");
  }

  const wide = matchMedia("(min-width: 821px)");
  const open = () => document.getElementById("pages")?.toggleAttribute("open", wide.matches);
  document.addEventListener("DOMContentLoaded", () => {
    open();
    wide.addEventListener("change", open);
    searching();
    themes();
    copying();
    follow();
    document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest" });
  });
})();
