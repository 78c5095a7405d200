"""The widget without a browser: its traits, its selection, its static picture."""

from __future__ import annotations

import json
from base64 import b64decode

import nbformat
import pytest

import saasmetrics as sm
from saasmetrics_widgets import Explorer, explore, static
from saasmetrics_widgets.view import PANELS


@pytest.fixture
def explorer() -> Explorer:
    return explore(sm.demo(customers=60))


def whole(explorer: Explorer) -> dict:
    return explorer.shown


def test_a_book_opens_its_explorer() -> None:
    found = sm.demo(customers=30).explore(measure="gross", freq="M")
    assert isinstance(found, Explorer)
    assert (found.controls["measure"], found.controls["freq"]) == ("gross", "M")


def test_a_start_that_does_not_fit_the_book_is_refused() -> None:
    book = sm.demo(customers=30)
    with pytest.raises(sm.DataError, match="window=7"):
        book.explore(window=7)
    with pytest.raises(sm.DataError, match="value='Huge'"):
        book.explore(column="segment", value="Huge")


def test_the_result_behind_the_selection_is_that_of_the_library(explorer) -> None:
    assert explorer.result is None
    explorer.selection = {"of": "cohorts", "cohort": "2025-01-01", "age": 1}
    same = sm.retention.cohorts(explorer.book, "logos", freq="Q")
    assert explorer.result.df.equals(same.df)
    rows = same.rows(cohort="2025-01-01", age=1)
    assert sorted(explorer.customers["customer_id"]) == sorted(rows["customer_id"])
    assert len(explorer.rows) == len(rows)


def test_a_change_of_measure_keeps_the_cell_and_one_of_frequency_drops_it(explorer) -> None:
    cell = {"of": "cohorts", "cohort": "2025-01-01", "age": 1}
    explorer.selection = cell
    explorer.controls = {**explorer.controls, "measure": "net"}
    assert explorer.selection == cell
    assert [column["key"] for column in explorer.table["columns"]][-1] == "mrr"
    explorer.controls = {**explorer.controls, "freq": "M"}
    assert explorer.selection == {}
    assert (explorer.rows, explorer.result) == ([], None)


def test_a_selected_bar_moves_with_the_period(explorer) -> None:
    explorer.selection = {"of": "bridge", "period": "2026-07-01", "movement": "new"}
    explorer.controls = {**explorer.controls, "period": "2026-04-01"}
    assert explorer.selection["period"] == "2026-04-01"
    assert "Q2 2026" in explorer.table["title"]


def test_a_finer_frequency_shows_the_end_of_the_period_that_was_shown(explorer) -> None:
    explorer.controls = {**explorer.controls, "period": "2026-04-01"}
    explorer.controls = {**explorer.controls, "freq": "M"}
    assert explorer.controls["period"] == "2026-06-01"
    assert explorer.controls["window"] == 12


def test_who_looks_at_the_last_period_does_so_in_every_frequency(explorer) -> None:
    for freq, last in (("Y", "2025-01-01"), ("W", "2026-10-19"), ("Q", "2026-07-01")):
        explorer.controls = {**explorer.controls, "freq": freq}
        assert explorer.controls["period"] == last


def test_a_card_without_a_number_says_why_in_a_whole_sentence(explorer) -> None:
    explorer.controls = {**explorer.controls, "policy": "stripe"}
    note = {card["id"]: card["note"] for card in explorer.view["cards"]}["logo_churn"]
    assert note.endswith("within one period.")


def test_controls_set_in_python_are_checked(explorer) -> None:
    before = explorer.controls
    with pytest.raises(sm.DataError, match="frequency"):
        explorer.controls = {**before, "freq": "fortnight"}
    assert explorer.controls == before


def test_sorting_and_searching_work_on_all_rows(explorer) -> None:
    explorer.selection = {"of": "arr", "period": "2026-07-01"}
    explorer.lookup = {"sort": "closing", "descending": False}
    amounts = [row["closing"] for row in explorer.rows]
    assert amounts == sorted(amounts)
    explorer.lookup = {"search": explorer.rows[0]["customer_id"]}
    assert len(explorer.rows) == 1
    assert "match" in explorer.table["count"]


def test_the_csv_holds_all_rows_as_they_are_sorted_and_searched(explorer) -> None:
    sent = []
    explorer.send = sent.append
    explorer.selection = {"of": "arr", "period": "2026-07-01"}
    explorer._answer(explorer, {"ask": "csv"}, [])
    lines = sent[0]["copy"].splitlines()
    assert lines[0] == "customer_id,name,closing"
    assert len(lines) == len(explorer.customers) + 1


def test_a_number_that_is_not_made_of_customers_says_so() -> None:
    rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}
    found = explore(sm.Book(mrr=rows))
    found.selection = {"of": "ltv_cac"}
    assert "margin" in found.table["message"]


def test_all_that_is_sent_to_the_browser_is_json(explorer) -> None:
    explorer.selection = {"of": "nrr", "period": "2026-07-01"}
    for name in ("controls", "view", *PANELS, "selection", "table", "rows"):
        json.dumps(getattr(explorer, name), allow_nan=False)


def test_the_static_picture_says_the_same_as_the_widget(explorer) -> None:
    bundle, _ = explorer._repr_mimebundle_()
    arr = explorer.view["cards"][0]["value"]
    assert f"ARR {arr}" in bundle["text/plain"]
    assert b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    image = bundle["text/html"].split("base64,")[1].split('"')[0]
    svg = b64decode(image).decode()
    assert f">{arr}</text>" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_the_png_holds_the_same_pixels_as_before_it_was_made_smaller(explorer) -> None:
    import vl_convert

    large = vl_convert.svg_to_png(static.picture(whole(explorer)), scale=0.5)
    small = static.smaller(large)
    assert len(small) < len(large) / 2
    assert pixels(small) == pixels(large)


def pixels(image: bytes) -> bytes:
    """The colors of an opaque PNG, read by another library."""
    import io

    reader = pytest.importorskip("PIL.Image", reason="Pillow reads the picture back")
    return reader.open(io.BytesIO(image)).convert("RGB").tobytes()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_static_picture_is_well_formed(explorer, theme) -> None:
    from xml.etree import ElementTree as ET

    found = ET.fromstring(static.picture(whole(explorer), theme))
    assert found.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_saved_notebook_shows_the_picture_in_html(explorer) -> None:
    from nbconvert import HTMLExporter

    bundle, _ = explorer._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=bundle)
    cell = nbformat.v4.new_code_cell("book.explore()", outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert 'src="data:image/svg+xml;base64,' in page
    assert "ARR" in page


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}, id="one customer"),
        pytest.param({"customer_id": ["a"], "month": ["2026-01"], "mrr": [0]}, id="nobody pays"),
        pytest.param(
            {"customer_id": ["a", "a"], "month": ["2025-01", "2026-01"], "mrr": [10, 0]},
            id="all gone",
        ),
    ],
)
def test_it_works_with_next_to_nothing(rows) -> None:
    found = explore(sm.Book(mrr=rows))
    for freq in "WMQY":
        for measure in ("logos", "net", "gross", "mrr"):
            found.controls = {**found.controls, "freq": freq, "measure": measure}
            assert found.view["error"] == ""
    assert found.view["cards"][1]["value"] == "–"
    assert found.view["cards"][1]["note"] == "nobody was paying at the start of the window"
    assert static.png(whole(found))
