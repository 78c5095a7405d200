"""Invoices of any system, in several languages: tax, credits, one-off lines; what can be two things is asked."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import saasmetrics as sm
from saasmetrics.cli import main
from saasmetrics.errors import DataError
from tests.importers.exports import folder, imported, mrr

LIST = """
Invoice Number|Customer ID|Customer|Invoice Date|Description|Net Amount|Tax Amount|Gross Amount|Service Start|Service End|Currency|Document Type|Status
I-1|c1|Ada|2026-01-05|Pro plan, 10 seats|1200.00|240.00|1440.00|2026-01-01|2026-12-31|USD|Invoice|Paid
I-1|c1|Ada|2026-01-05|Onboarding workshop|500.00|100.00|600.00|||USD|Invoice|Paid
I-2|c2|Bob|2026-01-10|Team plan|90.00|18.00|108.00|2026-01-01|2026-01-31|USD|Invoice|Paid
I-3|c2|Bob|2026-02-10|Team plan|90.00|18.00|108.00|2026-02-01|2026-02-28|USD|Invoice|Paid
I-4|c2|Bob|2026-02-12|Team plan, 5 seats fewer|30.00|6.00|36.00|2026-02-01|2026-02-28|USD|Credit Note|Paid
I-5|c2|Bob|2026-03-10|Team plan|60.00|12.00|72.00|2026-03-01|2026-03-31|USD|Invoice|Draft
I-6|c3|Cy|2026-02-01|Overage: calls|45.00|9.00|54.00|2026-02-01|2026-02-28|USD|Invoice|Open
|||2026-03-31|Total|2015.00|403.00|2418.00|||||
"""  # noqa: E501


def test_lines_give_the_mrr_and_the_bridge_made_by_hand(tmp_path: Path) -> None:
    found = imported(tmp_path, anything=LIST)
    # c1: 1200 for the year is 100 a month; c2: 90 in January, 90 - 30 in February, gone in March (a draft is none).
    # The workshop is charged once and the overage by use.
    assert mrr(found, "2026-03-31") == [190.0, 160.0, 100.0]
    book = sm.Book(**found.tables, as_of="2026-03-31", currency="USD")
    bridge = sm.revenue.bridge(book).df.set_index("period").round(2)
    assert bridge["contraction"].tolist() == [0.0, -30.0, 0.0]
    assert bridge["churn"].tolist() == [0.0, 0.0, -60.0]
    nrr = sm.retention.nrr(book, window=2).df.set_index("period")["value"]
    assert nrr["2026-03-01"] == pytest.approx(100 / 190)


def test_what_is_left_out_or_decided_is_said(tmp_path: Path) -> None:
    found = imported(tmp_path, anything=LIST)
    for words in (
        "1 row that was not issued (I-5)",
        "1 row without an invoice number",
        "1 line of credit notes in anything.csv with a positive amount is taken off",
    ):
        assert words in str(found)
    rows = found.tables["invoices"].set_index("invoice_id")
    assert rows.index.tolist() == ["I-1/1", "I-1/2", "I-2", "I-3", "I-4", "I-6"]
    assert rows["kind"].tolist() == [
        "recurring",
        "one_time",
        "recurring",
        "recurring",
        "credit",
        "usage",
    ]
    assert found.tables["customers"]["name"].tolist() == ["Ada", "Bob", "Cy"]


LANGUAGES = {
    "german": "Rechnungs-Nr.;Kunde;Rechnungsdatum;Bezeichnung;Netto;MwSt;Brutto;Leistung von;Leistung bis;Währung",
    "french": "N° facture;Client;Date de facture;Désignation;Montant HT;TVA;Montant TTC;Période du;Période au;Devise",
    "spanish": "Número de factura;Cliente;Fecha;Concepto;Base imponible;IVA;Importe total;Desde;Hasta;Moneda",
    "dutch": "Factuurnummer;Klant;Factuurdatum;Omschrijving;Bedrag excl. BTW;BTW;Bedrag incl. BTW;"
    "Periode van;Periode tot;Valuta",
    "italian": "Numero fattura;Cliente;Data fattura;Descrizione;Imponibile;IVA;Totale;Dal;Al;Valuta",
    "portuguese": "Número da fatura;Cliente;Data da fatura;Descrição;Valor líquido;Imposto;Valor total;"
    "Período de;Período até;Moeda",
    "japanese": "請求書番号;顧客名;請求日;品目;税抜金額;消費税;税込金額;利用開始日;利用終了日;通貨",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["utf-8", "utf-16"])
def test_columns_are_recognized_in_other_languages(
    tmp_path: Path, language: str, code: str
) -> None:
    row = "R1;Zoë;05.01.2026;Pro;1.200,00;240,00;1.440,00;01.01.2026;31.12.2026;EUR"
    (tmp_path / "export.csv").write_text(f"{LANGUAGES[language]}\n{row}\n", encoding=code)
    found = sm.importers.import_folder(tmp_path)
    assert found.systems == ["Invoice list"]
    book = sm.Book(**found.tables, as_of="2026-02-28", currency="EUR")
    assert sm.revenue.mrr(book).df["value"].tolist() == [100.0, 100.0]


def test_a_workbook_is_read_like_a_file(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for line in LIST.strip().splitlines()[:4]:
        sheet.append(line.split("|"))
    workbook.save(tmp_path / "list.xlsx")
    assert mrr(sm.importers.import_folder(tmp_path), "2026-01-31") == [190.0]


HEAD = "Invoice Number|Customer|Invoice Date|Description"


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        ("Amount|Tax", "100|20", "whether 'Amount' includes tax is not said"),
        ("Gross Amount", "120", "whether 'Gross Amount' includes tax is not said"),
        ("Quantity", "3", "has no column of amounts"),
        ("Netto (TEUR)", "3", r"thousands, as 'Netto \(TEUR\)' says. Write them in full"),
        ("Net EUR/USD", "3", "EUR or USD, as 'Net EUR/USD' says. Write the currency"),
        ("Net EUR|Net USD", "3|4", "'Net EUR' or 'Net USD' may be it"),
        ("Nettosumme", "3", "no column of amounts. 'Nettosumme' may be it"),
        ("Net Amount|Tax|Gross Amount", "100|20|130", r"are not 'Gross Amount' in 1 row \(row 2\)"),
    ],
)
def test_amounts_that_may_hold_tax_are_asked_about(
    tmp_path: Path, columns: str, cells: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        imported(tmp_path, list=f"{HEAD}|{columns}\nI-1|Ada|2026-01-05|Pro|{cells}")


def test_gross_amounts_count_without_their_tax(tmp_path: Path) -> None:
    found = imported(tmp_path, list=f"{HEAD}|Gross Amount|Tax\nI-1|Ada|2026-01-05|Pro|120|20")
    assert found.tables["invoices"]["amount"].tolist() == [100.0]


@pytest.mark.parametrize("tax", ["MwSt", "MwSt.", "USt", "USt-Betrag", "Mehrwertsteuer"])
def test_german_tax_is_taken_off_gross_amounts_however_it_is_written(
    tmp_path: Path, tax: str
) -> None:
    found = imported(tmp_path, list=f"{HEAD}|Bruttobetrag|{tax}\nI-1|Ada|2026-01-05|Pro|119|19")
    assert found.tables["invoices"]["amount"].tolist() == [100.0]


def test_a_period_in_the_description_is_the_service(tmp_path: Path) -> None:
    rows = (
        f"{HEAD}|Net\nI-1|Ada|2026-01-05|Pro 2026-01-01 - 2026-03-31|300\nI-2|Ada|2026-01-05|Box|50"
    )
    found = imported(tmp_path, list=rows)
    assert mrr(found, "2026-04-30") == [100.0, 100.0, 100.0, 0.0]
    assert "without a period of service counts as charged once ('Box')" in str(found)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Service Period", ("2026-01-01 - 2026-12-31", "2026-01-01 - 2026-01-31")),
        ("Leistungszeitraum", ("01.01.2026 bis 31.12.2026", "Januar 2026")),
        ("利用期間", ("2026/01/01~2026/12/31", "2026年1月")),
    ],
)
def test_a_period_in_one_column_is_the_service(
    tmp_path: Path, column: str, cells: tuple[str, str]
) -> None:
    year, month = cells
    rows = f"I-1|Ada|2026-01-01|Pro|1200|{year}\nI-2|Bob|2026-01-01|Pro|100|{month}\nI-3|Ada|2026-02-01|Box|500|"
    found = imported(tmp_path, list=f"{HEAD}|Net|{column}\n{rows}")
    assert mrr(found, "2026-02-28") == [200.0, 100.0]
    assert "1 line of list.csv without a period of service counts as charged once" in str(found)


def test_a_period_that_is_none_is_named(tmp_path: Path) -> None:
    rows = f"{HEAD}|Net|Service Period\nI-1|Ada|2026-01-01|Pro|1200|a year"
    with pytest.raises(
        DataError, match=r"'Service Period' \(period\), row 2: 'a year' is no period"
    ):
        imported(tmp_path, list=rows)


@pytest.mark.parametrize("number", ["Beleg", "Belegnummer", "Beleg-Nr."])
def test_the_text_of_a_german_line_says_what_it_is(tmp_path: Path, number: str) -> None:
    rows = f"{number}|Kunde|Datum|Text|Netto\nR-1|Ada|15.01.2026|Lizenz|100\nR-2|Ada|16.01.2026|Schulung|500"
    found = imported(tmp_path, list=rows)
    assert found.tables["invoices"]["kind"].tolist() == ["recurring", "one_time"]
    assert mrr(found, "2026-01-31") == [100.0]


def test_a_list_with_a_total_and_a_memo_is_one_of_invoices(tmp_path: Path) -> None:
    rows = "Invoice Number|Customer|Invoice Date|Total|Memo\n1|Ada|2026-01-03|100|Monthly plan"
    assert mrr(imported(tmp_path, list=rows), "2026-01-31") == [100.0]


def test_without_any_period_a_line_recurs_in_the_month_of_its_date_and_it_is_said(
    tmp_path: Path,
) -> None:
    rows = f"{HEAD}|Net\nI-1|Ada|2026-01-05|Pro|100\nI-2|Ada|2026-02-05|Pro|100\nI-3|Ada|2026-02-05|Setup fee|70"
    found = imported(tmp_path, list=rows)
    assert mrr(found, "2026-02-28") == [100.0, 100.0]
    assert "2 lines of list.csv without a period of service count as recurring, for the month" in (
        str(found)
    )


def test_lines_of_tax_and_discount_are_told_by_their_words_and_sign(tmp_path: Path) -> None:
    rows = "\n".join(
        f"I-1|Ada|2026-01-05|{text}|{net}"
        for text, net in (
            ("Pro plan (10% discount)", 100), ("VAT 20%", 20), ("Discount", -10), ("Pro incl. VAT", 5), ("Ivana", 7),
        )
    )  # fmt: skip
    kinds = imported(tmp_path, list=f"{HEAD}|Net\n{rows}").tables["invoices"]["kind"]
    assert kinds.tolist() == ["recurring", "tax", "discount", "recurring", "recurring"]


def test_lines_of_several_currencies_keep_theirs(tmp_path: Path) -> None:
    rows = f"{HEAD}|Net|Currency\nI-1|Ada|2026-01-05|Pro|100|usd\nI-2|Bob|2026-01-05|Pro|90|EUR"
    assert imported(tmp_path, list=rows).tables["invoices"]["currency"].tolist() == ["USD", "EUR"]


def test_a_list_with_the_names_of_our_own_columns_is_the_table_that_it_says(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(
        "invoice_id,customer_id,date,amount\n1,a,2026-01-05,10\n"
    )
    book = sm.read(tmp_path, as_of="2026-01-31")
    assert book.tables["invoices"].notes[0].startswith("read from")


MONTHS = [f"I-{m}|Ada|2026-{m:02}-05|Pro|90|Invoice|" for m in range(1, 6)]
NOTE = "C-1|Ada|2026-03-20|Pro|90|Credit Note|"
SETUP = "S-1|Ada|2026-02-01|Setup fee|500|Invoice|"

# By hand: MRR of January to May, what is said, and MRR where refunds count.
CREDITED = {
    "a month free": ([*MONTHS, NOTE], [90] * 5, "gives a month free", [90, 90, 0, 90, 90]),
    "named, and the customer leaves": (
        [*MONTHS[:3], NOTE.replace("03-20", "04-02") + "I-3"],
        [90, 90, 0, 0, 0],
        "cancels a whole invoice, which counts as if it never was (C-1 for I-3)",
        [90, 90, 0, 0, 0],
    ),
    "billed again": (
        [*MONTHS, NOTE, "I-9|Ada|2026-03-21|Pro|60|Invoice|"],
        [90, 90, 60, 90, 90],
        "cancels a whole invoice",
        [90, 90, 60, 90, 90],
    ),
    "of what is charged once": (
        [*MONTHS, SETUP, NOTE.replace("|90|", "|500|")],
        [90] * 5,
        "cancels a whole invoice",
        [90] * 5,
    ),
    "of a part": ([*MONTHS, NOTE.replace("|90|", "|30|")], [90, 90, 60, 90, 90], "", None),
}


@pytest.mark.parametrize("case", CREDITED)
def test_a_whole_credit_note_is_no_churn_but_of_what_it_cancels(tmp_path: Path, case: str) -> None:
    lines, wanted, said, counted = CREDITED[case]
    head = f"{HEAD}|Net|Document Type|Original Invoice"
    found = imported(tmp_path, list="\n".join([head, *lines]))
    assert said in str(found)
    assert ("credit note " in str(found)) == bool(said)
    book = sm.Book(**found.tables, as_of="2026-05-31", currency="USD")
    assert sm.revenue.bridge(book).df["closing"].tolist() == wanted
    if counted:
        other = book.with_policy(refunds="counted")
        assert sm.revenue.bridge(other).df["closing"].tolist() == counted


@pytest.mark.parametrize(
    ("column", "cell", "currency"),
    [
        ("Nettobetrag (EUR)", "1.200,00", "EUR"),
        ("Netto in CHF", "1.200,00", "CHF"),
        ("Nettobetrag €", "1.200,00", "EUR"),
        ("Nettobetrag", "1.200,00 €", "EUR"),
        ("Netto", "£1,200.00", "GBP"),
    ],
)
def test_the_currency_in_a_header_or_beside_amounts_is_that_of_the_lines(
    tmp_path: Path, column: str, cell: str, currency: str
) -> None:
    found = imported(tmp_path, list=f"{HEAD}|{column}\nI-1|Ada|2026-01-05|Pro|{cell}")
    lines = found.tables["invoices"]
    assert lines[["amount", "currency"]].to_numpy().tolist() == [[1200.0, currency]]
    assert f"list.csv: amounts are in {currency}, as {column!r} says" in str(found)
    assert sm.Book(**found.tables).currency == currency


def test_amounts_in_two_currencies_need_a_column_that_says_which(tmp_path: Path) -> None:
    rows = f"{HEAD}|Net (EUR)|Tax (USD)\nI-1|Ada|2026-01-05|Pro|100|20"
    with pytest.raises(DataError, match=r"in several currencies, EUR in 'Net \(EUR\)' and USD in"):
        imported(tmp_path, list=rows)


def test_a_currency_that_nobody_names_is_said_to_be_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, list=f"{HEAD}|Net ($)\nI-1|Ada|2026-01-05|Pro|100")
    assumed = "no table names a currency, so amounts count as USD; say another: "
    main(["check", str(tmp_path)])
    assert f"{assumed}--currency EUR" in capsys.readouterr().out
    told, silent = (
        sm.read(tmp_path, currency=code).check().df["finding"] for code in (None, "USD")
    )
    assert f'{assumed}sm.read(..., currency="EUR")' in " ".join(told)
    assert assumed not in " ".join(silent)
