"""Books read by way of a cache: the same as those read without, and what is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.checks import weighed
from saasmetrics.engine import kept
from saasmetrics.importers import raw
from saasmetrics.tables import gate, needed, read
from tests.cache.books import MONTHS, panel, part, same, write
from tests.importers.exports import folder as exports
from tests.importers.test_stripe import DASHBOARD
from tests.tables.facts.panels import in_parts

CUSTOMERS = "id,name,segment\n" + "".join(f"c{i},n{i},{'AB'[i % 2]}\n" for i in range(6))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str]) -> Iterator[list[str]]:
    """Count calls of functions, which still do what they do."""
    calls: list[str] = []

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(str(getattr(args[0], "name", name)) if args else name)
            return function(*args, **options)

        return call

    with monkeypatch.context() as patch:
        for module, name in places:
            patch.setattr(module, name, counting(name, getattr(module, name)))
        yield calls


READING = (needed, "read_file")
COUNTING = ((kept, "spans"), (kept, "ledger"), (gate, "found_by"))


def test_nothing_is_written_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = panel(tmp_path / "exports")
    before = sorted(folder.iterdir())
    sm.retention.nrr(sm.read(folder), window=1)
    assert not (tmp_path / "cache").exists()
    assert sorted(folder.iterdir()) == before


def test_the_second_time_nothing_is_read_nothing_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = panel(tmp_path / "exports")
    (folder / "customers.csv").write_text(CUSTOMERS)
    first = sm.read(folder, cache=tmp_path / "kept")
    same(first, sm.read(folder))
    with counted(monkeypatch, READING, *COUNTING) as calls:
        again = sm.read(folder, cache=tmp_path / "kept")
        sm.retention.nrr(again, window=1)
    assert calls == []
    same(again, sm.read(folder))


def test_the_second_report_weighs_nothing_anew_and_finds_the_rows_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = panel(tmp_path / "exports")
    write(folder, MONTHS[-1], [(f"c{i}", MONTHS[-1], 1000 * i) for i in range(1, 6)])  # in cents
    fresh, first = (sm.read(folder, cache=cache).check() for cache in (None, tmp_path / "kept"))
    with counted(monkeypatch, (weighed, "worth_of"), (weighed, "later")) as calls:
        again = sm.read(folder, cache=tmp_path / "kept").check()
    assert calls == []
    assert "unit-jump" in set(fresh.df["code"])
    for report in (first, again):
        pd.testing.assert_frame_equal(report.df, fresh.df)
        assert report.score == fresh.score
        for code in fresh.df["code"]:
            pd.testing.assert_frame_equal(report.rows(finding=code), fresh.rows(finding=code))


def test_of_a_changed_file_only_that_one_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = panel(tmp_path / "exports")
    sm.read(folder, cache=tmp_path / "kept").check()
    write(folder, "2026-08", [("c1", "2026-08", 99), ("new", "2026-08", 1)])
    with counted(monkeypatch, READING) as calls:
        book = sm.read(folder, cache=tmp_path / "kept")
    assert calls == ["mrr-2026-08.csv"]
    same(book, sm.read(folder))


def test_of_a_new_month_only_its_file_is_read_and_the_ledger_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = panel(tmp_path / "exports")
    same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))
    write(folder, "2026-11", [("c1", "2026-11", 99), ("new", "2026-11", 1)])
    with counted(monkeypatch, READING, (kept, "spans"), (kept, "ledger")) as calls:
        book = sm.read(folder, cache=tmp_path / "kept", as_of="2026-11-15")
        sm.retention.nrr(book, window=1)
    assert calls == ["mrr-2026-11.csv"]
    same(book, sm.read(folder, as_of="2026-11-15"))


def test_a_row_repeated_across_files_is_found(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports")
    sm.read(folder, cache=tmp_path / "kept").check()
    write(folder, "2026-11", [("c1", "2026-11", 9), ("c2", "2026-11", 9), ("c1", "2026-06", 10)])
    book = sm.read(folder, cache=tmp_path / "kept")
    assert "repeated-row" in {problem.code for problem in book.checks.under(book.policy)}
    same(book, sm.read(folder))


@pytest.mark.parametrize(
    "how",
    [
        {"policy": sm.Policy(overlap="latest")},
        {"policy": sm.Policy(gap_days=40)},
        {"policy": sm.Policy(entity="parent")},
        {"policy": "stripe"},
        {"currency": "EUR"},
        {"as_of": "2026-09-15"},
        {"as_of": "2026-12-31"},
        {"fiscal_start": 4},
        {"dayfirst": True},
        {"columns": {"mrr": {"mrr": "mrr"}}},
    ],
    ids=[
        "overlap",
        "gap",
        "parent",
        "preset",
        "currency",
        "earlier day",
        "later day",
        "fiscal year",
        "order of dates",
        "names of columns",
    ],
)
def test_another_question_is_answered_for_itself(tmp_path: Path, how: dict[str, Any]) -> None:
    folder = panel(tmp_path / "exports")
    (folder / "customers.csv").write_text(CUSTOMERS)
    sm.read(folder, cache=tmp_path / "kept").check()
    for month in ("2026-11", "2026-12"):
        same(sm.read(folder, cache=tmp_path / "kept", **how), sm.read(folder, **how))
        write(folder, month, [("c1", month, 9), ("c4", month, 70)])


def test_groups_parts_and_days_of_a_kept_book_are_those_of_a_fresh_one(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports")
    (folder / "customers.csv").write_text(CUSTOMERS)
    for _ in range(2):
        one, two = sm.read(folder, cache=tmp_path / "kept"), sm.read(folder)
        by = [sm.retention.nrr(book, window=1, by="segment").df for book in (one, two)]
        assert by[0].equals(by[1])
        same(one.where(segment="A"), two.where(segment="A"))
        same(one.as_of("2026-08-20"), two.as_of("2026-08-20"))
        same(one.between("2026-07", "2026-09"), two.between("2026-07", "2026-09"))
        same(one.with_policy("stripe"), two.with_policy("stripe"))
        (folder / "customers.csv").write_text(CUSTOMERS.replace("n1,B", "n1,A"))


def test_a_damaged_cache_is_said_and_read_anew(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports")
    sm.read(folder, cache=tmp_path / "kept").check()
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="is damaged"):
        same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))
    same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))


def test_many_damaged_files_are_counted_in_one_warning(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports")
    same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="of the cache") as said:
        same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))
    words = [str(one.message) for one in said]
    assert len(words) == 1
    assert words[0].startswith(f"{len(MONTHS)} files of the cache ")
    assert words[0].endswith(f"What these {len(MONTHS)} kept is read and counted anew.")


def test_remedies_beside_the_data_change_what_is_kept(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports")
    write(folder, "2026-11", [("c1", "2026-11", 9), ("c1", "2026-11", 9)])
    book = sm.read(folder, cache=tmp_path / "kept")
    book.repair({"repeated-row": "drop"}).save_remedies(folder / "remedies.toml")
    for _ in range(2):
        same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))


def test_snapshots_of_several_days_come_from_a_cache_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exports").mkdir()
    panel(tmp_path / "exports" / "2026-10-31")
    panel(tmp_path / "exports" / "2026-11-30", customers=7)
    same(sm.read(tmp_path / "exports", cache=tmp_path / "kept"), sm.read(tmp_path / "exports"))
    with counted(monkeypatch, READING) as calls:
        book = sm.read(tmp_path / "exports", cache=tmp_path / "kept")
    assert calls == []
    same(book, sm.read(tmp_path / "exports"))


def test_sheets_of_a_workbook_come_from_a_cache_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas as pd

    folder = tmp_path / "exports"
    folder.mkdir()
    with pd.ExcelWriter(folder / "book.xlsx", engine="xlsxwriter") as file:
        rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-02"], "mrr": [1, 2]}
        pd.DataFrame(rows).to_excel(file, sheet_name="MRR", index=False)
        pd.DataFrame({"x": ["remark"]}).to_excel(file, sheet_name="Notes", index=False)
    same(sm.read(folder, cache=tmp_path / "kept"), sm.read(folder))
    with counted(monkeypatch, (read, "read_sheets")) as calls:
        book = sm.read(folder, cache=tmp_path / "kept")
    assert calls == []
    same(book, sm.read(folder))


def test_usage_that_is_named_by_subscriptions_follows_them(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    lines = "subscription_id,customer_id,start,amount,interval\ns1,{},2026-01-01,9,month\n"
    (folder / "usage.csv").write_text("subscription_id,date,events\ns1,2026-01-05,3\n")
    for customer in ("a", "b"):
        (folder / "subscriptions.csv").write_text(lines.format(customer))
        book = sm.read(folder, cache=tmp_path / "kept")
        assert book.tables["usage"].data["customer_id"].to_pylist() == [customer]


def test_a_file_under_another_name_is_read_again(tmp_path: Path) -> None:
    folder = panel(tmp_path / "exports", ("2026-06",))
    sm.read(folder, cache=tmp_path / "kept")
    (folder / "mrr-2026-06.csv").rename(folder / "customer_cube.csv")
    notes = sm.read(folder, cache=tmp_path / "kept").tables["mrr"].notes
    assert notes[0] == "read from customer_cube.csv"


def test_the_command_keeps_what_it_reads_where_it_is_told_to(tmp_path: Path) -> None:
    from saasmetrics.cli import main

    folder, kept_in = panel(tmp_path / "exports"), tmp_path / "kept"
    assert main(["check", str(folder), "--cache", str(kept_in)]) == 0
    assert len([*kept_in.glob("*.kept")]) > len([*folder.iterdir()])


def test_tables_made_of_raw_exports_come_from_a_cache_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exports(tmp_path, subscriptions=DASHBOARD)
    spend = folder / "spend-2026-{}.csv"
    for month in ("01", "02"):
        lines = f"month,function,amount\n2026-{month},sales,10\n2026-{month},sales,10\n"
        Path(str(spend).format(month)).write_text(lines)
    with counted(monkeypatch, (raw, "_imported")) as calls:
        same(sm.read(folder, cache=folder / "kept"), sm.read(folder))
    assert len(calls) == 2
    with counted(monkeypatch, (raw, "_imported"), READING) as calls:
        book = sm.read(folder, cache=folder / "kept")
    assert calls == []
    assert book.tables["spend"].parts == (("spend-2026-01.csv", 2), ("spend-2026-02.csv", 2))
    same(book, sm.read(folder))


def test_runs_of_months_of_a_large_file_come_from_a_cache_too(tmp_path: Path) -> None:
    import pandas as pd

    rows = [(f"c{i}", pd.Timestamp(month).date(), 10.0) for month in MONTHS for i in range(4)]
    frame = pd.DataFrame(rows, columns=["customer_id", "month", "mrr"])
    (tmp_path / "exports").mkdir()
    frame.to_parquet(tmp_path / "exports" / "mrr.parquet", index=False)
    with in_parts():
        for _ in range(2):
            book = sm.read(tmp_path / "exports", cache=tmp_path / "kept")
            assert book.tables["mrr"].num_rows == 4
            same(book, sm.read(tmp_path / "exports"))


@pytest.mark.parametrize("large", [False, True], ids=["whole", "as runs"])
def test_a_table_that_is_a_folder_of_parts_comes_from_a_cache_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    folder = tmp_path / "exports" / "mrr"
    folder.mkdir(parents=True)
    for month in MONTHS:
        part(folder, month, 10.0)
    for place in (folder.parent, folder):
        for change in (None, ("2026-08", 99.0), ("2026-11", 10.0)):
            if change is not None:
                part(folder, *change)
            with in_parts() if large else nullcontext():
                fresh = sm.read(place)
                same(sm.read(place, cache=tmp_path / "kept"), fresh)
                with counted(monkeypatch, (needed, "read_parts"), (read, "read_runs")) as calls:
                    again = sm.read(place, cache=tmp_path / "kept")
                assert calls == []
                same(again, fresh)
        (folder / "2026-11.parquet").unlink()
        part(folder, "2026-08", 10.0)


def test_a_part_that_is_written_while_a_folder_is_read_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exports" / "mrr"
    folder.mkdir(parents=True)
    part(folder, "2026-08", 10.0)
    whole = needed.read_parts

    def written(files: list[Path]) -> Any:
        rows = whole(files)
        part(folder, "2026-09", 10.0)
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(needed, "read_parts", written)
        assert sm.read(folder.parent, cache=tmp_path / "kept").tables["mrr"].num_rows == 4
    (folder / "2026-09.parquet").unlink()
    with counted(monkeypatch, (needed, "read_parts")) as calls:
        sm.read(folder.parent, cache=tmp_path / "kept")
    assert len(calls) == 1
