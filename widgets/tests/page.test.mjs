// The model of a saved page; the page itself is tested in a real browser (tests/browser).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const source = readFileSync(new URL("../saasmetrics_widgets/static/page.js", import.meta.url), "base64");
const { SavedModel, revived } = await import(`data:text/javascript;base64,${source}`);

const saved = () => ({
  state: { selection: { of: "nrr" }, table: "rows of nrr", controls: { freq: "M" }, open: false },
  kept: ["selection", "open"],
  unanswered: { selection: { table: "not saved" } },
});

function model() {
  const refused = [];
  const told = [];
  const made = new SavedModel(saved(), () => refused.push(1));
  made.on("change:selection change:table change:controls", (_model, value) => told.push(value));
  return { made, refused, told };
}

test("what is chosen is kept and told, and other rows are said to be missing", () => {
  const { made, refused, told } = model();
  made.set("selection", { of: "grr" });
  assert.deepEqual(made.get("selection"), { of: "grr" });
  assert.equal(made.get("table"), "not saved");
  assert.deepEqual(told, [{ of: "grr" }, "not saved"]);
  assert.equal(refused.length, 0);
});

test("the rows that were saved come back with what they belong to", () => {
  const { made } = model();
  made.set("selection", { of: "grr" });
  made.set("selection", { of: "nrr" });
  assert.equal(made.get("table"), "rows of nrr");
});

test("what only Python can answer is refused, and what is there is told again", () => {
  const { made, refused, told } = model();
  made.set("controls", { freq: "Q" });
  made.save_changes();
  made.send({ ask: "csv" });
  assert.deepEqual(made.get("controls"), { freq: "M" });
  assert.deepEqual(told, [{ freq: "M" }]);
  assert.equal(refused.length, 2);
});

test("whoever does not listen any more is not told", () => {
  const { made } = model();
  const told = [];
  const react = () => told.push(1);
  made.on("change:open", react);
  made.set("open", true);
  made.off("change:open", react);
  made.set("open", false);
  assert.equal(told.length, 1);
});

test("bytes come back as a view of them", () => {
  const { a } = JSON.parse('{"a": {"$base64": "YWI="}}', revived);
  assert.equal(new TextDecoder().decode(a), "ab");
});
