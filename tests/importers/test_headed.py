"""Lines of invoices: what their first one says of all of them, and documents that are no invoices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.exports import imported, mrr

HEAD = "Invoice Number|Customer|Invoice Date|Net|Service Start|Service End|Document Type|Status"


def test_lines_have_the_customer_and_date_of_the_first_line_of_their_invoice(
    tmp_path: Path,
) -> None:
    rows = """
    I-1|Ada|2026-01-01|100|2026-01-01|2026-01-31||Paid
    I-1|||50|2026-01-01|2026-01-31||
    I-2|Bob|2026-01-01|30|2026-01-01|2026-01-31||Draft
    I-2|||20|2026-01-01|2026-01-31||
    I-3|Ada|2026-01-09|40|2026-01-01|2026-01-31|Credit Note|Paid
    I-3|||10|2026-01-01|2026-01-31||
    |||999||||
    """
    found = imported(tmp_path, list="\n".join([HEAD, *rows.strip().splitlines()]))
    # What is not issued is not issued in all its lines, and a credit note is one in all of them.
    assert mrr(found, "2026-01-31") == [100 + 50 - 40 - 10]
    said = "3 lines of list.csv have their customer and date from the first line of the invoice"
    assert said in str(found)
    assert "2 rows that were not issued" in str(found)
    assert "1 row without an invoice number" in str(found)


def test_a_line_of_an_invoice_of_two_customers_is_left_out(tmp_path: Path) -> None:
    rows = "I-1|Ada|2026-01-01|100||||\nI-1|Bob|2026-01-01|50||||\nI-1|||7||||"
    found = imported(tmp_path, list=f"{HEAD}\n{rows}")
    assert "1 row without a customer (I-1)" in str(found)


@pytest.mark.parametrize(
    "kind", ["Angebot", "Proforma-Rechnung", "Quote", "Payment", "Devis", "見積書"]
)
def test_documents_that_are_no_invoices_are_left_out(tmp_path: Path, kind: str) -> None:
    span = "2026-01-01|2026-01-31"
    rows = f"I-1|Ada|2026-01-01|100|{span}|Invoice|\nX-1|Ada|2026-01-01|100|{span}|{kind}|"
    found = imported(tmp_path, list=f"{HEAD}\n{rows}")
    assert mrr(found, "2026-01-31") == [100]
    assert f"1 row of the type {kind!r}, which is no invoice (X-1)" in str(found)
