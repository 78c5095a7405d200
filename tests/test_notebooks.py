"""Notebooks are run from top to bottom, and are stored without their outputs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 180


@pytest.fixture
def this_interpreter_as_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel called python3 is the interpreter that runs the tests, whatever is installed."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")


@pytest.mark.usefixtures("this_interpreter_as_kernel")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_from_top_to_bottom_and_shows_what_it_says(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3").execute(cwd=str(FOLDER))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    silent = [cell.source for cell in code if not cell.outputs]
    assert not silent, f"every code cell shows something: {silent}"
    streams = [o.text for cell in code for o in cell.outputs if o.output_type == "stream"]
    assert not streams, f"no warnings and no chatter: {streams}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [c.source for c in code if c.outputs or c.execution_count is not None] == []


def test_the_board_pack_has_one_cell_of_parameters_for_papermill() -> None:
    notebook = nbformat.read(FOLDER / "board_pack.ipynb", as_version=4)
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert [c.cell_type for c in tagged] == ["code"]
    assert {"as_of", "data", "company", "since", "out"} <= set(
        re.findall(r"^(\w+) = ", tagged[0].source, re.MULTILINE)
    )
