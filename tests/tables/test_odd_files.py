"""Files that are not what they seem: told by name, with what to do, and never by a traceback."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.tables import normalize, read_folder

MRR = "customer_id,month,mrr\na,2025-01,10\n"


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as refused:
        read_folder(folder)
    return str(refused.value)


def mrr_of(folder: Path, text: str) -> Path:
    (folder / "mrr.csv").write_bytes(text.encode())
    return folder


@pytest.mark.parametrize("path", [None, 3, b"exports", ["mrr.csv"]])
def test_what_is_no_path_is_refused_with_the_other_way_in(path: Any) -> None:
    with pytest.raises(DataError, match="takes the path of a folder or file"):
        sm.read(path)


def test_lines_that_end_with_a_carriage_return_alone_are_refused(tmp_path: Path) -> None:
    told = refusal(mrr_of(tmp_path, MRR.replace("\n", "\r")))
    assert "mrr.csv has lines that end with a carriage return alone" in told
    assert "Save it as CSV UTF-8" in told


def test_a_header_beyond_the_limit_of_csv_is_refused_without_a_traceback(tmp_path: Path) -> None:
    # csv.field_size_limit is 131,072 characters.
    assert "not a readable CSV file" in refusal(mrr_of(tmp_path, f"a,{'b' * 140_000}\n1,2\n"))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_separate_columns(tmp_path: Path, delimiter: str) -> None:
    table = read_folder(mrr_of(tmp_path, MRR.replace(",", delimiter)))["mrr"]
    assert table.data.to_pylist() == [{"customer_id": "a", "month": dt.date(2025, 1, 1), "mrr": 10}]


@pytest.mark.parametrize("amount", ["1.200", "1,200", "-1.200", "€1.200"])
def test_ambiguous_thousands_in_a_semicolon_file_are_an_error(tmp_path: Path, amount: str) -> None:
    folder = mrr_of(tmp_path, f"customer_id;month;mrr\na;2025-01;{amount}\nb;2025-01;10\n")
    with pytest.raises(InvalidTablesError, match="ambiguous amounts") as refused:
        read_folder(folder)
    assert [(p.column, p.code, p.rows) for p in refused.value.problems] == [
        ("mrr", "ambiguous-number", 1)
    ]


def test_ambiguous_thousands_in_a_wide_semicolon_file_are_an_error(tmp_path: Path) -> None:
    told = refusal(mrr_of(tmp_path, "customer_id;2025-01;2025-02\na;1.200;900\n"))
    assert "1.200 may be 1200 or 1.2" in told


def test_a_decimal_comma_that_nothing_else_explains_is_read_and_said(tmp_path: Path) -> None:
    table = read_folder(mrr_of(tmp_path, "customer_id;month;mrr\na;2025-01;1,5\n"))["mrr"]
    assert table.data["mrr"].to_pylist() == [1.5]
    assert "mrr: read with a decimal comma in 1 row ('1,5' is 1.5)" in table.notes


def test_one_clear_decimal_comma_makes_the_other_numbers_of_its_column_clear(
    tmp_path: Path,
) -> None:
    text = "customer_id;month;mrr\na;2025-01;1.200\nb;2025-01;9,50\n"
    assert read_folder(mrr_of(tmp_path, text))["mrr"].data["mrr"].to_pylist() == [1200.0, 9.5]


def test_a_point_before_two_digits_shows_that_points_part_decimals(tmp_path: Path) -> None:
    text = "customer_id;month;mrr\na;2025-01;1.200\nb;2025-01;9.50\n"
    assert read_folder(mrr_of(tmp_path, text))["mrr"].data["mrr"].to_pylist() == [1.2, 9.5]


def test_three_decimals_in_a_comma_file_are_decimals(tmp_path: Path) -> None:
    table = read_folder(mrr_of(tmp_path, "customer_id,month,mrr\na,2025-01,1.200\n"))["mrr"]
    assert table.data["mrr"].to_pylist() == [1.2]


def test_other_columns_of_a_semicolon_file_keep_ambiguous_numbers_as_text(tmp_path: Path) -> None:
    text = "customer_id;month;mrr;area\na;2025-01;10;1.200\n"
    assert read_folder(mrr_of(tmp_path, text))["mrr"].data["area"].to_pylist() == ["1.200"]


@pytest.mark.parametrize("title", ["MRR of all customers", "MRR of all customers,,", '"MRR, all"'])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_title_before_the_header_is_left_aside_with_a_word(
    tmp_path: Path, title: str, delimiter: str
) -> None:
    title = title.replace(",,", delimiter * 2)
    plain = read_folder(mrr_of(tmp_path, MRR))["mrr"]
    titled = f"{title}\n\n{MRR.replace(',', delimiter)}"
    table = read_folder(mrr_of(tmp_path, titled))["mrr"]
    assert table.data.equals(plain.data)
    assert "1 row above the header left aside" in " ".join(table.notes)


@pytest.mark.parametrize(
    "text",
    [
        "MRR of all customers\ncustomer_id,mrr\na,10\n",
        "MRR of all customers,,\n" + MRR.replace(",", ";"),
    ],
    ids=["too few columns to tell", "other separators"],
)
def test_a_title_that_cannot_be_told_from_a_row_is_named(tmp_path: Path, text: str) -> None:
    assert "the first line must be the header" in refusal(mrr_of(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("subscriptions.xls", "save it as XLSX or CSV"), ("subscriptions.zip", "Unpack it")],
)
@pytest.mark.parametrize("beside", [True, False])
def test_a_table_of_another_kind_is_named_with_what_to_do(
    tmp_path: Path, name: str, remedy: str, beside: bool
) -> None:
    (tmp_path / name).write_bytes(b"PK")
    if beside:
        mrr_of(tmp_path, MRR)
    told = refusal(tmp_path)
    assert name in told
    assert remedy in told
    assert remedy in refusal(tmp_path / name)


def test_the_packed_export_beside_its_tables_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "mrr.zip").write_bytes(b"PK")
    assert list(read_folder(mrr_of(tmp_path, MRR))) == ["mrr"]


@pytest.mark.parametrize("beside", [True, False])
def test_a_folder_with_the_name_of_a_table_is_named(tmp_path: Path, beside: bool) -> None:
    (tmp_path / "subscriptions.csv").mkdir()
    if beside:
        mrr_of(tmp_path, MRR)
    assert "subscriptions.csv is a folder" in refusal(tmp_path)


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    try:
        (tmp_path / "subscriptions.csv").symlink_to(tmp_path / "gone.csv")
    except OSError:  # pragma: no cover
        pytest.skip("no links in this file system")
    told = "subscriptions.csv is a link to a file that does not exist"
    assert told in refusal(tmp_path)
    assert told in refusal(tmp_path / "subscriptions.csv")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mrr.csv")
    assert "device or pipe" in refusal(tmp_path)
    assert "device or pipe" in refusal(tmp_path / "mrr.csv")


@pytest.mark.parametrize("other", [None, "2025-02-01", np.datetime64("2025-02-01", "ns")])
@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_numpy_dates_among_objects_are_dates(unit: Any, other: Any) -> None:
    starts = pd.Series([np.datetime64("2025-01-01", unit), other], dtype=object)
    frame = pd.DataFrame({"customer_id": ["a", "b"], "created_at": starts})
    read = normalize("customers", frame).data["created_at"].cast("date32").to_pylist()
    assert read == [dt.date(2025, 1, 1), None if other is None else dt.date(2025, 2, 1)]


@pytest.mark.parametrize("month", [202501, "25-Jan", "Jan 1st"])
def test_a_month_that_cannot_be_read_says_how_to_write_it(month: Any) -> None:
    with pytest.raises(InvalidTablesError, match="Write months as 2025-01"):
        normalize("mrr", {"customer_id": ["a"], "month": [month], "mrr": [1.0]})


def test_a_month_of_one_digit_is_read() -> None:
    table = normalize("mrr", {"customer_id": ["a"], "month": ["2025-1"], "mrr": [1.0]})
    assert table.data["month"].to_pylist() == [dt.date(2025, 1, 1)]


def test_formulas_that_were_never_computed_are_counted(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "subscriptions"
    day = dt.date(2025, 1, 1)
    for row in (
        ("subscription_id", "customer_id", "start", "end", "amount", "interval"),
        ("s1", "a", day, "=DATE(2025,2,1)", 10, "month"),
        ("s2", "b", day, "=C3+31", 10, "month"),
        ("s3", "c", day, None, 10, "month"),
    ):
        sheet.append(row)
    workbook.save(tmp_path / "export.xlsx")
    found = [p.rule for p in sm.read(tmp_path).check().extra["problems"]]
    told = "2 cells hold formulas without values, read as empty; open and save the file in Excel"
    assert told in found
