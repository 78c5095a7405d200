// The plain functions of widget.js; the drawing is tested in a real browser (tests/browser).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// As data, for without a package.json Node takes a .js file for CommonJS.
const read = (name) => readFileSync(new URL(`../saasmetrics_widgets/static/${name}`, import.meta.url), "utf8");
const source = Buffer.from(read("dom.js") + read("widget.js").replace(/^import .*/m, "")).toString("base64");
const { isChosen, isLinked, neighbor, positionOf, sameControls, themeOf } = await import(`data:text/javascript;base64,${source}`);

// A triangle of cohorts:  0 1 2 / 3 4 / 5
const triangle = [
  { row: 0, col: 0 },
  { row: 0, col: 1 },
  { row: 0, col: 2 },
  { row: 1, col: 0 },
  { row: 1, col: 1 },
  { row: 2, col: 0 },
];

test("arrows lead to the next cell in their direction", () => {
  assert.equal(neighbor(triangle, 0, "ArrowRight"), 1);
  assert.equal(neighbor(triangle, 1, "ArrowDown"), 4);
  assert.equal(neighbor(triangle, 4, "ArrowLeft"), 3);
  assert.equal(neighbor(triangle, 5, "ArrowUp"), 3);
});

test("at the edge there is nowhere to go sideways, and down leads to the nearest cell", () => {
  assert.equal(neighbor(triangle, 2, "ArrowRight"), -1);
  assert.equal(neighbor(triangle, 2, "ArrowDown"), 4);
});

test("other keys lead nowhere", () => assert.equal(neighbor(triangle, 0, "a"), -1));

test("a shape is chosen when all that it names is selected", () => {
  assert.ok(isChosen({ of: "nrr", period: "2026-07-01" }, { of: "nrr", period: "2026-07-01" }));
  assert.ok(!isChosen({ of: "cohorts", cohort: "2025-01-01", age: 2 }, { of: "cohorts", cohort: "2025-01-01", age: 3 }));
  assert.ok(!isChosen({ of: "nrr" }, {}));
  assert.ok(!isChosen({}, { of: "nrr" }));
});

test("the theme is JupyterLab's, else VS Code's, else the system's", () => {
  const body = (said, ...classes) => ({ dataset: { jpThemeLight: said }, classList: { contains: (c) => classes.includes(c) } });
  assert.equal(themeOf(body("false"), false), "dark");
  assert.equal(themeOf(body("true"), true), "light");
  assert.equal(themeOf(body(undefined, "vscode-dark"), false), "dark");
  assert.equal(themeOf(body(undefined), true), "dark");
});

test("a shape is lit up when some link names nothing that it is not", () => {
  const cell = { of: "cohorts", cohort: "2025-01-01", age: 2 };
  assert.ok(isLinked(cell, [{ of: "survival", age: 2 }, { of: "cohorts", age: 2 }]));
  assert.ok(!isLinked(cell, [{ of: "cohorts", age: 3 }]));
  assert.ok(!isLinked(cell, []));
});

test("a slider stands where its value is among the options", () => {
  const options = [[-0.1, "-10%"], [0, "as it is"], [0.1, "+10%"]];
  assert.equal(positionOf({ value: 0, options }), 1);
  assert.equal(positionOf({ value: 0.5, options }), -1);
});

test("controls of the same names and kinds keep their elements", () => {
  const [slider, list] = [{ name: "churn", kind: "range" }, { name: "by", kind: "select" }];
  assert.ok(sameControls([slider, list], [{ ...slider, value: 1 }, list]));
  assert.ok(!sameControls([slider], [list]));
  assert.ok(!sameControls([slider, list], [slider]));
});
