"""The checks of the site find what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site import check

PAGE = '<!doctype html><html lang="en"><head><title>T</title></head><body>{}</body></html>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of two pages without faults."""
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(PAGE.format('<p id="x"><a href="a/b.html#y">b</a></p>'))
    (tmp_path / "a" / "b.html").write_text(
        PAGE.format('<p id="y"><a href="../index.html#x">i</a></p>')
    )
    (tmp_path / "site.css").write_text("a { background: url(#shape) }")
    return tmp_path


def test_a_whole_site_has_no_faults(site: Path) -> None:
    assert check.faults(site) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="c.html">c</a>', "links to c.html, which is not there"),
        ('<a href="a/b.html#z">b</a>', "links to a/b.html#z, a place that a/b.html does not have"),
        ('<p id="x"></p><p id="x"></p>', "the id 'x' stands 2 times"),
        ("<p><em></p></em>", "</p> closes em"),
        ("<div>", "</body> closes div"),
        ('<img src="data:,">', "an <img> without words"),
        ('<p class="a" class="b"></p>', "<p> has an attribute twice"),
        (
            '<script src="https://x.example/a.js"></script>',
            "loads https://x.example/a.js from another host",
        ),
        ('<img alt="" src="//x.example/a.png">', "links to //x.example/a.png, which is not there"),
    ],
    ids=["link", "place", "id", "order", "open", "picture", "attribute", "host", "any-scheme"],
)
def test_a_fault_is_found_and_named(site: Path, body: str, fault: str) -> None:
    (site / "index.html").write_text(PAGE.format(body))
    assert f"index.html: {fault}" in check.faults(site)


def test_a_style_sheet_that_loads_a_file_is_a_fault(site: Path) -> None:
    (site / "site.css").write_text("@font-face { src: url('font.woff2') }")
    assert check.faults(site) == ["site.css loads other files"]


def test_a_page_is_old_when_its_words_are_others_and_not_when_a_shape_is(
    site: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    new = tmp_path_factory.mktemp("new")
    for path in site.rglob("*.*"):
        (new / path.relative_to(site)).parent.mkdir(exist_ok=True)
        (new / path.relative_to(site)).write_text(path.read_text())
    chart = '<svg><path d="{}"></path><text>{}</text></svg>'
    (site / "index.html").write_text(PAGE.format(chart.format("M0 0", "NRR 99.6%")))
    (new / "index.html").write_text(PAGE.format(chart.format("M0 1", "NRR 99.6%")))
    assert check.stale(site, new) == []
    (new / "index.html").write_text(PAGE.format(chart.format("M0 0", "NRR 99.7%")))
    assert check.stale(site, new) == ["index.html: says 'NRR 99.6%', a build 'NRR 99.7%'"]
    (new / "index.html").unlink()
    assert check.stale(site, new) == ["index.html: a build does not make it"]
