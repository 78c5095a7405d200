"""Errors and findings name the user's own file, column and rows, beside our names for them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import saasmetrics as sm
from saasmetrics.errors import InvalidTablesError
from tests.importers.exports import folder
from tests.importers.test_stripe import DASHBOARD


def test_a_value_that_cannot_be_read_is_named_by_file_column_and_row(tmp_path: Path) -> None:
    rows = "".join(f"{n},a,2026-01-05,5\n" for n in range(15))
    text = f"invoice_id,customer_id,Invoice Date,Invoice Total\n{rows}15,a,2026-01-05,much\n"
    (tmp_path / "invoices.csv").write_text(text)
    with pytest.raises(InvalidTablesError) as refused:
        sm.read(tmp_path, columns={"invoices": {"Invoice Total": "amount"}})
    said = "invoices.amount (invoices.csv, column 'Invoice Total', row 17): not a number, broken by 1 row."
    assert said in str(refused.value)


def test_a_finding_of_the_gate_is_named_by_file_column_and_row(tmp_path: Path) -> None:
    rows = "subscription_id,Account ID,start,Plan Price,interval\n1,a,2026-01-05,5,month\n2,b,2026-01-05,-5,month\n"
    (tmp_path / "subscriptions.csv").write_text(rows)
    told = {"subscriptions": {"Plan Price": "amount"}}
    found = sm.read(tmp_path, as_of="2026-01-31", columns=told).check().df.set_index("code")
    assert found.loc["negative-amount", "place"] == "subscriptions.csv, column 'Plan Price', row 3"


def test_rows_that_were_cut_have_no_number_of_the_file(tmp_path: Path) -> None:
    rows = "customer_id,month,mrr\na,2026-01,5\nb,2026-02,-5\n"
    (tmp_path / "mrr.csv").write_text(rows)
    table = sm.read(tmp_path).tables["mrr"]
    assert table.place("mrr", [1]) == "mrr.csv, column 'mrr', row 3"
    (tmp_path / "mrr.csv").write_text("customer_id,2026-01,2026-02\na,5,-5\n")
    assert sm.read(tmp_path).tables["mrr"].place("mrr", [1]) == "mrr.csv"


@pytest.mark.parametrize(("gap", "said"), [(False, "row 3"), (True, "column 'amount'")])
def test_rows_of_a_workbook_have_a_number_unless_empty_rows_lie_between(
    tmp_path: Path, gap: bool, said: str
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    rows = [
        ["subscription_id", "customer_id", "start", "amount", "interval"],
        ["1", "a", "2026-01-05", "5", "month"],
    ]
    for row in (*rows, *([[]] if gap else []), ["2", "b", "2026-01-05", "x", "month"]):
        sheet.append(row)
    book.save(tmp_path / "subscriptions.xlsx")
    with pytest.raises(InvalidTablesError) as refused:
        sm.read(tmp_path)
    (problem,) = refused.value.problems
    assert problem.place.endswith(said)


def test_a_finding_in_a_table_made_of_an_export_names_the_file_and_column(tmp_path: Path) -> None:
    rows = DASHBOARD.replace("1200.00", "-12.00 ")
    book = sm.read(folder(tmp_path, billing=rows), as_of="2026-05-31")
    found = book.check().df.set_index("code")
    assert found.loc["negative-amount", "place"] == "billing.csv, column 'Amount'"
