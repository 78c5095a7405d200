"""A fact table that is read in parts is the same table as one that is read whole."""

from __future__ import annotations

import math
import os
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.errors import InvalidTablesError
from saasmetrics.tables.facts.parts import batches
from saasmetrics.tables.runs import levels
from tests.properties.profile import quick
from tests.tables.facts.panels import RATES, Row, books, in_parts, panels, table

if TYPE_CHECKING:
    from saasmetrics.book import Book

IDS = ("int", "far", "text")


def findings(book: Book) -> list[tuple[Any, ...]]:
    """Return what the gate finds, but for how many runs were kept."""
    found = book.checks.under(book.policy)
    return sorted(
        (p.severity, p.code, p.table, p.column, p.rule, p.rows)
        for p in found
        if "were read in parts" not in p.rule
    )


def balances(book: Book) -> list[tuple[Any, ...]]:
    """Return every change of every customer."""
    ledger = book.engine.entities
    ids = book.engine.spans.entity_ids.to_pylist()
    who = [ids[n] for n in ledger.account.tolist()]
    return sorted(zip(who, ledger.time.tolist(), ledger.mrr.tolist(), strict=True))


@settings(quick, max_examples=60)
@given(panels(), st.sampled_from(IDS), st.integers(1, 9))
def test_findings_hash_and_days_are_those_of_the_whole(
    rows: list[Row], ids: str, batch: int
) -> None:
    whole, parts = books(table(rows, ids), batch, {"fx": RATES})
    assert parts.data_hash == whole.data_hash
    assert (parts.as_of_day, parts.currency) == (whole.as_of_day, whole.currency)
    assert findings(parts) == findings(whole)


def test_revenue_that_halves_is_no_cliff_in_either_reading() -> None:
    terms = ((0, 8, 10.0), (1, 7, 10.0), (2, 4, 61.54))
    rows: list[Row] = [(c, m, x, "USD", "Pro") for c, months, x in terms for m in range(months)]
    for book in books(table(rows), 64):
        assert "cliff-at-the-end" not in {code for _, code, *_ in findings(book)}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(1, 4),
            st.decimals(-(10**7), 10**7, places=2).map(float)
            | st.sampled_from((8.9e12, -9e15, 1e30)),
        ),
        min_size=1,
    )
)
@settings(quick, max_examples=60)
def test_the_sum_of_each_month_is_that_of_its_rows_to_the_last_bit(
    runs: list[tuple[int, int, float]],
) -> None:
    first, many, amount = map(np.array, zip(*runs, strict=True))
    nth = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    month, each = np.repeat(first, many) + nth, np.repeat(amount, many)
    of_runs = levels(first, first + many - 1, amount, 9)
    assert of_runs.tolist() == levels(month, month, each, 9).tolist()
    assert of_runs == pytest.approx([math.fsum(each[month == m]) for m in range(9)], rel=1e-12)


@settings(quick, max_examples=40)
@given(panels(faults=False), st.sampled_from(IDS), st.integers(1, 9), st.data())
def test_every_change_of_every_customer_is_that_of_the_whole(
    rows: list[Row], ids: str, batch: int, data: st.DataObject
) -> None:
    choices = data.draw(
        st.sampled_from(({}, {"overlap": "latest"}, {"fx": "constant"}, {"gap_days": 40}))
    )
    whole, parts = books(table(rows, ids), batch, {"fx": RATES})
    whole, parts = whole.with_policy(**choices), parts.with_policy(**choices)
    assert balances(parts) == balances(whole)
    assert parts.engine.notes == whole.engine.notes
    for by in (None, "plan", "currency"):
        for one, other in zip(_frames(parts, by), _frames(whole, by), strict=True):
            assert one.equals(other)


def _frames(book: Book, by: str | None) -> list[Any]:
    return [book.movements("M", by), book.pairs(3, "M", by), book.triangle("M", by)]


def large(folder: Path, **columns: Any) -> Path:
    """Write a file of 40 customers over 30 months, some of whom change their price."""
    who, month = np.tile(np.arange(40), 30), np.repeat(np.arange(30), 40)
    days = (np.datetime64("2023-01") + month).astype("datetime64[D]")
    amount = 10.0 + who + (month >= who)
    data = {"customer_id": who, "month": days, "mrr": amount}
    pq.write_table(pa.table({**data, **columns}), folder / "mrr.parquet", row_group_size=100)
    return folder


