"""The explorer in its other homes: Notebook 7, Voila, and a page without Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

CODE = "import saasmetrics as sm\nw = sm.demo(customers=200).explore()\nw"
SLOW = 90_000
VOILAS_OWN = (
    "fortawesome",
    "@jupyter-notebook/lab-extension",
)  # fonts of its frame; an extension of another home


def root(found) -> Locator:
    return found.page.locator(".saasmetrics-explorer")


def bar(found, words: str) -> Locator:
    return root(found).locator(f'.sm-bridge [aria-label^="{words}"]')


def test_it_draws_and_answers_a_click_in_notebook_7(notebook: Callable, notebook_seven) -> None:
    found = notebook(notebook_seven)
    found.keep([CODE], "seven.ipynb")
    found.visit(f"{notebook_seven.url}/notebooks/seven.ipynb?token={notebook_seven.token}")
    its_own = list(found.errors)  # of Notebook, before anything of ours is there
    found.run_all()
    expect(root(found)).to_have_attribute("data-ready", "true", timeout=SLOW)
    bar(found, "Churn").click()
    expect(root(found).locator(".sm-table h3")).to_contain_text("Churn in Q3 2026", timeout=SLOW)
    said = json.loads(found.say("import json; print(json.dumps(w.selection))"))
    assert said == {"of": "bridge", "period": "2026-07-01", "movement": "churn"}
    assert (found.outside, found.errors) == ([], its_own)


def test_it_draws_and_answers_a_click_in_voila(notebook: Callable, voila) -> None:
    found = notebook(voila)
    found.keep([CODE], "app.ipynb")
    found.page.goto(f"{voila.url}/voila/render/app.ipynb", timeout=SLOW)
    expect(root(found)).to_have_attribute("data-ready", "true", timeout=SLOW)
    bar(found, "Churn").click()
    expect(root(found).locator(".sm-table h3")).to_contain_text("Churn in Q3 2026", timeout=SLOW)
    root(found).locator("select[name=measure]").select_option("Net MRR")
    title = root(found).locator(".sm-cohorts h3")
    expect(title).to_have_text("MRR left by cohort, with expansion", timeout=SLOW)
    said = [*found.outside, *found.errors]
    assert [words for words in said if not any(own in words for own in VOILAS_OWN)] == []


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the explorer, saved with the customers behind ARR listed, and a second one."""
    import saasmetrics as sm
    from saasmetrics_widgets import to_html

    book = sm.demo(customers=200)
    explorer = book.explore()
    explorer.selection = explorer.view["cards"][0]["pick"]
    return to_html(
        [explorer, book.explore(freq="Y")], tmp_path_factory.mktemp("page") / "page.html"
    )


class Nowhere:
    """No server: the page is a file."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_page_works_without_python(notebook: Callable, page_file: Path, theme: str) -> None:
    found = notebook(Nowhere(), color_scheme=theme)
    found.page.goto(page_file.as_uri())
    for place in found.page.locator(".place").all():
        expect(place).to_have_attribute("data-shown", "true", timeout=SLOW)
        expect(place.locator("[data-theme]").first).to_have_attribute("data-theme", theme)
    first = found.page.locator("#widget-0")
    widget = first.locator(".saasmetrics-explorer")
    expect(widget).to_have_attribute("data-theme", theme)
    expect(first.locator(".saasmetrics-still")).to_have_count(0)
    title = widget.locator(".sm-table h3")
    expect(title).to_contain_text("MRR of each customer")
    assert widget.locator(".sm-table tbody tr").count() > 20
    churn = widget.locator('.sm-bridge [aria-label^="Churn"]')
    churn.click()
    expect(churn).to_have_attribute("aria-pressed", "true")
    expect(widget.locator(".sm-table")).to_contain_text("were not saved; open the notebook")
    widget.locator('.sm-card[data-id="arr"]').click()
    expect(title).to_contain_text("MRR of each customer")
    for control in widget.locator("select, input, [data-asks]").all():
        expect(control).to_be_disabled()
        assert "needs Python" in (control.get_attribute("title") or "")
    found.shot(f"saved-page-{theme}")
    assert (found.outside, found.errors) == ([], [])


def test_without_scripts_a_saved_page_shows_its_pictures(
    notebook: Callable, page_file: Path
) -> None:
    found = notebook(Nowhere(), java_script_enabled=False)
    found.page.goto(page_file.as_uri())
    picture = found.page.locator("#widget-0 .saasmetrics-still img")
    expect(picture).to_be_visible()
    assert "ARR" in (picture.get_attribute("alt") or "")
    assert found.outside == []


@pytest.mark.parametrize(
    ("page", "system", "theme"),
    [
        ('<body data-jp-theme-light="true">', "dark", "light"),
        ('<body data-jp-theme-light="false">', "light", "dark"),
        ('<body class="vscode-dark">', "light", "dark"),
        ('<body class="vscode-light">', "dark", "light"),
        ("<body>", "dark", "dark"),
        ("<body>", "light", "light"),
    ],
)
def test_the_picture_of_a_result_is_that_of_the_theme_around_it(
    notebook: Callable, result_html: str, page: str, system: str, theme: str
) -> None:
    found = notebook(Nowhere(), color_scheme=system)
    found.page.set_content(f"<!doctype html><html>{page}{result_html}</body></html>")
    shown = {one: found.page.locator(f"img.saasmetrics-{one}") for one in ("light", "dark")}
    expect(shown.pop(theme)).to_be_visible()
    (other,) = shown.values()
    expect(other).to_be_hidden()
    assert (found.outside, found.errors) == ([], [])


@pytest.fixture(scope="module")
def result_html() -> str:
    """What a notebook is given of a result."""
    import saasmetrics as sm

    return str(sm.revenue.mrr(sm.demo(customers=60))._repr_html_())
