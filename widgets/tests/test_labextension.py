"""The JupyterLab extension as files: what it ships is current, typed, and asks nothing of the network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.policy import Policy
from saasmetrics.tables.files import SUFFIXES
from saasmetrics_widgets.shipped import TITLES, shipped, template

HERE = Path(__file__).parent
EXTENSION = HERE.parent / "labextension"
STATIC = EXTENSION / "static"
SCHEMA = EXTENSION / "schemas" / "jupyter-saasmetrics" / "plugin.json"
SCRIPTS = sorted(STATIC.glob("*.js"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def test_what_the_extension_is_given_of_the_library_is_current() -> None:
    written = json.loads((STATIC / "shipped.json").read_text(encoding="utf-8"))
    command = "python -m saasmetrics_widgets.shipped > widgets/labextension/static/shipped.json"
    assert written == json.loads(json.dumps(shipped())), command


def test_every_metric_is_shipped_with_a_call_of_it() -> None:
    metrics = {metric["id"]: metric for metric in shipped()["metrics"]}
    assert set(metrics) == set(sm.CATALOGUE)
    assert metrics.pop("check")["code"] == "book.check()"
    for key, metric in metrics.items():
        compile(metric["code"], key, "eval")
        called = eval(metric["code"].split("(")[0], {"sm": sm})
        assert called is sm.CATALOGUE[key].function, metric["code"]


def test_files_are_known_by_the_endings_that_the_library_reads() -> None:
    assert set(shipped()["files"]["suffixes"]) == set(SUFFIXES) - {".txt"}


def test_the_settings_offer_every_policy_and_no_other(schema: dict[str, Any]) -> None:
    assert schema["properties"]["policy"]["enum"] == list(Policy.presets())


def test_every_setting_has_a_default_and_says_what_it_is_for(schema: dict[str, Any]) -> None:
    for setting in schema["properties"].values():
        assert {"default", "title", "description"} <= set(setting)


def test_no_selector_of_a_context_menu_has_a_comma(schema: dict[str, Any]) -> None:
    # JupyterLab then drops Rename, Delete and Copy for everybody.
    selectors = [entry["selector"] for entry in schema["jupyter.lab.menus"]["context"]]
    assert len(selectors) == 3
    assert not any("," in selector for selector in selectors)


def test_every_command_of_the_menus_exists(schema: dict[str, Any]) -> None:
    script = (STATIC / "plugin.js").read_text(encoding="utf-8")
    known = {f"saasmetrics:{name}" for name in TITLES} | set(
        re.findall(r'"(saasmetrics:[\w-]+)"', script)
    )
    assert set(_commands(schema["jupyter.lab.menus"])) <= known


def _commands(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from [node["command"]] if "command" in node else []
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _commands(child)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_becomes_markup_and_nothing_is_asked_of_the_network(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    assert not re.search(r"https?://|@import|XMLHttpRequest|sendBeacon", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_style_takes_every_color_from_the_theme() -> None:
    style = (STATIC / "panel.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", style)


def test_the_functions_of_the_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here; the browser tests run the scripts as well")
    _passes([node, "--test", str(HERE / "labextension.test.mjs")])


def test_the_scripts_have_no_error_of_types() -> None:
    compiler = HERE / "node_modules" / ".bin" / "tsc"
    if shutil.which("node") is None or not compiler.exists():
        pytest.skip("TypeScript is not here: npm ci --prefix widgets/tests")
    _passes([str(compiler), "-p", str(HERE / "tsconfig.json")])


def _passes(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", TITLES)
def test_a_template_has_one_code_cell_of_parameters_and_it_is_the_first(name: str) -> None:
    code = [c for c in template(name)["notebook"]["cells"] if c["cell_type"] == "code"]
    assert [c["metadata"].get("tags", []) for c in code] == [
        ["parameters"],
        *[[]] * (len(code) - 1),
    ]


@pytest.mark.parametrize("name", TITLES)
def test_a_parameter_is_one_line_with_its_comment_for_so_it_is_changed(name: str) -> None:
    (cell,) = (c for c in template(name)["notebook"]["cells"] if c["metadata"].get("tags"))
    for line in "".join(cell["source"]).split("\n"):
        assert re.fullmatch(r"\w+ = (\d+|\"[^\"]*\")  # \S.*", line)


@pytest.mark.parametrize("name", TITLES)
def test_a_template_is_a_valid_notebook_without_outputs(name: str) -> None:
    import nbformat

    made = nbformat.from_dict(template(name)["notebook"])
    nbformat.validate(made)
    assert not any(cell.get("outputs") for cell in made.cells)