def test_the_book_says_how_many_rows_the_file_has_and_what_is_kept(tmp_path: Path) -> None:
    with in_parts(64):
        book = sm.read(large(tmp_path))
    assert "mrr 1,200 rows" in repr(book)
    assert len(book.tables["mrr"].data) < 80
    [said] = [p.rule for p in book.checks.under(book.policy) if "in parts" in p.rule]
    assert said == "1,200 rows were read in parts, and kept as 69 runs of months without a change"


def test_a_frame_of_the_table_and_the_rows_of_a_finding_are_single_months(tmp_path: Path) -> None:
    with in_parts():
        book = sm.read(large(tmp_path))
    assert sorted(book.frame("mrr")["mrr"]) == sorted(pq.read_table(tmp_path)["mrr"].to_pylist())
    rows = book.check().rows(finding="left-truncation")
    assert list(rows.columns) == ["customer_id", "month", "mrr"]
    assert len(rows) == 40


def test_groups_and_parts_of_a_book_are_those_of_the_whole(tmp_path: Path) -> None:
    plan = np.tile(["Pro", "Team"], 600)
    large(tmp_path, plan=plan)
    whole = sm.read(tmp_path)
    with in_parts(50):
        parts = sm.read(tmp_path)
    for one, other in ((parts, whole), (parts.where(plan="Pro"), whole.where(plan="Pro"))):
        assert sm.retention.nrr(one, by="plan").df.equals(sm.retention.nrr(other, by="plan").df)
        assert one.data_hash == other.data_hash
    then = parts.as_of("2024-03"), whole.as_of("2024-03")
    assert then[0].engine.notes == then[1].engine.notes
    assert sm.revenue.mrr(then[0]).value == sm.revenue.mrr(then[1]).value


def test_a_folder_of_parts_is_one_table(tmp_path: Path) -> None:
    whole = pq.read_table(large(tmp_path) / "mrr.parquet")
    (tmp_path / "exports" / "mrr").mkdir(parents=True)
    for year in (2023, 2024, 2025):
        part = whole.filter(pc.equal(pc.year(whole["month"]), year))
        pq.write_table(part, tmp_path / "exports" / "mrr" / f"{year}-01.parquet")
    expected = sm.read(tmp_path / "mrr.parquet").data_hash
    assert sm.read(tmp_path / "exports").data_hash == expected
    with in_parts(64):
        assert sm.read(tmp_path / "exports").data_hash == expected
        assert sm.read(tmp_path / "exports" / "mrr").data_hash == expected


def test_parts_with_other_columns_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "mrr").mkdir()
    part = pa.table({"customer_id": [1], "month": [date(2025, 1, 1)], "mrr": [5.0]})
    pq.write_table(part, tmp_path / "mrr" / "a.parquet")
    pq.write_table(part.append_column("plan", pa.array(["Pro"])), tmp_path / "mrr" / "b.parquet")
    with pytest.raises(
        sm.DataError, match=r"b.parquet and a.parquet .* different columns: plan is only"
    ):
        sm.read(tmp_path)


def write_parts(folder: Path, **columns: pa.Array) -> Path:
    """Write parts of a table, of which the second has some other columns."""
    (folder / "mrr").mkdir()
    for name, month, other in (("a", 1, {}), ("b", 2, columns)):
        days = pa.array([date(2025, month, 1)] * 2)
        rows = {"customer_id": pa.array([1, 2]), "month": days, "mrr": pa.array([5.0, 6.0])}
        pq.write_table(pa.table({**rows, **other}), folder / "mrr" / f"{name}.parquet")
    return folder


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("customer_id", pa.array(["1", "2"]), "int64 in a.parquet and string in b.parquet"),
        ("month", pa.array(["05/13/2025"] * 2), "date32[day] in a.parquet and string in b.parquet"),
        (
            "month",
            pa.array([0, 0], pa.timestamp("us")),
            "date32[day] in a.parquet and timestamp[us] in b.parquet",
        ),
        ("mrr", pa.array(["5", "6"]), "double in a.parquet and string in b.parquet"),
    ],
    ids=["ids", "months-as-text", "months-as-times", "amounts"],
)
def test_parts_with_other_types_are_refused_alike_whole_and_in_parts(
    tmp_path: Path, column: str, values: pa.Array, said: str
) -> None:
    write_parts(tmp_path, **{column: values})
    with pytest.raises(sm.DataError) as whole:
        sm.read(tmp_path)
    with in_parts(), pytest.raises(sm.DataError) as large:
        sm.read(tmp_path)
    assert f"different types: '{column}' is {said}. " in str(whole.value)
    assert "write each column with one type in all parts" in str(whole.value)
    assert str(large.value) == str(whole.value)


