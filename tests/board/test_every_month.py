"""Every month the same way: one command, a folder per date, compared with the pack before, whole files or none."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import cli
from saasmetrics.board import every_month, outputs
from saasmetrics.board.benchmarks import alike, benchmarks
from saasmetrics.board.every_month import newest


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables of a company and the settings of its pack."""
    folder = tmp_path_factory.mktemp("company")
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(24)]
    known = [str((pd.Timestamp(m) + pd.DateOffset(months=1, days=4)).date()) for m in months]
    rows = [
        (c, m, v + 2 * k, d)
        for c, v in (("a", 100.0), ("b", 60.0))
        for k, (m, d) in enumerate(zip(months, known, strict=True))
    ]
    rows.append(("c", "2025-06", 40.0, "2025-09-20"))  # told three months late
    rows += [("c", m, 40.0, d) for m, d in zip(months[18:], known[18:], strict=True)]
    table = pd.DataFrame(rows, columns=["customer_id", "month", "mrr", "recorded_at"])
    (folder / "data").mkdir()
    table.to_csv(folder / "data" / "mrr.csv", index=False)
    (folder / "board.toml").write_text(
        'company = "Example"\ndata = "data"\npages = ["t9q", "definitions"]\nformats = ["html", "xlsx"]\n'
    )
    return folder


@pytest.fixture(scope="module")
def packs(place: Path) -> Path:
    """The packs of two dates, made by the command."""
    out = place / "packs"
    for day in ("2025-07-10", "2025-10-10"):
        assert (
            cli.main(["report", str(place / "board.toml"), "--as-of", day, "--out", str(out)]) == 0
        )
    return out


def test_each_date_has_its_folder_with_every_format(packs: Path) -> None:
    assert [folder.name for folder in sorted(packs.iterdir())] == ["2025-07-10", "2025-10-10"]
    for folder in packs.iterdir():
        assert sorted(file.name for file in folder.iterdir()) == [
            "pack.html",
            "pack.json",
            "pack.xlsx",
        ]


def test_a_number_that_was_told_and_is_another_now_is_listed_with_its_reason(packs: Path) -> None:
    page = sm.board.Pack.load(packs / "2025-10-10" / "pack.json").pages[-1]
    # customer c paid 40 in June 2025, and was recorded on 20 September: ARR of Q2 is 480 higher than told in July
    assert "told on 2025-07-10 have changed" in page.comment
    assert "ARR: rows recorded late +480 USD." in page.comment
    told = {row.label: row for row in page.tables[0].rows}
    made = sm.board.Pack.load(packs / "2025-10-10" / "pack.json").quantities
    then, now, gap = (made[cell].value for cell in told["New, Q2 2025"].cells)  # type: ignore[index]
    assert (then, now, gap) == pytest.approx((0.0, 480.0, 480.0))


def test_the_pack_before_is_found_in_the_archive(packs: Path) -> None:
    assert newest(packs, before="2025-10-10") == packs / "2025-07-10" / "pack.json"
    assert newest(packs, before="2025-07-10") is None


def test_making_it_again_gives_the_same_bytes(packs: Path, place: Path) -> None:
    before = {file.name: file.read_bytes() for file in (packs / "2025-10-10").iterdir()}
    words = ["report", str(place / "board.toml"), "--as-of", "2025-10-10", "--out", str(packs)]
    assert cli.main(words) == 0
    assert {file.name: file.read_bytes() for file in (packs / "2025-10-10").iterdir()} == before


def test_a_change_of_definition_is_told_as_one(packs: Path, place: Path) -> None:
    changed = place / "changed.toml"
    text = (place / "board.toml").read_text()
    changed.write_text(f'policy = "stripe"\n{text}')
    made = every_month.monthly(
        changed, place / "other", as_of="2025-10-10", since=packs / "2025-10-10" / "pack.json"
    )
    assert "policy default v1 became stripe v" in made.pack.pages[-1].comment


def test_the_command_says_each_headline_and_where_the_files_are(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["report", str(place / "board.toml"), "--as-of", "2025-09-30", "--out", str(tmp_path)]
    assert cli.main(words) == 0
    said = capsys.readouterr().out
    assert "1. New ARR" in said
    assert "Not shown: " in said
    assert "No earlier pack was found to compare the numbers with; --since FILE names one." in said
    assert str(tmp_path / "2025-09-30" / "pack.xlsx") in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "no.json"], r"no\.json cannot be read"),
        (["--as-of", "soon"], "--as-of takes a date"),
        (["--policy", "stripe"], "--policy is not for a board pack"),
        (["--csv", "x"], "--csv is not for a board pack"),
        (["--out", "{place}/board.toml"], "is the name of a file; name the folder"),
        (["--out", "{place}/pack.PDF"], "is the name of a file; name the folder"),
        (["--currency", "XXQ"], "XXQ"),
    ],
)
def test_a_mistake_in_the_call_is_exit_code_2_in_words(
    place: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = [word.format(place=place) for word in words]
    call = ["report", str(place / "board.toml"), *given]
    if "--out" not in call:
        call += ["--out", str(tmp_path / "packs")]
    assert cli.main(call) == 2
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "packs").exists()


