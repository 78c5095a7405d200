"""Sheets made for people: the profit and loss of an accounting system, the customer cube of a finance team."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError

STATEMENT = """Acme Inc.,,,
Profit and Loss,,,
January - February 2026,,,
,,,
,Jan 2026,Feb 2026,Total
Income,,,
Subscriptions,"1,000.00","1,200.00","2,200.00"
Services,100.00,,100.00
Total Income,"1,100.00","1,200.00","2,300.00"
Cost of Goods Sold,,,
Hosting,200.00,210.00,410.00
Total Cost of Goods Sold,200.00,210.00,410.00
Gross Profit,900.00,990.00,"1,890.00"
Expenses,,,
Advertising & Marketing,300.00,310.00,610.00
Sales commissions,50.00,60.00,110.00
Beer,5.00,5.00,10.00
Total Expenses,355.00,375.00,730.00
Net Income,545.00,615.00,"1,160.00"
"""


def test_a_profit_and_loss_becomes_finance_and_spend(tmp_path: Path) -> None:
    (tmp_path / "pnl.csv").write_text(STATEMENT)
    found = sm.importers.import_folder(tmp_path)
    finance = found.tables["finance"]
    assert finance["revenue"].tolist() == [1100.0, 1200.0]
    assert finance["cogs"].tolist() == [200.0, 210.0]
    spend = found.tables["spend"].groupby("function")["amount"].sum()
    assert spend.to_dict() == {"marketing": 610.0, "sales": 110.0}
    assert "of accounts of no known function" in str(found)
    assert "(Beer)" in str(found)


def test_accounts_may_be_given_a_function(tmp_path: Path) -> None:
    (tmp_path / "pnl.csv").write_text(STATEMENT)
    (tmp_path / "accounts.csv").write_text("account,function\nBeer,ga\n")
    spend = sm.importers.import_folder(tmp_path).tables["spend"]
    assert spend.groupby("function")["amount"].sum()["ga"] == 10.0


def cube(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Acme Inc. MRR by customer"],
        [],
        ["Segment", "Customer", "Jan-26", "Feb-26", "Mar-26"],
        ["SMB", "Ada", 100, 100, 120],
        [None, "Bob", 50, None, None],
        ["Enterprise", "Cyn", None, 400, 400],
        ["Total", None, 150, 500, 520],
    ):
        sheet.append(row)
    sheet.merge_cells("A4:A5")
    book.save(path)
    return path


def test_a_cube_with_titles_merged_cells_and_totals_is_read(tmp_path: Path) -> None:
    cube(tmp_path / "cube.xlsx")
    book = sm.read(tmp_path)
    assert sm.revenue.mrr(book).df["value"].tolist() == [150.0, 500.0, 520.0]
    found = sm.revenue.mrr(book, by="segment").df
    smb = found[found["segment"] == "SMB"]["value"].tolist()
    assert smb == [150.0, 100.0, 120.0]


def test_two_columns_of_one_month_are_refused(tmp_path: Path) -> None:
    text = "Acme,,\n,,\nCustomer,Jan-26,2026-01\nAda,1,2\n"
    (tmp_path / "cube.csv").write_text(text)
    with pytest.raises(DataError, match="two columns are the same month"):
        sm.importers.import_folder(tmp_path)


def test_a_plain_wide_table_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / "mrr.csv").write_text("customer,2026-01,2026-02\nAda,1,2\n")
    book = sm.read(tmp_path)
    assert sm.revenue.mrr(book).df["value"].tolist() == [1.0, 2.0]
