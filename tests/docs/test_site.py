"""The documentation that is shipped: whole, linked, valid, of this host alone, and what a build says now."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site import build, check
from saasmetrics.metrics.all import CATALOGUE


@pytest.fixture(scope="module")
def pages() -> dict[str, check.Read]:
    """Each page that was built, as it is read."""
    return check.pages_of(build.OUT)


@pytest.fixture(scope="module")
def index() -> list[list[str]]:
    """What the search looks through."""
    text = (build.OUT / "index.js").read_text(encoding="utf-8")
    found: list[list[str]] = json.loads(text.removeprefix("window.PAGES = ").rstrip(";\n"))
    return found


def test_links_lead_somewhere_tags_are_closed_ids_stand_once_and_nothing_is_loaded_from_elsewhere(
    pages: dict[str, check.Read],
) -> None:
    assert check.faults(build.OUT, pages) == []


def test_every_metric_has_a_page_with_its_meaning_its_formula_and_an_example(
    pages: dict[str, check.Read],
) -> None:
    short = []
    for name, metric in CATALOGUE.items():
        words = " ".join(pages[f"metrics/{name}.html"].words)
        asked = (metric.name, metric.meaning, "Formula", "When there is no value", "Example")
        short += [f"{name}: {said}" for said in asked if " ".join(said.split()) not in words]
    assert short == []


def test_every_metric_with_a_chart_shows_it(pages: dict[str, check.Read]) -> None:
    drawn = [name for name in pages if (build.OUT / name).read_text("utf-8").count("<svg role=")]
    assert sum(name.startswith("metrics/") for name in drawn) > 0.8 * len(CATALOGUE)


def test_the_search_knows_every_metric_by_name_and_every_page(
    pages: dict[str, check.Read], index: list[list[str]]
) -> None:
    places = {place.partition("#")[0] for _, place, _, _ in index}
    assert places == set(pages)
    titles = " | ".join(title for title, *_ in index)
    assert [metric.name for metric in CATALOGUE.values() if metric.name not in titles] == []


def test_every_page_of_the_main_list_is_there_and_no_other_is_lost(
    pages: dict[str, check.Read],
) -> None:
    listed = {path for paths in build.SECTIONS.values() for path in paths}
    others = {name for name in pages if not name.startswith(("metrics/", "api/"))}
    assert listed - set(pages) == set()
    assert others - listed == set()


@pytest.mark.site
def test_the_site_says_what_a_build_of_today_says(root: Path) -> None:
    command = [sys.executable, "-m", "docs.site", "check"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make docs: {done.stdout[-3000:]}{done.stderr[-3000:]}"
