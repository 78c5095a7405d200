"""Credit notes: whatever they are called, they are taken off, and from the invoice that they name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.importers import import_folder
from saasmetrics.importers.imported import Imported
from tests.importers.exports import imported, mrr

HEAD = "Invoice Number|Customer|Invoice Date|Net|Service Start|Service End|Document Type"
LAST = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31}


def invoice(month: int, customer: str = "Ada", amount: int = 90) -> str:
    """One invoice of a month, which has its number."""
    span = f"2026-{month:02}-01|2026-{month:02}-{LAST[month]}"
    return f"{customer[0]}-{month}|{customer}|2026-{month:02}-01|{amount}|{span}|Invoice|"


def ledger(
    place: Path, column: str, *notes: str, months: tuple[int, ...] = (1, 2, 3, 4, 5)
) -> Imported:
    lines = [*(invoice(month) for month in months), *notes]
    return imported(place, list="\n".join([f"{HEAD}|{column}", *lines]))


@pytest.mark.parametrize(
    "word",
    ["Storno", "Stornorechnung", "Gutschrift", "Rechnungskorrektur", "Cancellation", "Credit Note", "Reversal",
     "Annulation", "Avoir", "Factura rectificativa", "Anulación", "Abono", "Creditnota", "Annulering",
     "Nota di credito", "Annullamento", "Estorno", "Nota de crédito", "赤伝", "取消伝票"],
)  # fmt: skip
def test_a_positive_line_of_a_cancelling_document_is_taken_off(tmp_path: Path, word: str) -> None:
    note = f"N-1|Ada|2026-05-20|90|2026-05-01|2026-05-31|{word}|"
    found = ledger(tmp_path, "Original Invoice", note)
    assert "1 line of credit notes in list.csv with a positive amount is taken off" in str(found)
    assert mrr(found, "2026-05-31") == [90, 90, 90, 90, 0]


@pytest.mark.parametrize(
    "column",
    ["Bezug", "Rechnungsbezug", "Bezug Rechnung", "Originalrechnung", "Stornierte Rechnung", "Storno zu Rechnung",
     "Ref. invoice", "Original invoice", "Cancelled invoice number", "Facture d'origine",
     "Facture de référence", "Factura original", "Factura de origen", "Factuur origineel",
     "Oorspronkelijke factuur", "Fattura di riferimento", "Fatura de origem", "元請求書番号",
     "Anything that holds it"],
)  # fmt: skip
def test_the_invoice_that_is_named_is_the_one_that_is_cancelled(
    tmp_path: Path, column: str
) -> None:
    # April and May fit as well, and are newer; the last month is not paid for, so that nothing is given free.
    lines = [*(invoice(m) for m in (1, 2, 3, 5)), "N-1|Ada|2026-05-20|-90|||Credit Note|A-3"]
    found = imported(tmp_path, list="\n".join([f"{HEAD}|{column}", *lines]))
    assert mrr(found, "2026-05-31") == [90, 90, 0, 0, 90]
    assert "(N-1 for A-3)" in str(found)
    became = found.columns.set_index("field")["column"]
    assert "cancels" in became.index


def test_a_column_of_other_values_is_none_of_references(tmp_path: Path) -> None:
    found = ledger(tmp_path, "Order", "N-1|Ada|2026-05-20|-90|||Credit Note|PO-7")
    assert "cancels" not in set(found.columns["field"])
    assert "N-1 for A-5" in str(found)


def test_the_month_of_the_invoice_counts_whatever_the_note_says_of_its_own(tmp_path: Path) -> None:
    note = "N-1|Ada|2026-05-20|-90|2026-05-01|2026-05-31|Credit Note|A-3"
    found = ledger(tmp_path, "Bezug", note, months=(1, 2, 3))
    assert mrr(found, "2026-05-31") == [90, 90, 0, 0, 0]


def test_a_part_is_taken_off_the_months_of_the_invoice_that_is_named(tmp_path: Path) -> None:
    found = ledger(tmp_path, "Bezug", "N-1|Ada|2026-05-20|30|||Gutschrift|A-2")
    assert mrr(found, "2026-05-31") == [90, 60, 90, 90, 90]
    said = "1 credit note takes a part off the invoice that it names, over its months (N-1 for A-2)"
    assert said in str(found)


def test_a_part_that_says_its_own_days_keeps_them(tmp_path: Path) -> None:
    note = "N-1|Ada|2026-05-20|30|2026-03-01|2026-03-31|Gutschrift|A-2"
    assert mrr(ledger(tmp_path, "Bezug", note), "2026-05-31") == [90, 90, 60, 90, 90]


def test_a_negative_line_that_names_an_invoice_needs_no_type(tmp_path: Path) -> None:
    found = ledger(tmp_path, "Bezug", "N-1|Ada|2026-05-20|-30||||A-2")
    assert mrr(found, "2026-05-31") == [90, 60, 90, 90, 90]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("N-1|Ada|2026-05-20|-90|||Credit Note|A-9", "an invoice that is not there (N-1 names A-9)"),
        ("N-1|Bob|2026-05-20|-90|||Credit Note|A-2", "an invoice of another customer or currency (N-1 names A-2)"),
    ],
)  # fmt: skip
def test_a_note_that_names_no_invoice_of_the_customer_cancels_none_and_it_is_said(
    tmp_path: Path, note: str, said: str
) -> None:
    found = ledger(tmp_path, "Original Invoice", invoice(2, "Bob"), note)
    text = str(found)
    assert f"1 credit note names {said}, so it cancels none and counts in its own month" in text
    assert "whole invoice" not in text
    # Where the tables are read, the check says so too.
    report = sm.read(tmp_path, as_of="2026-05-31", currency="USD").check()
    assert said in " ".join(report.df["finding"])


def test_an_invoice_that_is_credited_twice_is_named(tmp_path: Path) -> None:
    notes = [f"N-{n}|Ada|2026-05-2{n}|-90|||Credit Note|A-5" for n in (1, 2)]
    found = ledger(tmp_path, "Original Invoice", *notes)
    assert "1 invoice is credited with more than it billed (A-5)" in str(found)


def test_a_note_of_an_invoice_that_was_not_issued_counts_no_more_than_the_invoice(
    tmp_path: Path,
) -> None:
    rows = [f"{invoice(month)}|" for month in (1, 2, 3)]
    rows[1] += "Storniert"
    rows.append("N-1|Ada|2026-03-20|-90|||Storno|A-2|")
    found = imported(tmp_path, list="\n".join([f"{HEAD}|Bezug|Status", *rows]))
    assert "1 row of credits whose invoice was not issued (N-1)" in str(found)
    assert mrr(found, "2026-03-31") == [90, 0, 90]


def test_a_note_in_one_line_cancels_all_that_its_invoice_has(tmp_path: Path) -> None:
    head = "Invoice Number|Customer|Invoice Date|Description|Net|Service Start|Service End|Document Type|Bezug"
    rows = [
        "A-1|Ada|2026-01-01|Pro plan|1200|2026-01-01|2026-12-31|Invoice|",
        "A-1|Ada|2026-01-01|Discount|-120|2026-01-01|2026-12-31|Invoice|",
        "A-1|Ada|2026-01-01|Setup|500|||Invoice|",
        "N-1|Ada|2026-03-20|Cancels it all|-1580|||Credit Note|A-1",
        "B-1|Bob|2026-01-01|Pro plan|120|2026-01-01|2026-12-31|Invoice|",
    ]
    found = imported(tmp_path, list="\n".join([head, *rows]))
    lines = found.tables["invoices"]
    assert lines.groupby(["customer_id", "kind"])["amount"].sum()["Ada"].to_dict() == {
        "credit": -1080.0, "discount": -120.0, "one_time": 0.0, "recurring": 1200.0,
    }  # fmt: skip
    assert lines["invoice_id"].is_unique
    assert mrr(found, "2026-03-31") == [10, 10, 10]


ADA = [(f"A-{month}", "Ada", month) for month in range(1, 6)]
BOB = [(f"B-{month}", "Bob", month) for month in range(1, 6)]


@settings(max_examples=10, deadline=None)
@given(
    cancelled=st.sets(st.sampled_from([*ADA, *BOB])),
    order=st.randoms(use_true_random=False),
    amount=st.sampled_from([90, 120]),
)
def test_full_cancellations_by_reference_in_any_order_leave_the_ledger_without_those_invoices(
    tmp_path_factory: pytest.TempPathFactory,
    cancelled: set[tuple[str, str, int]],
    order: object,
    amount: int,
) -> None:
    rest = [one for one in [*ADA, *BOB] if one not in cancelled]
    bills = {one: invoice(one[2], one[1], amount) for one in [*ADA, *BOB]}
    notes = [
        f"N-{number}|{who}|2026-{6 - month:02}-15|{amount}|||Storno|{number}"
        for number, who, month in sorted(cancelled)
    ]
    lines = [*bills.values(), *notes]
    order.shuffle(lines)

    def left(rows: list[str]) -> pd.Series:
        place = tmp_path_factory.mktemp("ledger")
        table = import_folder(_written(place, rows)).tables["invoices"]
        sums = table.groupby(["customer_id", "service_start", "service_end"])["amount"].sum()
        return sums[sums != 0]

    if rest:
        pd.testing.assert_series_equal(left(lines), left([bills[one] for one in rest]))
    else:
        assert left(lines).empty


def _written(place: Path, rows: list[str]) -> Path:
    text = "\n".join([f"{HEAD}|Bezug", *rows]).replace("|", ",")
    (place / "list.csv").write_text(text)
    return place


@pytest.mark.parametrize("amount", [90, -90])
def test_a_credit_note_that_was_cancelled_itself_takes_nothing(tmp_path: Path, amount: int) -> None:
    notes = (
        "N-1|Ada|2026-05-10|-90|||Credit Note|A-5",
        f"N-2|Ada|2026-05-20|{amount}|||Cancellation|N-1",
    )
    found = ledger(tmp_path, "Original Invoice", *notes)
    assert "1 credit note was cancelled itself" in str(found)
    assert mrr(found, "2026-05-31") == [90, 90, 90, 90, 90]


def test_a_negative_line_that_names_no_invoice_there_is_a_credit_note_and_said(
    tmp_path: Path,
) -> None:
    found = ledger(tmp_path, "Original Invoice", "N-1|Ada|2026-05-20|-90||||A-9")
    assert "names an invoice that is not there (N-1 names A-9)" in str(found)
    assert mrr(found, "2026-05-31") == [90, 90, 90, 90, 0]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_credit_note_of_several_lines_is_taken_off_as_a_whole(tmp_path: Path, sign: int) -> None:
    lines = [
        "A-6|Ada|2026-06-01|90|2026-06-01|2026-06-30|Invoice|",
        "A-6|Ada|2026-06-01|-20|2026-06-01|2026-06-30|Invoice|",
        f"N-1|Ada|2026-06-20|{90 * sign}|||Credit Note|A-6",
        f"N-1|Ada|2026-06-20|{-20 * sign}|||Credit Note|A-6",
    ]
    found = ledger(tmp_path, "Original Invoice", *lines)
    assert mrr(found, "2026-06-30") == [90, 90, 90, 90, 90, 0]


def test_a_currency_in_the_header_is_that_of_lines_without_one(tmp_path: Path) -> None:
    head = "Rechnungsnummer|Kunde|Rechnungsdatum|Netto (CHF)|Währung"
    lines = ["R-1|A|2026-01-05|100|EUR", "R-2|B|2026-01-05|100|"]
    found = imported(tmp_path, list="\n".join([head, *lines]))
    assert found.tables["invoices"]["currency"].tolist() == ["EUR", "CHF"]