@pytest.mark.parametrize(
    "columns",
    [
        {"customer_id": pa.array([1, 2], pa.int32())},
        {"mrr": pa.array([5, 6])},
        {"mrr": pa.array([5.0, 6.0]).cast(pa.decimal128(12, 2))},
        {"mrr": pa.nulls(2)},
    ],
    ids=["narrow", "whole", "decimal", "none"],
)
def test_parts_whose_types_hold_the_same_values_are_one_table(
    tmp_path: Path, columns: dict[str, pa.Array]
) -> None:
    write_parts(tmp_path, **columns)
    with in_parts():
        large = sm.read(tmp_path)
    assert large.data_hash == sm.read(tmp_path).data_hash


def test_a_part_with_ids_that_the_type_of_the_first_does_not_hold_is_refused_in_words(
    tmp_path: Path,
) -> None:
    write_parts(tmp_path, customer_id=pa.array([1, 2**63], pa.uint64()))
    with pytest.raises(sm.DataError, match=r"int64 in a.parquet and uint64 in b.parquet"):
        sm.read(tmp_path)
    with in_parts(), pytest.raises(sm.DataError, match="Write the ids as text"):
        sm.read(tmp_path)


def test_categories_in_one_part_and_text_in_another_are_one_table(tmp_path: Path) -> None:
    write_parts(tmp_path)
    for name, plan in (("a", pa.array(["Pro", "Team"]).dictionary_encode()), ("b", ["Pro", "Pro"])):
        file = tmp_path / "mrr" / f"{name}.parquet"
        pq.write_table(pq.read_table(file, partitioning=None).append_column("plan", [plan]), file)
    with in_parts():
        large = sm.read(tmp_path)
    assert large.data_hash == sm.read(tmp_path).data_hash


def test_values_that_cannot_be_read_are_counted_over_all_parts(tmp_path: Path) -> None:
    far = pa.array([2**63 if n % 400 == 7 else n % 40 for n in range(1_200)], pa.uint64())
    with in_parts(64), pytest.raises(InvalidTablesError) as error:
        sm.read(large(tmp_path, customer_id=far))
    [problem] = error.value.problems
    assert (problem.code, problem.rows, problem.column) == ("unreadable-id", 3, "customer_id")
    # Positions 7, 407 and 807; a header would be row 1.
    assert problem.place == "mrr.parquet, column 'customer_id', rows 9, 409, 809"


def test_months_of_nobody_are_found_and_dropped_as_in_the_whole(tmp_path: Path) -> None:
    who = pa.array([None if n % 400 == 7 else f"c{n % 40}" for n in range(1_200)], pa.string())
    whole = sm.read(large(tmp_path, customer_id=who))
    with in_parts(64):
        parts = sm.read(tmp_path)
    assert parts.data_hash == whole.data_hash
    assert findings(parts) == findings(whole)
    [error] = [problem for problem in parts.check().problems if problem.severity == "error"]
    assert (error.code, error.column, error.rows) == ("missing-value", "customer_id", 3)
    mended = [book.repair({"mrr.missing-value": "drop"}) for book in (parts, whole)]
    assert mended[0].data_hash == mended[1].data_hash
    assert sm.revenue.mrr(mended[0]).value == sm.revenue.mrr(mended[1]).value


def test_a_row_of_a_folder_of_parts_is_named_by_its_file_and_its_number_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "mrr").mkdir()
    for name, far in (("a", [5]), ("b", [70, 71]), ("c", [1])):
        who = pa.array([2**63 if n in far else 1 for n in range(100)], pa.uint64())
        days = pa.array([date(2025, 1, 1)] * 100)
        part = pa.table({"customer_id": who, "month": days, "mrr": [1.0] * 100})
        pq.write_table(part, tmp_path / "mrr" / f"{name}.parquet")
    with in_parts(32), pytest.raises(InvalidTablesError) as error:
        sm.read(tmp_path)
    [problem] = error.value.problems
    where = "mrr/{}.parquet, column 'customer_id', {}"
    assert problem.rows == 4
    assert problem.place == f"{where.format('a', 'row 7')}; {where.format('b', 'rows 72, 73')}"


