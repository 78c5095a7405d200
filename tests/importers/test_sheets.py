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


def plain_cube(place: Path, name: str, *rows: str, months: str = "Jan-26,Feb-26") -> None:
    (place / name).write_text("\n".join(["Acme,,", ",,", f"Customer,{months}", *rows]) + "\n")


def test_cubes_of_different_months_are_put_together_and_others_refused(tmp_path: Path) -> None:
    plain_cube(tmp_path, "a.csv", "Ada,1,2", "Bob,3,")
    plain_cube(tmp_path, "b.csv", "Ada,5,6", "Cyn,7,8", months="Mar-26,Apr-26")
    book = sm.read(tmp_path)
    assert sm.revenue.mrr(book).df["value"].tolist() == [4.0, 2.0, 12.0, 14.0]
    plain_cube(tmp_path, "c.csv", "Dan,1,1", months="Apr-26,May-26")
    with pytest.raises(DataError, match=r"b.csv and c.csv both give the table mrr for 2026-04"):
        sm.importers.import_folder(tmp_path)


def test_statements_of_different_months_are_put_together_and_others_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(STATEMENT)
    (tmp_path / "b.csv").write_text(
        STATEMENT.replace("Jan 2026,", "Mar 2026,").replace("Feb 2026,", "Apr 2026,")
    )
    found = sm.importers.import_folder(tmp_path)
    assert found.tables["finance"]["revenue"].tolist() == [1100.0, 1200.0] * 2
    assert len(found.tables["spend"]) == 8
    (tmp_path / "c.csv").write_text(STATEMENT)
    with pytest.raises(DataError, match="both give the table finance for 2026-01"):
        sm.importers.import_folder(tmp_path)


@pytest.mark.parametrize(
    "total", ["Total EU", "Grand Total MRR", "Total ARR", "Number of customers", "Subtotal SMB"]
)
def test_totals_of_a_cube_are_no_customers(tmp_path: Path, total: str) -> None:
    plain_cube(tmp_path, "cube.csv", "Ada,1,2", "Bob,3,4", f"{total},4,6")
    found = sm.importers.import_folder(tmp_path)
    assert found.tables["mrr"]["customer_id"].tolist() == ["Ada", "Bob"]
    assert f"({total})" in str(found)


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (("Ada,1,2", "Bob,3,4", "Total Energies,7,7"), ["Ada", "Bob"]),
        (("Ada,1,2", "Bob,3,4", "Total Energies,7,5"), ["Ada", "Bob", "Total Energies"]),
        (("Ada,1,2", "Bob,3,4", "Total Energies,2,5"), ["Ada", "Bob", "Total Energies"]),
        (("Ada,1,2", "Total Energies,9,9", "Bob,3,4"), ["Ada", "Total Energies", "Bob"]),
        (("Total Energies,9,9", "Ada,1,2", "Total,10,11"), ["Total Energies", "Ada"]),
        (("Ada,1,2", "Bob,3,4", "Total EU,4,6", "Eve,5,5"), ["Ada", "Bob", "Eve"]),
        (("Ada,1,2", "Bob,3,4", "Total EU,4,6", "Eve,5,5", "Total US,5,5"), ["Ada", "Bob", "Eve"]),
        (("Total paid,9,11", "Ada,1,2", "Bob,3,4", "Eve,5,5"), ["Ada", "Bob", "Eve"]),
        (("Ada,1,2", "Bob,3,4", "Total growth,12%,3%"), ["Ada", "Bob"]),
        (("Ada,1,2", "Total Energies,1,2", "Bob,3,4"), ["Ada", "Total Energies", "Bob"]),
        (("Total EMEA,,", "Ada,1,2", "Bob,3,4"), ["Ada", "Bob"]),
    ],
    ids=[
        "last and more than all", "last and large", "last and small", "amid", "first", "sum", "sums of groups",
        "sum below", "percent",
        "like the row above", "heading",
    ],
)  # fmt: skip
def test_a_name_that_begins_with_total_is_a_total_by_its_sum_or_at_the_end(
    tmp_path: Path, rows: tuple[str, ...], kept: list[str]
) -> None:
    plain_cube(tmp_path, "cube.csv", *rows)
    found = sm.importers.import_folder(tmp_path)
    assert found.tables["mrr"]["customer_id"].tolist() == kept
    said = "Total Energies is taken for a customer, not a total" in str(found)
    assert said is ("Total Energies" in kept)
    guess = "Total Energies is taken for a total, as it is last" in str(found)
    assert guess is (rows[-1] == "Total Energies,7,7")