def test_settings_that_are_wrong_are_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "board.toml").write_text('compny = "x"')
    assert cli.main(["report", str(tmp_path / "board.toml")]) == 2
    assert "Did you mean 'company'" in capsys.readouterr().err


def test_since_is_not_for_the_retention_review(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", str(place / "data"), "--since", "last.json"]) == 2
    assert "report board.toml" in capsys.readouterr().err


def test_a_full_disk_is_told_with_exit_code_2_and_leaves_the_older_pack_whole(
    packs: Path, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file: file.read_bytes() for file in (packs / "2025-10-10").iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.Path, "write_bytes", full)
    words = ["report", str(place / "board.toml"), "--as-of", "2025-10-10", "--out", str(packs)]
    assert cli.main(words) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in (packs / "2025-10-10").iterdir()} == before
    assert sorted(folder.name for folder in packs.iterdir()) == ["2025-07-10", "2025-10-10"]


@pytest.mark.parametrize("asked", ["", 'formats = ["html", "pdf"]\n', 'formats = ["pptx"]\n'])
def test_without_the_extra_what_can_be_is_written_and_what_was_asked_for_is_refused_at_once(
    asked: str,
    place: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for library in ("typst", "pptx"):
        monkeypatch.setitem(sys.modules, library, None)
    if asked:
        monkeypatch.setattr(every_month, "read_book", None)  # nothing is read nor computed
    file, out = tmp_path / "board.toml", tmp_path / "packs"
    file.write_text(f"{asked}data = {str(place / 'data')!r}\npages = ['t9q']\n")
    code = cli.main(["report", str(file), "--as-of", "2025-09-30", "--out", str(out)])
    said = capsys.readouterr()
    extra = 'pip install "jupyter-saasmetrics[report]"'
    if asked:
        assert (code, out.exists()) == (2, False)
        assert extra in said.err
        return
    assert code == 0
    names = [file.name for file in sorted((out / "2025-09-30").iterdir())]
    assert names == ["pack.html", "pack.json", "pack.xlsx"]
    assert "Left out: Writing a pack as PDF and PPTX needs 'typst and python-pptx'" in said.out
    assert extra in said.out


def test_a_pack_that_cannot_be_written_leaves_no_folder(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.Path, "write_bytes", full)
    with pytest.raises(sm.DataError, match="No space left"):
        every_month.monthly(place / "board.toml", tmp_path / "packs", as_of="2025-09-30")
    assert list(tmp_path.iterdir()) == []


# Published figures beside our own


def test_every_published_figure_has_source_year_count_and_definition() -> None:
    for entry in benchmarks():
        assert {"metric", "source", "year", "n", "definition", "requires", "text"} <= set(entry)
        assert entry["source"]
        assert entry["year"] > 2000


def test_a_published_figure_stands_only_beside_the_same_definition(pack_book: sm.Book) -> None:
    same = sm.board.pack(pack_book, settings={"pages": ["economics"]})
    assert "median 2.0x (Benchmarkit 2025" in same.pages[0].tiles[2].context
    blended = sm.economics.cac_ratio(pack_book, method="blended")
    assert not alike(benchmarks()[0], dict(blended.context.options), blended.context.policy)
    without = sm.board.pack(pack_book, settings={"pages": ["economics"], "benchmarks": False})
    assert without.pages[0].tiles[2].context == ""


def test_the_tables_that_have_other_rows_are_named_with_how_many_then_and_now(packs: Path) -> None:
    then, now = (
        sm.board.Pack.load(packs / day / "pack.json").facts["rows"]
        for day in ("2025-07-10", "2025-10-10")
    )
    page = sm.board.Pack.load(packs / "2025-10-10" / "pack.json").pages[-1]
    assert now["mrr"] > then["mrr"]
    assert f"other rows (mrr {then['mrr']:,} → {now['mrr']:,})" in page.comment


def test_what_has_changed_is_told_in_the_number_of_what_it_is(packs: Path) -> None:
    page = sm.board.Pack.load(packs / "2025-10-10" / "pack.json").pages[-1]
    assert re.search(r"[2-9]\d* of \d+ numbers told on 2025-07-10 have changed$", page.title)
    assert "are others now" not in page.title + page.comment


def test_remedies_of_a_pack_of_the_command_name_files_and_keys(tmp_path: Path) -> None:
    rows = "customer_id,month,mrr\n" + "".join(f"a,2026-{month:02},10\n" for month in range(1, 4))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mrr.csv").write_text(rows)
    (tmp_path / "board.toml").write_text(
        'data = "data"\npages = ["t9q", "economics"]\nformats = ["html"]\n'
    )
    assert cli.main(["report", str(tmp_path / "board.toml"), "--out", str(tmp_path / "packs")]) == 0
    said = next((tmp_path / "packs").glob("*/*.html")).read_text("utf-8")
    assert "pass margin = 0.8 in board.toml" in said or "a file spend.csv beside the others" in said
    assert "sm.Book(" not in said
    assert "margin=0" not in said
