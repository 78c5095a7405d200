"""Tables in several files, one per period."""

from __future__ import annotations

from pathlib import Path

import pytest

from saasmetrics.errors import DataError
from saasmetrics.tables import read_folder
from saasmetrics.tables.parts import in_order

SEPTEMBER = "customer_id,month,mrr\na,2026-09,10\nb,2026-09,20\n"
OCTOBER = "customer_id,month,mrr\na,2026-10,12\nc,2026-10,-5\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_files_of_several_months_are_one_table(tmp_path: Path) -> None:
    files = {"mrr-2026-10.csv": OCTOBER, "mrr-2026-09.csv": SEPTEMBER}
    table = read_folder(write(tmp_path, files))["mrr"]
    assert table.data["mrr"].to_pylist() == [10.0, 20.0, 12.0, -5.0]
    assert table.notes[0] == "read from 2 files, mrr-2026-09.csv to mrr-2026-10.csv"


@pytest.mark.parametrize(
    "stems",
    [
        ["mrr-2026-09", "mrr-2026-10"],
        ["mrr_sep_2026", "mrr_oct_2026"],
        ["acme mrr 202609", "acme mrr 202610"],
        ["mrr_q4_2025", "mrr_q1_2026"],
        ["mrr_2025", "mrr_2026"],
    ],
)
def test_months_quarters_and_years_in_names_order_the_files(stems: list[str]) -> None:
    assert in_order("mrr", stems[::-1]) == [1, 0]


@pytest.mark.parametrize(
    ("table", "stems"),
    [
        ("mrr", ["mrr", "mrr-2026-10"]),
        ("mrr", ["mrr_v1", "mrr_v2"]),
        ("mrr", ["mrr-2026", "mrr-2026-10"]),
        ("mrr", ["acme_mrr-2026-09", "zeta_mrr-2026-10"]),
        ("mrr", ["mrr-2026-09-30", "mrr-2026-10-31"]),
        ("customers", ["customers-2026-09", "customers-2026-10"]),
    ],
    ids=["undated", "versions", "two kinds", "two names", "days of exports", "rows without dates"],
)
def test_other_names_are_no_parts_of_one_table(table: str, stems: list[str]) -> None:
    assert in_order(table, stems) is None


def test_exports_of_everything_made_every_month_are_refused(tmp_path: Path) -> None:
    both = SEPTEMBER + "a,2026-10,12\n"
    files = {"mrr-2026-09.csv": SEPTEMBER, "mrr-2026-10.csv": both}
    with pytest.raises(DataError, match="folder named by that day"):
        read_folder(write(tmp_path, files))


def test_a_row_is_found_in_its_own_file(tmp_path: Path) -> None:
    files = {"mrr-2026-09.csv": SEPTEMBER, "mrr-2026-10.csv": OCTOBER}
    table = read_folder(write(tmp_path, files))["mrr"]
    assert table.place("mrr", [3]) == "mrr-2026-10.csv, column 'mrr', row 3"
    assert table.place("mrr", [0, 3]).startswith("mrr-2026-09.csv, column 'mrr', row 2; ")


def test_a_column_of_later_files_is_missing_in_the_earlier_ones_and_said(tmp_path: Path) -> None:
    later = OCTOBER.replace("mrr\n", "mrr,plan\n").replace("12\n", "12,pro\n")
    later = later.replace("-5\n", "5,pro\n")
    files = {"mrr-2026-09.csv": SEPTEMBER, "mrr-2026-10.csv": later}
    table = read_folder(write(tmp_path, files))["mrr"]
    assert table.data["plan"].to_pylist() == [None, None, "pro", "pro"]
    assert "there is no plan: it is missing (mrr-2026-09.csv)" in table.notes


def test_ids_are_text_where_those_of_one_file_are(tmp_path: Path) -> None:
    files = {
        "mrr-2026-09.csv": "customer_id,month,mrr\n7,2026-09,1\n",
        "mrr-2026-10.csv": "customer_id,month,mrr\nx,2026-10,1\n",
    }
    assert read_folder(write(tmp_path, files))["mrr"].data["customer_id"].to_pylist() == ["7", "x"]


def test_row_numbers_that_stand_for_ids_run_on(tmp_path: Path) -> None:
    line = "customer_id,date,amount\na,2026-{}-05,9\nb,2026-{}-06,9\n"
    files = {f"invoices-2026-{m}.csv": line.replace("{}", m) for m in ("09", "10")}
    table = read_folder(write(tmp_path, files))["invoices"]
    assert table.data["invoice_id"].to_pylist() == [1, 2, 3, 4]


def test_files_with_and_without_ids_are_refused(tmp_path: Path) -> None:
    files = {
        "invoices-2026-09.csv": "customer_id,date,amount\na,2026-09-05,9\n",
        "invoices-2026-10.csv": "invoice_id,customer_id,date,amount\ni9,a,2026-10-05,9\n",
    }
    with pytest.raises(DataError, match=r"invoices-2026-09\.csv has no invoice_id"):
        read_folder(write(tmp_path, files))
