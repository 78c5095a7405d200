"""Credit notes in a file of their own, and numbers of invoices that they write in another way."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.importers.imported import Imported
from tests.importers.exports import imported, mrr
from tests.importers.test_credit_notes import ledger

BILLS = "{}|{}|{}|{}\nRE-1|Ada|2026-01-05|90\nRE-2|Ada|2026-02-05|90\nRE-3|Ada|2026-03-05|90"
GERMAN = BILLS.format("Nummer", "Kunde", "Datum", "Netto")


def beside(place: Path, notes: str, name: str = "Gutschriften", bills: str = GERMAN) -> Imported:
    return imported(place, **{"Rechnungen": bills, name: notes})


@pytest.mark.parametrize(
    ("invoices", "notes", "head"),
    [
        ("Rechnungen 2026", "Gutschriften", "Nummer|Kunde|Datum|Netto|Rechnung"),
        ("Ausgangsrechnungen", "Rechnungskorrekturen", "Nr.|Kunde|Datum|Netto|Rechnungsnummer"),
        ("factures", "avoirs_2026", "Numéro|Client|Date|Montant HT|Facture"),
        ("Factures", "Factures d'avoir", "N°|Client|Date|Montant HT|N° facture"),
        ("Facturas", "Abonos", "Número|Cliente|Fecha|Base imponible|Factura"),
        ("Facturas", "Facturas rectificativas", "Nº|Cliente|Fecha|Base imponible|Nº factura"),
        ("Facturen", "Creditnota's", "Nummer|Klant|Datum|Netto|Factuur"),
        ("Fatture", "Note di credito", "Numero|Cliente|Data|Imponibile|Fattura"),
        ("Faturas", "Notas de crédito", "Número|Cliente|Data|Valor líquido|Fatura"),
        ("Invoices", "Credit Notes", "Number|Customer|Date|Net|Invoice"),
        ("acme_invoices", "Credit memos 2026-03", "No.|Customer|Date|Net|Invoice Number"),
        ("請求書", "赤伝", "番号|顧客名|日付|税抜|請求書番号"),
    ],
    ids=[*"abcdefghijkl"],
)
def test_a_file_that_is_called_like_credit_notes_takes_from_the_invoices_beside_it(
    tmp_path: Path, invoices: str, notes: str, head: str
) -> None:
    bills = BILLS.format(*head.split("|")[:4])
    found = imported(tmp_path, **{invoices: bills, notes: f"{head}\nG-1|Ada|2026-03-09|90|RE-3"})
    assert mrr(found, "2026-03-31") == [90, 90, 0]
    assert "(G-1 for RE-3)" in str(found)


def test_tables_are_read_of_both_files(tmp_path: Path) -> None:
    bills = BILLS.format("Number", "Customer", "Date", "Net")
    notes = "Number|Customer|Date|Net|Invoice\nG-1|Ada|2026-03-09|90|RE-3"
    imported(tmp_path, **{"Invoices": bills, "Credit Notes": notes})
    assert sm.revenue.mrr(sm.read(tmp_path, as_of="2026-03-31", currency="USD")).value == 0


def test_invoices_alone_are_the_table_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text("id,customer,date,net_amount\n1,a,2026-01-31,5\n")
    book = sm.read(tmp_path, as_of="2026-01-31")
    assert not any("made from" in note for note in book.tables["invoices"].notes)


def test_credit_notes_without_a_number_of_their_own_name_the_invoice_by_its(tmp_path: Path) -> None:
    found = beside(tmp_path, "Rechnungsnummer|Kunde|Datum|Netto\nRE-2|Ada|2026-03-09|30")
    assert mrr(found, "2026-03-31") == [90, 60, 90]
    assert "'Rechnungsnummer' names the invoices that are credited" in str(found)


def test_credit_notes_that_the_invoices_have_too_count_once(tmp_path: Path) -> None:
    found = beside(
        tmp_path,
        "Nummer|Kunde|Datum|Netto|Rechnung\nG-1|Ada|2026-03-09|90|RE-2",
        bills=f"{GERMAN}\nG-1|Ada|2026-03-09|-90",
    )
    assert "1 row that Rechnungen.csv has too (G-1)" in str(found)
    assert found.tables["invoices"]["amount"].tolist() == [90, 90, 90, -90]


def test_credit_notes_have_the_customers_and_the_currency_of_the_invoices(tmp_path: Path) -> None:
    bills = "Nummer|Kundennr|Kunde|Datum|Netto (EUR)\nRE-1|K1|Ada|2026-01-05|90\nRE-2|K2|Bob|2026-01-05|50"
    notes = "Nummer|Kunde|Datum|Netto|Rechnung\nG-1|Ada|2026-01-09|-90|RE-1\nG-2|Eve|2026-01-09|-5|"
    found = beside(tmp_path, notes, bills=bills)
    lines = found.tables["invoices"]
    assert lines["customer_id"].tolist() == ["K1", "K2", "K1", "Eve"]
    assert set(lines["currency"]) == {"EUR"}
    assert "1 row of Gutschriften.csv is of a customer whose name Rechnungen.csv" in str(found)


def test_a_file_of_invoices_and_credit_notes_is_one_of_invoices(tmp_path: Path) -> None:
    rows = f"{GERMAN}\nG-1|Ada|2026-03-09|-90"
    found = imported(tmp_path, **{"Rechnungen und Gutschriften": rows})
    assert mrr(found, "2026-03-31") == [90, 90, 0]


@pytest.mark.parametrize("written", ["a-2", " A-2 ", "#A-2", "A - 2", "A-002", "A–2", "A 2", "a/2"])
def test_an_invoice_is_found_however_its_number_is_written_and_it_is_said(
    tmp_path: Path, written: str
) -> None:
    found = ledger(tmp_path, "Bezug", f"N-1|Ada|2026-05-20|30|||Gutschrift|{written}")
    assert mrr(found, "2026-05-31") == [90, 60, 90, 90, 90]
    said = f"names an invoice in another spelling ({written.strip()} for A-2)"
    assert (said in str(found)) == (written.strip() != "A-2")


def test_a_number_that_may_be_one_of_two_invoices_is_none_of_them(tmp_path: Path) -> None:
    two = ("a-2|Ada|2026-02-01|10|2026-02-01|2026-02-28|Invoice|",)
    found = ledger(tmp_path, "Bezug", *two, "N-1|Ada|2026-05-20|30|||Gutschrift|A-02")
    assert "names an invoice that is not there (N-1 names A-02)" in str(found)
    assert mrr(found, "2026-05-31") == [90, 100, 90, 90, 60]


def test_of_two_invoices_whose_numbers_are_alike_the_customers_own_is_meant(tmp_path: Path) -> None:
    two = ("a-2|Bob|2026-02-01|10|2026-02-01|2026-02-28|Invoice|",)
    found = ledger(tmp_path, "Bezug", *two, "N-1|Ada|2026-05-20|30|||Gutschrift|A-02")
    assert mrr(found, "2026-05-31") == [90, 70, 90, 90, 90]