def test_ids_that_64_bits_do_not_hold_are_refused_in_words(tmp_path: Path) -> None:
    far = pa.array([2**63 + n % 40 if n % 400 == 7 else n % 40 for n in range(1_200)], pa.uint64())
    large(tmp_path, customer_id=far)
    for reading in (nullcontext(), in_parts(64)):
        with reading, pytest.raises(InvalidTablesError, match="Write the ids as text") as error:
            sm.read(tmp_path)
        [problem] = error.value.problems
        assert (problem.code, problem.rows, problem.column) == ("unreadable-id", 3, "customer_id")


def test_a_file_without_any_amount_is_that_of_the_whole() -> None:
    rows: list[Row] = [(n, m, None, "USD", "Pro") for n in range(3) for m in range(5)]
    for ids in IDS:
        whole, parts = books(table(rows, ids))
        assert parts.data_hash == whole.data_hash
        assert findings(parts) == findings(whole)


def test_what_changes_too_much_for_the_memory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with in_parts(64), pytest.raises(sm.DataError) as error:
        sm.read(large(tmp_path), memory_limit="2kB")
    assert "the limit is 0.1 MB. Rows need least in the order of months" in str(error.value)


def test_files_of_months_are_read_whole_and_held_to_the_memory(tmp_path: Path) -> None:
    whole = pq.read_table(large(tmp_path) / "mrr.parquet")
    folder = tmp_path / "months"
    folder.mkdir()
    for year in (2023, 2024):
        part = whole.filter(pc.equal(pc.year(whole["month"]), year))
        pq.write_table(part, folder / f"mrr-{year}.parquet")
    with in_parts(64):
        assert sm.read(folder).tables["mrr"].data.num_rows == 40 * 24
        with pytest.raises(sm.DataError, match="memory"):
            sm.read(folder, memory_limit="2kB")


def test_a_column_that_differs_in_every_row_is_refused_by_name(tmp_path: Path) -> None:
    numbers = np.arange(40_000)
    rows = {"customer_id": numbers % 9, "month": ["2025-01-01"] * 40_000, "mrr": numbers / 7}
    data = pa.table({**rows, "row_id": numbers})
    data = data.set_column(1, "month", data["month"].cast(pa.date32()))
    pq.write_table(data, tmp_path / "mrr.parquet")
    with in_parts(), pytest.raises(sm.DataError, match="the column 'row_id' has so many"):
        sm.read(tmp_path)


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = large(tmp_path) / "mrr.parquet"
    reading = batches([file], 100, shown=False)
    next(reading)
    os.utime(file, ns=(0, 0))
    with pytest.raises(sm.DataError, match=r"mrr.parquet was written while it was read"):
        list(reading)


def test_a_remedy_gives_the_same_as_with_the_whole_file(tmp_path: Path) -> None:
    rows: list[Row] = [(n, m, 10.0, "USD", "Pro") for n in range(3) for m in range(5)]
    whole, parts = (book.repair({"padded-id": "strip"}) for book in books(table(rows, "text")))
    assert parts.data_hash == whole.data_hash
    assert findings(parts) == findings(whole)


@settings(quick, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from((10.0, 20.0, 99.0)))),
    st.sampled_from(("keep_first", "keep_last")),
    st.integers(1, 9),
    st.booleans(),
)
def test_of_repeated_rows_the_same_one_is_kept_as_of_the_whole_file(
    rows: list[tuple[int, int, float]], how: str, batch: int, by_month: bool
) -> None:
    panel: list[Row] = [(who, month, amount, "USD", None) for who, month, amount in rows]
    panel += [(0, 0, 10.0, "USD", None), (0, 0, 20.0, "USD", None)]  # repeated at any rate
    if by_month:
        panel.sort(key=lambda row: row[1])
    data = table([*dict.fromkeys(panel)]).drop(["currency", "plan"])
    whole, parts = (book.repair({"repeated-key": how}) for book in books(data, batch))
    assert balances(parts) == balances(whole)
    assert parts.data_hash == whole.data_hash
