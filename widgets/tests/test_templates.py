"""The templates are run from top to bottom, on a made-up company and on somebody's own exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics_widgets.shipped import TITLES, template


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a notebook runs in, with exports in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    exports = tmp_path / "exports"
    exports.mkdir()
    rows = [
        f"c{i},2025-{month:02d},{100 + i * (month % 3)}" for i in range(9) for month in range(1, 13)
    ]
    rows += [f"c{i},2026-01,{120 + i}" for i in range(7)]
    (exports / "mrr.csv").write_text("\n".join(["customer_id,month,mrr", *rows]), encoding="utf-8")
    return tmp_path


def run(name: str, **parameters: Any) -> dict[str, Any]:
    """Run a template's code with some parameters, as papermill does: after the cell that is tagged."""
    namespace: dict[str, Any] = {}
    for cell in template(name)["notebook"]["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
            if "parameters" in cell["metadata"].get("tags", []):
                unknown = parameters.keys() - namespace.keys()
                assert not unknown
                namespace.update(parameters)
    return namespace


@pytest.mark.parametrize("name", TITLES)
def test_a_template_runs_on_ones_own_exports(name: str, folder: Path) -> None:
    said = run(name, data="exports", currency="EUR", fiscal_start=4, as_of="2026-01-31")
    book = said["book"] if "book" in said else said["assistant"].book
    assert (book.currency, book.fiscal_start, book.as_of_text) == ("EUR", 4, "2026-01-31")


def test_the_policy_of_the_parameters_is_that_of_the_book(folder: Path) -> None:
    assert run("check", data="exports", policy="stripe")["book"].policy == sm.Policy.named("stripe")


def test_without_exports_a_template_shows_the_made_up_company(folder: Path) -> None:
    said = run("check", policy="stripe")
    assert said["book"].policy.name == "stripe"
    assert len(said["book"].tables) == len(sm.demo(customers=50).tables)


@pytest.mark.parametrize("name", ["review", "board"])
def test_a_template_writes_the_page_that_its_parameters_name(name: str, folder: Path) -> None:
    run(name, data="exports", out="mine.html")
    assert (folder / "mine.html").exists()
    assert {path.name for path in (folder / "exports").iterdir()} == {"mrr.csv"}
