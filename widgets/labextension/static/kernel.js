// What the kernel of a notebook knows about its books: asked when it is idle, and without a trace.

/**
 * @typedef {{ severity: string, column: string, finding: string, rows: number, remedy: string }} Finding
 * @typedef {{ name: string, meaning: string, rows: number, columns: number, findings: Finding[] }} BookTable
 * @typedef {{ name: string, title: string, changed: boolean }} BookPolicy
 * @typedef {{ names: string[], name: string, as_of: string, currency: string, scope: string[], policy: BookPolicy,
 *   summary: string, tables: BookTable[] }} Books
 * @typedef {"none" | "busy" | "other" | "empty" | "failed"} Silence why there is no answer
 * @typedef {{ books?: Books, silence?: Silence, words?: string }} Answer
 */

// An expression, so that no name is bound; where the library is not imported there is no book, and nothing is imported.
const LOADED = '__import__("sys").modules.get("saasmetrics.book")';
const ASK = '__import__("saasmetrics_widgets.panel", fromlist=["books"]).books';

/** @param {string} name the variable to tell about, "" for any */
export const expression = (name) => `${LOADED} and ${ASK}(globals(), ${JSON.stringify(name)})`;

/** @param {any} kernel */
const isIdle = (kernel) => kernel?.connectionStatus === "connected" && kernel.status === "idle";

/**
 * Ask a kernel for its books. A kernel that is busy is left alone.
 * @param {any} kernel
 * @param {string} [name]
 * @returns {Promise<Answer>}
 */
export async function ask(kernel, name = "") {
  if (!kernel) return { silence: "none" };
  if (!isIdle(kernel)) return { silence: "busy" };
  const info = await kernel.info;
  if (info.language_info?.name !== "python") return { silence: "other" };
  if (!isIdle(kernel)) return { silence: "busy" };
  const future = kernel.requestExecute({
    code: "",
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { saasmetrics: expression(name) },
  });
  return told((await future.done).content);
}

/** @param {any} content of the kernel's reply @returns {Answer} */
export function told(content) {
  const reply = content.user_expressions?.saasmetrics;
  if (content.status !== "ok" || reply?.status !== "ok") {
    return { silence: "failed", words: reply?.evalue ?? content.evalue ?? "" };
  }
  const books = reply.data["application/json"];
  return books ? { books } : { silence: "empty" };
}
