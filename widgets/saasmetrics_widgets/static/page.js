// Runs widgets on a page without Python: the same modules as in a notebook, on the data that was saved.

const ASKS = "select, input, textarea:not([readonly]), [data-asks]"; // what only Python can answer

/** A saved value as the widget had it; bytes were written as base64. */
export function revived(_name, value) {
  if (typeof value?.$base64 !== "string") return value;
  return new DataView(Uint8Array.from(atob(value.$base64), (sign) => sign.charCodeAt(0)).buffer);
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What a widget asks of its model, answered from what was saved. */
export class SavedModel {
  /**
   * @param {{state: object, kept: string[], unanswered: object}} saved the traits; those that may change here;
   *   per trait what others show while it is not as it was saved
   * @param {() => void} refuse says that something needs Python
   */
  constructor({ state, kept, unanswered }, refuse) {
    this.saved = state;
    this.now = { ...state };
    this.kept = new Set(kept);
    this.unanswered = unanswered;
    this.refuse = refuse;
    this.handlers = new Map();
  }

  get(name) {
    return this.now[name];
  }

  set(name, value) {
    if (same(this.now[name], value)) return;
    if (!this.kept.has(name)) {
      this.refuse();
      this.tell(name); // whatever drew the wish draws again what is
      return;
    }
    this.put(name, value);
    for (const [other, words] of Object.entries(this.unanswered[name] ?? {})) {
      this.put(other, same(value, this.saved[name]) ? this.saved[other] : words);
    }
  }

  put(name, value) {
    this.now[name] = value;
    this.tell(name);
  }

  tell(name) {
    for (const react of this.handlers.get(`change:${name}`) ?? []) react(this, this.now[name]);
    for (const react of this.handlers.get("change") ?? []) react(this);
  }

  save_changes() {}

  send() {
    this.refuse();
  }

  on(names, react) {
    for (const name of names.split(" ")) this.handlers.set(name, [...(this.handlers.get(name) ?? []), react]);
  }

  off(names, react) {
    for (const name of (names ?? [...this.handlers.keys()].join(" ")).split(" ")) {
      this.handlers.set(name, react ? (this.handlers.get(name) ?? []).filter((one) => one !== react) : []);
    }
  }
}

/** Switch off what only Python can answer, also where it is drawn anew. */
function switchOff(el, words) {
  const off = () => {
    for (const node of el.querySelectorAll(ASKS)) {
      if (node.disabled && node.title === words) continue;
      node.disabled = true;
      node.title = words;
    }
  };
  off();
  new MutationObserver(off).observe(el, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["disabled", "title"],
  });
}

async function show(saved, modules, place, words) {
  const status = document.getElementById("status");
  let clearing;
  const refuse = () => {
    status.textContent = words;
    clearTimeout(clearing);
    clearing = setTimeout(() => (status.textContent = ""), 6000);
  };
  const model = new SavedModel(saved, refuse);
  const el = document.createElement("div");
  place.append(el);
  const made = typeof modules.default === "function" ? await modules.default() : modules.default;
  await made.initialize?.({ model });
  await made.render({ model, el });
  switchOff(el, words);
  place.querySelector(".saasmetrics-still")?.remove(); // the picture, which the widget takes the place of
  place.dataset.shown = "true";
}

async function showAll({ widgets, modules, words }) {
  const found = await Promise.all(
    modules.map((text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })))),
  );
  await Promise.all(
    widgets.map(async (saved, i) => {
      const place = document.getElementById(`widget-${i}`);
      try {
        await show(saved, found[saved.module], place, words);
      } catch (error) {
        place.dataset.shown = "false"; // the picture stays
        console.error(error);
      }
    }),
  );
}

if (typeof document !== "undefined") {
  const saved = document.getElementById("saved");
  if (saved) await showAll(JSON.parse(saved.textContent, revived));
}