@pytest.mark.parametrize(
    "rows",
    [
        ("Total Energies,50,60", "Total,53,66"),
        ("Total Wine & More,50,60", "Grand Total,53,66"),
        ("Total Energies,50,60", "Total Wine & More,70,80", "Total,123,146"),
        ("Total Energies,50,60", "Overall,53,66"),
        ("Total Energies,50,60", "Total,100%,100%", "Total MRR,53,66"),
    ],
    ids=["total", "grand total", "two of them", "overall", "percent"],
)
def test_a_customer_that_a_total_contains_is_kept_though_it_is_last_and_large(
    tmp_path: Path, rows: tuple[str, ...]
) -> None:
    plain_cube(tmp_path, "cube.csv", "Ada,1,2", "Bob,2,4", *rows)
    found = sm.importers.import_folder(tmp_path).tables["mrr"]["customer_id"].tolist()
    names = [row.split(",")[0] for row in rows]
    totals = ("Total", "Grand Total", "Overall", "Total MRR")
    assert found == ["Ada", "Bob", *(name for name in names if name not in totals)]


def test_a_group_whose_name_begins_with_total_leaves_nobody_out(tmp_path: Path) -> None:
    text = "Acme\n\nGroup,Customer,2026-01,2026-02\nTotal Energies,Ada,1,2\n,Bob,3,4\nTotal,,4,6\n"
    (tmp_path / "cube.csv").write_text(text)
    rows = sm.importers.import_folder(tmp_path).tables["mrr"]
    assert rows["customer_id"].tolist() == ["Ada", "Bob"]
    assert rows["Group"].tolist() == ["Total Energies"] * 2


@pytest.mark.parametrize(("row", "kept"), [("Check,9,9", True), ("Sum,4,6", False)])
def test_a_customer_called_check_is_kept_unless_it_is_the_sum(
    tmp_path: Path, row: str, kept: bool
) -> None:
    plain_cube(tmp_path, "cube.csv", "Ada,1,2", "Bob,3,4", row)
    rows = sm.importers.import_folder(tmp_path).tables["mrr"]
    assert (row.split(",")[0] in rows["customer_id"].tolist()) is kept


def spending(place: Path, beer: str) -> dict[str, float]:
    (place / "pnl.csv").write_text(STATEMENT.replace("Beer,5.00,5.00,10.00\n", beer))
    rows = sm.importers.import_folder(place).tables["spend"]
    return dict(rows.groupby("account")["amount"].sum())


def test_an_account_that_begins_with_total_is_an_account(tmp_path: Path) -> None:
    found = spending(tmp_path, "Total Marketing Partners,5.00,5.00,10.00\n")
    assert found["Total Marketing Partners"] == 10.0


def test_accounts_of_one_name_are_told_apart_by_their_section(tmp_path: Path) -> None:
    parts = [
        f"{part},,,\nTrade shows,1,1,2\nTotal {part},1,1,2\n" for part in ("Europe", "America")
    ]
    found = spending(tmp_path, "".join(parts))
    assert found["Europe: Trade shows"] == found["America: Trade shows"] == 2.0
    with pytest.raises(DataError, match="has the account 'Beer' twice"):
        spending(tmp_path, "Beer,5,5,10\nBeer,5,5,10\n")


