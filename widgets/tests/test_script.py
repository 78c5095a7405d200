"""The script of the widgets: its plain functions, and that it asks nothing of the network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "saasmetrics_widgets" / "static"


@pytest.mark.parametrize("name", ["widget", "page"])
def test_the_plain_functions_of_the_scripts_pass_their_own_tests(name: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here; the browser tests run the script as well")
    command = [node, "--test", str(Path(__file__).with_name(f"{name}.test.mjs"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_nothing_is_asked_of_the_network(path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(
        r"https?://|\bfetch\(|\bimport\((?!URL\.createObjectURL)|@import|url\(['\"]?http", text
    )


def test_no_text_becomes_markup() -> None:
    for path in STATIC.glob("*.js"):
        script = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script
        )


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_nothing_is_asked_of_jupyterlab_so_that_vs_code_and_others_can_run_it(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    wrong = r"jupyterapp|@jupyterlab|@lumino|@jupyter-widgets|requirejs|\brequire\(|window\.Jupyter|\bacquireVs"
    assert not re.search(wrong, script)
    assert not re.search(r"widget_manager|\.comm\b|comm_live", script)
    # Classes of JupyterLab's page are only looked for, and done without where they are not there.
    looked_for = re.findall(r'.*"\.jp-.*', script)
    assert all("?? " in line or "?." in line for line in looked_for)
