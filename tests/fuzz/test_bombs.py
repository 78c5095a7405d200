"""Files that would fill the memory, hang, run something or leave the folder: refused or harmless."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

HEAD = "subscription_id,customer_id,start,amount,interval\n"
ROW = "1,a,2026-01-05,10,month\n"


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is(tmp_path: Path) -> None:
    place = tmp_path / "subscriptions.xlsx"
    with (
        zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as parts,
        parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(160):
            sheet.write(b"0" * 2**20)
    assert place.stat().st_size < 2**20
    with pytest.raises(DataError, match=r"unpacks to 160 MB, .* times its size"):
        sm.read(tmp_path)


def test_a_packed_text_that_unpacks_to_gigabytes_is_refused_before_it_is(tmp_path: Path) -> None:
    place = tmp_path / "subscriptions.csv.gz"
    with gzip.open(place, "wb", compresslevel=1) as stream:
        for _ in range(136):
            stream.write(b"1," * 2**19)
    assert place.stat().st_size < 2**20
    with pytest.raises(DataError, match=r"unpacks to more than 200 times its size"):
        sm.read(tmp_path)


def test_a_parquet_file_that_repeats_a_value_billions_of_times_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "subscriptions.parquet"
    many = pa.table({"customer_id": pa.nulls(40_000_000, pa.int8())})
    with pq.ParquetWriter(place, many.schema) as out:
        for _ in range(15):
            out.write_table(many, row_group_size=40_000_000)
    assert place.stat().st_size < 2**21
    with pytest.raises(DataError, match=r"has 600,000,000 rows in .* bytes"):
        sm.read(tmp_path)


def workbook(place: Path, **parts: str) -> None:
    """A workbook of one row of subscriptions in which some parts are other ones."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (HEAD, ROW):
        sheet.append(line.strip().split(","))
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            key = Path(name).stem
            new.writestr(name, parts.get(key, "") or old.read(name))
        for name, text in parts.items():
            if "/" in name:
                new.writestr(name, text)


def sheet(rows: str) -> str:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>'


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_sheet_that_claims_to_be_as_large_as_can_be_is_read_in_no_time(tmp_path: Path) -> None:
    head = "".join(
        cell(f"{c}1", name) for c, name in zip("ABCDE", HEAD.strip().split(","), strict=True)
    )
    row = "".join(
        cell(f"{c}2", text) for c, text in zip("ABCDE", ROW.strip().split(","), strict=True)
    )
    rows = f'<row r="1">{head}</row><row r="2">{row}</row><row r="1048576">{cell("A1048576", "")}</row>'
    workbook(tmp_path / "subscriptions.xlsx", sheet1=sheet(rows))
    began = time.process_time()
    assert sm.read(tmp_path, as_of="2026-01-31").tables["subscriptions"].num_rows == 1
    assert time.process_time() - began < 20


def test_rows_that_each_claim_all_columns_are_refused(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}">{cell(f"XFD{n}", "x")}</row>' for n in range(1, 4000))
    workbook(tmp_path / "subscriptions.xlsx", sheet1=sheet(rows))
    with pytest.raises(DataError, match="holds more than 50,000,000 cells"):
        sm.read(tmp_path)


def test_entities_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    names = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{names}]>' + sheet(
        f'<row r="1">{cell("A1", "&l9;")}</row>'
    )
    workbook(tmp_path / "subscriptions.xlsx", sheet1=bomb)
    with pytest.raises(DataError, match="is not a readable XLSX file"):
        sm.read(tmp_path)


def test_a_file_outside_that_an_entity_names_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    outside = f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{tmp_path}/secret.txt">]>'
    workbook(
        tmp_path / "subscriptions.xlsx",
        sheet1=outside + sheet(f'<row r="1">{cell("A1", "&s;")}</row>'),
    )
    with pytest.raises(DataError) as refused:
        sm.read(tmp_path / "subscriptions.xlsx")
    assert "secret" not in str(refused.value).replace("secret.txt", "")


def test_a_sheet_that_is_no_xml_is_refused_without_a_traceback(tmp_path: Path) -> None:
    workbook(tmp_path / "subscriptions.xlsx", sheet1=sheet("<row><c>")[:-40])
    with pytest.raises(DataError, match="is not a readable XLSX file"):
        sm.read(tmp_path)


def test_names_inside_a_workbook_never_leave_the_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}_evil.csv"
    workbook(inner / "subscriptions.xlsx", **{"../evil.csv": "x", str(outside): "x"})
    assert sm.read(inner, as_of="2026-01-31").tables["subscriptions"].num_rows == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inner", "subscriptions.xlsx"]
    assert not outside.exists()


def test_the_name_inside_a_packed_text_is_not_used(tmp_path: Path) -> None:
    with (
        (tmp_path / "subscriptions.csv.gz").open("wb") as raw,
        gzip.GzipFile("../evil.csv", "wb", fileobj=raw) as out,
    ):
        out.write((HEAD + ROW).encode())
    assert sm.read(tmp_path, as_of="2026-01-31").tables["subscriptions"].num_rows == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["subscriptions.csv.gz"]


def test_formulas_in_cells_are_text_and_nothing_runs(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    evil = f"=cmd|'/c touch {marker}'!A1"
    (tmp_path / "subscriptions.csv").write_text(HEAD + ROW.replace("a", evil))
    book = sm.read(tmp_path, as_of="2026-01-31")
    assert book.frame("subscriptions")["customer_id"].tolist() == [evil]
    assert not marker.exists()


def test_a_quote_that_is_never_closed_is_refused_and_nothing_hangs(tmp_path: Path) -> None:
    (tmp_path / "subscriptions.csv").write_text(HEAD + '1,"' + "a,\n" * 6_000_000)
    with pytest.raises(DataError, match="is not a readable CSV file"):
        sm.read(tmp_path)


@pytest.mark.slow
def test_five_thousand_columns_are_read_table_or_export(tmp_path: Path) -> None:
    extra = [f"Extra {n}" for n in range(5_000)]
    own, raw = tmp_path / "own", tmp_path / "raw"
    for folder in (own, raw):
        folder.mkdir()
    cells = ",".join(["x"] * len(extra))
    (own / "mrr.csv").write_text(f"customer_id,month,mrr,{','.join(extra)}\na,2026-01,5,{cells}\n")
    head = f"Invoice Number,Customer,Invoice Date,Description,Net,{','.join(extra)}"
    (raw / "list.csv").write_text(f"{head}\n1,a,2026-01-05,Pro,5,{cells}\n")
    began = time.process_time()
    for folder in (own, raw):
        assert sm.revenue.mrr(sm.read(folder, as_of="2026-01-31")).df["value"].tolist() == [5.0]
    assert time.process_time() - began < 20


@pytest.mark.slow
def test_two_million_rows_with_decimal_commas_are_read_in_bounded_memory(tmp_path: Path) -> None:
    import resource

    customers, months = 50_000, 40
    place = tmp_path / "mrr.csv"
    with place.open("w") as out:
        out.write("Customer ID;Month;MRR\n")
        for month in range(months):
            day = f"{2020 + month // 12}-{month % 12 + 1:02d}-01"
            out.write(
                "".join(f"c{n};{day};{'1.234,50' if n % 2 else '12,5'}\n" for n in range(customers))
            )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    book = sm.read(tmp_path)
    # 25,000 customers at 1,234.50 and as many at 12.50.
    assert sm.revenue.mrr(book).df["value"].tolist() == [31_175_000.0] * months
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**10
    assert grown < 1_500