def test_two_totals_of_income_are_refused(tmp_path: Path) -> None:
    twice = 'Total Income,"1,100.00","1,200.00","2,300.00"\n'
    (tmp_path / "pnl.csv").write_text(STATEMENT.replace(twice, twice * 2))
    with pytest.raises(DataError, match="two rows 'Total Income'"):
        sm.importers.import_folder(tmp_path)


def test_a_total_that_is_called_otherwise_than_its_section_is_no_account(tmp_path: Path) -> None:
    found = spending(
        tmp_path, "Trade show A,5,5,10\nTrade show B,1,1,2\nTotal trade show costs,6,6,12\n"
    )
    assert "Total trade show costs" not in found


def test_a_function_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,function\nBeer,marketng\n")
    (tmp_path / "pnl.csv").write_text(STATEMENT)
    with pytest.raises(DataError, match="Did you mean 'marketing'"):
        sm.importers.import_folder(tmp_path)


GERMAN = """Muster GmbH;;;;
MRR je Kunde, Stand 30.04.2026;;;;
;;;;
Kunde;Jan 2026;Feb 2026;Mär 2026;Apr 2026;Summe
Müller AG;1.200;1.200;1.300;1.300;5.000
Böhm KG;99,90;99,90;–;—;199,80
{total};1.299,90;1.299,90;1.300;1.300;5.199,80
"""


def german(place: Path, total: str = "Summe", **words: str) -> sm.Book:
    (place / "würfel.csv").write_text(GERMAN.format(total=total), encoding="utf-8")
    return sm.read(place, **words)


@pytest.mark.parametrize(
    "total", ["Summe", "Gesamt", "Gesamt MRR", "Gesamtsumme", "Totaal", "合計"]
)
def test_a_german_cube_has_all_its_months_one_decimal_sign_and_no_totals(
    tmp_path: Path, total: str
) -> None:
    values = sm.revenue.mrr(german(tmp_path, total)).df["value"]
    # Müller and Böhm: 1,200 + 99.90 twice, then 1,300 alone; a dash is no MRR.
    assert values.tolist() == [1299.9, 1299.9, 1300.0, 1300.0]


def test_a_column_right_of_the_months_that_is_not_used_is_said(tmp_path: Path) -> None:
    notes = " ".join(german(tmp_path).tables["mrr"].notes)
    assert "not used, right of the first month: Summe" in notes


def test_a_column_that_may_be_a_missing_month_is_refused(tmp_path: Path) -> None:
    plain_cube(tmp_path, "cube.csv", "Ada,1,2,3", months="Jan 2026,Mrch 2026,Apr 2026")
    with pytest.raises(
        DataError, match="'Mrch 2026' is between months, but not read as the months"
    ):
        sm.read(tmp_path)


def texts(path: Path, *amounts: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    rows = [[name, amount, amount] for name, amount in zip(("Ada", "Bob"), amounts, strict=True)]
    for row in (["Acme"], [], ["Customer", "Jan-26", "Feb-26"], *rows):
        sheet.append(row)
    book.save(path)


def test_an_amount_of_a_cube_whose_point_may_part_thousands_is_asked_about(tmp_path: Path) -> None:
    texts(tmp_path / "cube.xlsx", "1.200", "99")
    with pytest.raises(DataError, match=r"such as '1.200' \(Ada, Jan-26\), may part thousands"):
        sm.read(tmp_path)
    told = sm.read(tmp_path, decimal=",")
    assert sm.revenue.mrr(told).df["value"].tolist() == [1299.0, 1299.0]
    told = sm.read(tmp_path, decimal=".")
    assert sm.revenue.mrr(told).df["value"].tolist() == [100.2, 100.2]


def test_an_amount_of_a_cube_that_is_none_is_named_with_its_customer(tmp_path: Path) -> None:
    plain_cube(tmp_path, "cube.csv", "Ada,1,many")
    with pytest.raises(DataError, match=r"cube.csv, Ada, Feb-26: 'many' is not an amount"):
        sm.read(tmp_path)
