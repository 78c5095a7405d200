"""Widgets written to a page: what is in the file, and what it refuses. The page in a browser: tests/browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anywidget
import ipywidgets
import pytest
import traitlets

import saasmetrics as sm
import saasmetrics_widgets
from saasmetrics_widgets import to_html
from saasmetrics_widgets.page import plain

KINDS = [
    name
    for name in saasmetrics_widgets.__all__
    if isinstance(kind := getattr(saasmetrics_widgets, name), type)
    and issubclass(kind, saasmetrics_widgets.MetricWidget)
    and kind is not saasmetrics_widgets.MetricWidget
]


class Counter(anywidget.AnyWidget):
    """A widget of nobody's: only the public parts of an anywidget."""

    _esm = "export default { render({ model, el }) { el.textContent = model.get('count'); } };"
    count = traitlets.Int(3).tag(sync=True)
    data = traitlets.Bytes(b"ab").tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)

    @traitlets.observe("asked")
    def _answer(self, _change: object) -> None:
        self.count += 1


def saved(path: Path) -> dict:
    found = re.search(
        r'<script type="application/json" id="saved">(.*?)</script>',
        path.read_text("utf-8"),
        re.DOTALL,
    )
    return json.loads(found[1])


def test_a_page_of_the_whole_demo_company_is_under_a_megabyte_and_a_half(tmp_path: Path) -> None:
    explorer = sm.demo(customers=2000).explore()
    explorer.selection = {"of": "arr"}
    path = to_html(explorer, tmp_path / "page.html")
    assert path.stat().st_size < 1_500_000
    assert len(saved(path)["widgets"][0]["state"]["table"]["texts"]) == 500


def test_a_page_names_no_address_and_forbids_asking_one(tmp_path: Path) -> None:
    text = to_html(sm.demo(customers=40).explore(), tmp_path / "page.html").read_text("utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|//cdn|unpkg|jsdelivr", text)
    assert "default-src 'none'" in text


def test_widgets_of_one_kind_share_their_module(tmp_path: Path) -> None:
    book = sm.demo(customers=40)
    path = to_html([book.explore(), Counter(), book.explore(freq="Y")], tmp_path / "page.html")
    found = saved(path)
    assert [widget["module"] for widget in found["widgets"]] == [0, 1, 0]
    assert len(found["modules"]) == 2


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=120)


@pytest.mark.parametrize("name", KINDS)
def test_every_widget_of_the_package_can_be_written(
    name: str, demo: sm.Book, tmp_path: Path
) -> None:
    widget = getattr(saasmetrics_widgets, name)(demo)
    path = to_html(widget, tmp_path / "page.html")
    one = saved(path)["widgets"][0]
    assert path.stat().st_size < 1_500_000
    assert "selection" in one["kept"]
    assert "controls" not in one["kept"]
    assert "were not saved" in str(one["state"]["table"])


def test_any_anywidget_can_be_written_and_only_what_python_answers_is_fixed(tmp_path: Path) -> None:
    one = saved(to_html(Counter(count=5), tmp_path / "page.html"))["widgets"][0]
    assert one["state"]["count"] == 5
    assert one["state"]["data"] == {"$base64": "YWI="}
    assert {"count", "data"} <= set(one["kept"])
    assert "asked" not in one["kept"]


def test_names_that_are_markup_stay_text(tmp_path: Path) -> None:
    bad = "</script><script>window.hacked = 1</script>"
    rows = {
        "customer_id": [bad, "b"] * 2,
        "month": ["2026-01"] * 2 + ["2026-02"] * 2,
        "mrr": [9] * 4,
    }
    explorer = sm.Book(mrr=rows).explore()
    explorer.selection = {"of": "arr"}
    path = to_html(explorer, tmp_path / "page.html", title=bad)
    assert "<script>window" not in path.read_text("utf-8")
    assert bad in str(saved(path))


def test_a_page_takes_the_place_of_an_older_one_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    to_html(Counter(), path)
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(sm.DataError, match="cannot be written"):
        to_html(Counter(), tmp_path / "nowhere" / "page.html")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "no widget to write"),
        (ipywidgets.IntSlider(), "A IntSlider is no widget that a page can hold"),
        (3, "A int is no widget"),
    ],
)
def test_what_a_page_cannot_hold_is_refused(given: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match=words):
        to_html(given, tmp_path / "page.html")


def test_numbers_that_json_has_not_are_null() -> None:
    assert plain({"a": [float("inf"), 1]}) == {"a": [None, 1]}
