"""Notebooks run from top to bottom, one in a kernel here and all where their pages are built, and are stored bare."""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbconvert import HTMLExporter

import saasmetrics as sm
from docs.site import build

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 180


@pytest.fixture(scope="module")
def this_interpreter_as_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The kernel called python3 is the interpreter that runs the tests, whatever is installed."""
    place = tmp_path_factory.mktemp("jupyter")
    folder = place / "kernels" / "python3"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(place))
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
        yield


def _given(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell holds nothing but what can be given from outside."""
    return "parameters" in cell.metadata.get("tags", ())


@pytest.mark.usefixtures("this_interpreter_as_kernel")
def test_a_notebook_runs_from_top_to_bottom_in_a_kernel_and_shows_what_it_says() -> None:
    notebook = nbformat.read(FOLDER / "definitions.ipynb", as_version=4)
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3").execute(cwd=str(FOLDER))
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and not _given(cell)]
    silent = [cell.source for cell in code if not cell.outputs]
    assert not silent, f"every code cell shows something: {silent}"
    streams = [o.text for cell in code for o in cell.outputs if o.output_type == "stream"]
    assert not streams, f"no warnings and no chatter: {streams}"


def test_every_notebook_is_run_where_its_page_is_built() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(build.NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [c.source for c in code if c.outputs or c.execution_count is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_takes_folder_date_and_definitions_in_its_first_code_cell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert _given(first)
    names = [line.partition(" = ")[0] for line in first.source.splitlines()]
    assert names == ["folder", "as_of", "policy"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_figure_is_written_into_the_text_of_the_notebook_which_runs_on_any_data(
    path: Path,
) -> None:
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert re.findall(r"\d[\d.,]*\s?%|[$€]\d\S*", text) == []


def test_the_definitions_tell_figures_and_findings_of_the_demo_company_where_it_takes_the_place() -> (
    None
):
    notebook = nbformat.read(FOLDER / "definitions.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    shell = InteractiveShell()
    shown = [shell.run_cell(cell.replace("../../shared/data", "not/here")) for cell in cells[:5]]
    _, company, findings, _, figures = (one.result for one in shown)
    assert company.data.startswith("**The demo company")
    assert len(findings) == 2
    book = sm.demo(customers=500, seed=7)
    stripe = sm.retention.nrr(book.with_policy("stripe")).value
    latest = sm.retention.nrr(book.with_policy(book.policy.changed(overlap="latest"))).value
    assert f"**{latest:.1%}** by our policy" in figures.data
    assert f"**{stripe:.1%}** as Stripe defines it" in figures.data


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of CSV files: twelve customers, of whom the last two leave after a year and the first one grows."""
    lines = ["subscription_id,customer_id,start,end,amount,interval"]
    for i in range(12):
        end = "2025-06-01" if i > 9 else "2025-03-01" if i == 0 else ""
        lines.append(f"s{i},c{i},2024-0{1 + i % 6}-01,{end},100,month")
    lines.append("t0,c0,2025-03-01,,150,month")
    folder = tmp_path_factory.mktemp("exports")
    (folder / "subscriptions.csv").write_text("\n".join(lines), encoding="utf-8")
    segments = [f"c{i},{'large' if i % 2 else 'small'}" for i in range(12)]
    text = "\n".join(["customer_id,segment", *segments])
    (folder / "customers.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run_on_exports(
    exports: Path, tmp_path_factory: pytest.TempPathFactory, this_interpreter_as_kernel: None
) -> nbformat.NotebookNode:
    """The founder's notebook, run by papermill on the folder, and read back from where it was saved."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", category=DeprecationWarning, module="papermill|ansicolors"
        )
        from papermill import execute_notebook
    given = {"folder": str(exports), "as_of": "2025-12-31", "policy": "bessemer"}
    saved = tmp_path_factory.mktemp("run") / "out.ipynb"
    execute_notebook(
        FOLDER / "founder.ipynb", saved, given, kernel_name="python3", progress_bar=False
    )
    return nbformat.read(saved, as_version=4)


def test_papermill_runs_it_on_other_files_and_definitions(
    run_on_exports: nbformat.NotebookNode, exports: Path
) -> None:
    book = sm.read(exports, policy="bessemer").as_of("2025-12-31")
    shown = json.dumps(run_on_exports.cells)
    # December 2024: 12 customers with 100 each; a year later 9 of them with 100 and one with 150.
    assert sm.retention.nrr(book, window=12).value == 1050 / 1200
    assert "87.5%" in shown
    assert "as of 2025-12-31, policy bessemer" in shown


def test_a_saved_notebook_becomes_a_page_that_shows_pictures_without_a_kernel(
    run_on_exports: nbformat.NotebookNode,
) -> None:
    page, _ = HTMLExporter().from_notebook_node(run_on_exports)
    assert page.count('class="saasmetrics-static"') == 1
    assert page.count('class="saasmetrics-result"') == 3
    shown = re.findall(r'<div class="jp-(?:RenderedHTMLCommon|OutputArea-output)[^>]*>', page)
    assert len(shown) >= 5
    assert "model not found" not in page
    pictures = re.findall(r'<img[^>]*src="([^"]{5})', page)
    assert set(pictures) == {"data:"}
