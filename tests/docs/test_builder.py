"""Pages are made of what was run: code, commands and files, in the order in which they stand."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from docs.site import docstrings, layout, notebooks, pictures, shown, text
from docs.site.page import Page
from docs.site.run import BlockError, Session
from saasmetrics.catalogue import CATALOGUE
from saasmetrics.charts.theme import AS_MEASURED


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session("test", tmp_path, text.markdown)


def test_a_page_runs_its_blocks_in_one_namespace_and_one_folder(session: Session) -> None:
    source = (
        "# Title\n\nWhat it is.\n\n## Part\n\n```csv data.csv\na,b\n1,2\n```\n\n"
        '```python\nfrom pathlib import Path\n\ntext = Path("data.csv").read_text()\n```\n\n'
        "```python\nlen(text)\n```\n"
    )
    page = text.page("test.html", source, session)
    assert (page.title, page.summary) == ("Title", "What it is.")
    assert page.headings == [(2, "part", "Part")]
    assert '<pre class="printed" tabindex="0">8</pre>' in page.body


def test_a_block_that_fails_stops_the_build(session: Session) -> None:
    with pytest.raises(BlockError, match=r"test: ZeroDivisionError"):
        session.python("1 / 0")


def test_a_block_that_should_show_an_error_stops_the_build_where_it_shows_none(
    session: Session,
) -> None:
    assert session.python("1 / 0", fails=True).endswith("ZeroDivisionError: division by zero</pre>")
    with pytest.raises(BlockError):
        session.python("1 / 1", fails=True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "nothing is shown"),
        ("print(1)\n2", "'1"),
        ("import warnings\nwarnings.warn('old')\n2", "'old'"),
    ],
)
def test_a_cell_of_a_notebook_that_fails_shows_nothing_prints_or_warns_stops_the_build(
    tmp_path: Path, source: str, said: str
) -> None:
    cells = [new_markdown_cell("# Title\n\nWhat it is."), new_code_cell(source)]
    path = tmp_path / "some.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    with pytest.raises(BlockError, match=said):
        notebooks.page(path, "some.html")


def test_a_block_of_a_kind_that_cannot_be_run_is_no_block_of_a_page(session: Session) -> None:
    with pytest.raises(BlockError, match="without being run"):
        text.markdown("```sh\nrm -r exports\n```\n", session)
    with pytest.raises(BlockError, match="no line of saasmetrics"):
        session.console("$ rm -r exports")


def test_a_command_shows_what_it_prints(session: Session) -> None:
    assert "customer_id" in session.console("$ saasmetrics schema mrr")


def test_names_with_tags_are_words_everywhere(session: Session) -> None:
    name = "<script>alert(1)</script>"
    found = session.python(
        f"import pandas as pd\n\nprint({name!r})\npd.DataFrame({{'name': [{name!r}]}})"
    )
    assert found.count("&lt;script&gt;") == 2
    assert "<script>" not in found + text.markdown(name) + shown.frame(pd.DataFrame({name: [1]}))


def test_missing_values_are_a_dash_and_never_zero() -> None:
    cells = [shown.cell(value) for value in (None, float("nan"), pd.NaT, pd.NA)]
    assert cells == ["–"] * 4
    assert shown.cell(0.0) == "0"


def test_a_picture_has_the_colors_of_both_themes_and_its_shapes_once(demo_book) -> None:
    import saasmetrics as sm

    found = pictures.picture(sm.revenue.bridge(demo_book, freq="Q"), "Bridge", "p-")
    assert found.count("<svg") == 1
    assert "light-dark(#0072b2,#56b4e9)" in found
    assert 'role="img"' in found


def test_pictures_whose_shapes_differ_are_both_kept() -> None:
    one = '<svg><path fill="#ffffff"/></svg>'
    two = '<svg><path fill="#000000" d="M0 0"/></svg>'
    found = pictures.of_pair(one, two, "Both", "p")
    assert found.count("<svg") == 2
    assert 'class="only-light"' in found


def test_known_names_become_links_also_without_their_topic() -> None:
    nrr = '<a href="metrics/nrr.html"><code>nrr</code></a>'
    assert text.inline("`nrr`", topic="retention") == nrr
    assert text.inline("`nrr`") == "<code>nrr</code>"
    assert 'href="metrics/nrr.html"' in text.inline("`sm.retention.nrr(book)`")


def test_a_docstring_is_taken_apart_into_its_sections() -> None:
    said = docstrings.told(CATALOGUE["nrr"].function)
    assert [name for name, _ in said.entries("Parameters")][:2] == ["book", "window"]
    assert said.entries("Raises")[0][0] == "UnknownNameError"


def test_examples_of_docstrings_show_what_the_run_gave() -> None:
    session = docstrings.examples(CATALOGUE["nrr"].function)
    assert session.startswith(">>> import saasmetrics as sm")
    assert session.endswith("\n0.8")  # 80 of 100 are there after a month


def test_an_example_whose_output_differs_by_machine_shows_what_its_docstring_says() -> None:
    import saasmetrics as sm

    assert docstrings.examples(sm.show_versions) == ">>> show_versions()\nsaasmetrics ..."


def test_examples_that_only_show_that_something_holds_are_left_out() -> None:
    assert docstrings.examples(CATALOGUE["health_backtest"].function) == ""


def test_headings_of_a_page_are_found_with_their_words() -> None:
    page = Page("a.html", "A", "", '<h2 id="x"><code>R&amp;D</code></h2><p></p><h3 id="y">Y</h3>')
    assert page.headings == [(2, "x", "R&D"), (3, "y", "Y")]


def test_a_picture_has_one_style_and_its_page_says_how_wide_a_font_is(demo_book) -> None:
    import saasmetrics as sm

    drawn = pictures.picture(sm.retention.nrr(demo_book), "NRR", "p")
    assert drawn.partition(">")[0].count("style=") <= 1
    assert AS_MEASURED.replace(":", ": ") in (layout.HERE / "site.css").read_text("utf-8")
