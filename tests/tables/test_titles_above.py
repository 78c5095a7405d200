"""Sheets of workbooks, and text files, that have titles above the names of their columns."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import saasmetrics as sm
from saasmetrics.cli import DONE, main
from saasmetrics.errors import DataError

LIST = ("Rechnungsnummer", "Kunde", "Datum", "Text", "Netto", "Leistung von", "Leistung bis")
TERMS = ("Subscription ID", "Customer", "Start", "Amount", "Interval")


def workbook(place: Path, sheet: str, *rows: tuple[Any, ...]) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(place / f"{sheet}.xlsx")
    return place


def bill(month: int, last: int) -> tuple[Any, ...]:
    first = dt.date(2026, month, 1)
    return f"RE-{month}", "Ada", first, "Abo", 100, first, dt.date(2026, month, last)


@pytest.mark.parametrize("bills", [[bill(1, 31)], [bill(1, 31), bill(2, 28)]], ids=["one", "two"])
def test_an_invoice_list_below_titles_is_read_with_their_currency(
    tmp_path: Path, bills: list[tuple[Any, ...]]
) -> None:
    above = [("Acme GmbH",), ("Alle Beträge in EUR", "Stand 2026"), ()]
    total = ("Summe", None, None, None, 100 * len(bills))
    workbook(tmp_path, "Rechnungen", *above, LIST, *bills, total)
    book = sm.read(tmp_path, as_of="2026-01-31")
    assert (book.currency, sm.revenue.mrr(book).value) == ("EUR", 100.0)
    assert "2 rows above the header left aside ('Acme GmbH')" in " ".join(
        book.tables["invoices"].notes
    )


@pytest.mark.parametrize("ends", ["", ";;;;;;"], ids=["bare", "padded"])
@pytest.mark.parametrize("code", ["cp1252", "utf-8", "utf-8-sig"])
def test_an_invoice_list_of_a_text_file_below_titles_is_that_of_the_sheet(
    tmp_path: Path, ends: str, code: str
) -> None:
    lines = [
        *(f"{title}{ends}" for title in ("Acme GmbH", "Alle Beträge in EUR", "")),
        ";".join(LIST),
        "RE-1;Ada;01.01.2026;Abo;1.100,00;01.01.2026;31.01.2026",
        "RE-2;Bob;01.01.2026;Abo;2.200,50;01.01.2026;31.01.2026",
        "Summe;;;;3.300,50;;",
    ]
    (tmp_path / "Rechnungen.csv").write_text("\n".join(lines), encoding=code)
    book = sm.read(tmp_path, as_of="2026-01-31")
    assert (book.currency, sm.revenue.mrr(book).value) == ("EUR", 3300.5)
    notes = " ".join(book.tables["invoices"].notes)
    assert "2 rows above the header left aside ('Acme GmbH')" in notes
    assert ("read as Windows-1252" in notes) == (code == "cp1252")


def test_a_table_below_titles_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = ("s1", "a", dt.date(2026, 1, 1), 100, "month")
    workbook(tmp_path, "Subscriptions", ("Acme Inc.",), (), TERMS, row)
    assert sm.revenue.mrr(sm.read(tmp_path, as_of="2026-01-31")).value == 100.0
    assert main(["import", str(tmp_path)]) == DONE
    assert "which need no import: subscriptions 1 row" in capsys.readouterr().out


def test_titles_of_thousands_are_refused(tmp_path: Path) -> None:
    workbook(tmp_path, "Rechnungen", ("Angaben in TEUR",), LIST, bill(1, 31))
    with pytest.raises(DataError, match="amounts are in thousands, as 'Angaben in TEUR' says"):
        sm.read(tmp_path)


def test_rows_that_are_no_titles_stay_and_are_refused(tmp_path: Path) -> None:
    row = ("s1", "a", dt.date(2026, 1, 1), 100, "month")
    workbook(tmp_path, "Subscriptions", ("a", "b"), row, row)  # no header anywhere
    with pytest.raises(DataError, match="The first row must be the header"):
        sm.read(tmp_path)
