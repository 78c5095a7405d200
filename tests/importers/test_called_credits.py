"""Credit notes that only their description calls so: they cancel what they fit, and what is left is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.exports import imported, mrr

HEAD = "Invoice Number|Customer|Invoice Date|Description|Net"
MONTHS = [f"I-{month}|Ada|2026-{month:02}-01|Pro plan|100" for month in (1, 2, 3)]


def billed(place: Path, *lines: str, head: str = HEAD) -> tuple[list[float], str]:
    """MRR of three months, and what the import says."""
    found = imported(place, list="\n".join([head, *lines]))
    return mrr(found, "2026-03-31"), str(found)


@pytest.mark.parametrize(
    "words", ["Gutschrift", "Credit note", "Gutschrift zu Rechnung I-3", "赤伝"]
)
def test_one_that_fits_an_invoice_cancels_it(tmp_path: Path, words: str) -> None:
    found, said = billed(tmp_path, *MONTHS, f"N-1|Ada|2026-03-20|{words}|-100")
    assert found == [100, 100, 0]
    assert "1 credit note cancels a whole invoice, which counts as if it never was (N-1 for" in said
    assert "counts as recurring, for the month of the invoice's date ('Gutschrift" not in said


def test_one_of_a_year_cancels_the_year_and_not_a_month(tmp_path: Path) -> None:
    year = "I-1|Ada|2026-01-01|Pro plan 2026-01-01 - 2026-12-31|1200"
    found, _ = billed(tmp_path, year, "N-1|Ada|2026-03-20|Gutschrift|-1200")
    assert found == [0, 0, 0]


def test_one_that_fits_none_counts_as_before_and_is_named(tmp_path: Path) -> None:
    found, said = billed(tmp_path, *MONTHS, "N-1|Ada|2026-03-20|Gutschrift|-250")
    assert found == [100, 100, -150]
    assert "1 credit note, called so by the description alone, names neither months" in said
    assert "in the month of the date, which it may leave below zero (N-1: 250.00 together)" in said


def test_one_beside_invoices_with_periods_is_charged_once_and_named(tmp_path: Path) -> None:
    year = "I-1|Ada|2026-01-01|Pro plan 2026-01-01 - 2026-12-31|1200"
    found, said = billed(tmp_path, year, "N-1|Ada|2026-03-20|Gutschrift|-250")
    assert found == [100, 100, 100]
    assert "counts as charged once, which is no MRR (N-1: 250.00 together)" in said


def test_one_with_a_positive_amount_is_charged_and_named(tmp_path: Path) -> None:
    found, said = billed(tmp_path, *MONTHS, "N-1|Ada|2026-03-20|Gutschrift Nr. 7|250")
    assert found == [100, 100, 350]
    assert "1 line of list.csv has a positive amount and is charged, though the description" in said


@pytest.mark.parametrize("words", ["Cancellation fee", "Credit pack for teams", "Accreditation"])
def test_other_words_are_no_credit_notes(tmp_path: Path, words: str) -> None:
    _, said = billed(tmp_path, *MONTHS, f"I-9|Ada|2026-03-20|{words}|50")
    assert "credit note (" not in said


def test_a_credit_within_an_invoice_stays_a_line_of_it(tmp_path: Path) -> None:
    found, said = billed(tmp_path, *MONTHS, "I-3|Ada|2026-03-01|Credit for unused time|-40")
    assert found == [100, 100, 60]
    assert "called so by the description" not in said
