"""The settings: one file, every key known, every value checked, mistakes answered with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board.asked import FOR, PAGES, settings


def test_a_file_of_settings_is_read(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(
        'company = "Example"\ncurrency = "EUR"\nfiscal_start = 2\nas_of = 2026-09-30\npages = ["t9q"]\n'
        '[targets.arr]\n"2026-Q3" = 5e6\n[comments.t9q]\ntext = "ours"\n[colors]\ngood = "#004488"\n'
        '[[asks]]\ntext = "Hire"\nowner = "CFO"\ndate = 2026-12-01\n'
    )
    found = settings(file)
    assert (found.company, found.currency, found.fiscal_start, found.as_of) == (
        "Example",
        "EUR",
        2,
        "2026-09-30",
    )
    assert found.targets == {"arr": {"2026-Q3": 5e6}}
    assert found.comments["t9q"].text == "ours"
    assert found.asks[0].date == "2026-12-01"
    assert found.folder == tmp_path


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"compny": "x"}, "Did you mean 'company'"),
        ({"audience": "bord"}, "Did you mean 'board'"),
        ({"pages": ["sumary"]}, "Did you mean 'summary'"),
        ({"pages": []}, "is a list such as"),
        ({"pages": ["t9q", "t9q"]}, "twice"),
        ({"formats": ["docx"]}, "format"),
        ({"paper": "a5"}, "paper"),
        ({"fiscal_start": 13}, "1 to 12"),
        ({"fiscal_start": True}, "1 to 12"),
        ({"margin": 80}, "share such as 0.8"),
        ({"benchmarks": "yes"}, "true or false"),
        ({"company": 3}, "is text"),
        ({"colors": {"goodd": "#000000"}}, "Did you mean 'good'"),
        ({"colors": {"good": "green"}}, "is a color such as"),
        ({"targets": {"ar": {"2026-Q3": 1}}}, "Did you mean 'arr'"),
        ({"targets": {"arr": 5}}, "is a table"),
        ({"targets": {"arr": {"2026-Q3": "much"}}}, "is a number"),
        ({"comments": {"t9": {"text": "x"}}}, "Did you mean 't9q'"),
        ({"comments": {"t9q": {"txt": "x"}}}, "Did you mean 'text'"),
        ({"asks": {"text": "x"}}, "are tables"),
        ({"asks": [{"owner": "x"}]}, "needs its text"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(given: dict[str, object], said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        settings(given)


def test_a_file_that_is_not_toml_or_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    with pytest.raises(sm.DataError, match="cannot be read"):
        settings(file)
    file.write_text("company = ")
    with pytest.raises(sm.DataError, match="not TOML"):
        settings(file)
    file.write_text('compny = "x"')
    with pytest.raises(sm.DataError, match=r"board\.toml: .*Did you mean 'company'"):
        settings(file)


def test_each_audience_has_its_pages() -> None:
    assert FOR["founder"][0] == FOR["cfo"][0] == FOR["board"][0] == "summary"
    assert "quality" in FOR["cfo"]
    assert "quality" not in FOR["founder"]
    assert all(set(pages) <= set(PAGES) for pages in FOR.values())


def test_the_plan_of_the_settings_goes_before_that_of_the_tables(pack_book: sm.Book) -> None:
    asked = {"pages": ["summary"], "targets": {"arr": {"2026-09": 2_000_000}}}
    made = sm.board.pack(pack_book, settings=asked)
    assert made.quantities["arr.plan@2026-07-01"].value == 2_000_000
    assert made.quantities["arr.plan@2026-07-01"].source == "settings, targets"
    assert made.quantities["arr.plan@2026-04-01"].source == "table targets"


def test_a_logo_or_template_that_is_not_there_is_named(pack_book: sm.Book, tmp_path: Path) -> None:
    made = sm.board.pack(
        pack_book, settings={"pages": ["bridge"], "logo": "no.png", "template": "no.pptx"}
    )
    with pytest.raises(sm.DataError, match=r"the logo 'no\.png'"):
        made.to_html(tmp_path / "pack.html")
    with pytest.raises(sm.DataError, match=r"the template 'no\.pptx'"):
        made.to_pptx(tmp_path / "pack.pptx")
    assert list(tmp_path.iterdir()) == []
