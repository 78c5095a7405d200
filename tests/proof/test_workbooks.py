"""The workbook of a proof: LibreOffice calculates every formula again and finds what we wrote."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.export import workbook
from saasmetrics.export.workbook import Column, Workbook
from saasmetrics.proof import Proof
from tests.proof.conftest import Written
from tests.proof.recalculation import cells, formula_cells
from tests.properties.profile import quick

ERRORS = ("#", "Err:")


def _close(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, (int, float)):
        return one == other
    return isinstance(other, (int, float)) and abs(one - other) <= 1e-9 * max(1.0, abs(one))


def test_the_recalculation_is_one(workbooks: dict[str, Written]) -> None:
    """A wrong value beside a formula does not survive it: or the other tests would compare a file with itself."""
    wrong = workbooks["wrong"]
    assert cells(wrong.file)["Number!A1"] == 3
    assert cells(wrong.again)["Number!A1"] == 2


def test_every_formula_calculates_to_the_value_beside_it(workbooks: dict[str, Written]) -> None:
    wrong, many = [], 0
    for name, written in workbooks.items():
        if name == "wrong":
            continue
        ours, theirs = cells(written.file), cells(written.again)
        for place, formula in formula_cells(written.file).items():
            many += 1
            if not _close(ours.get(place, ""), theirs.get(place, "")):
                wrong.append((name, place, formula, ours.get(place), theirs.get(place)))
    assert not wrong, wrong[:5]
    assert many > 2000  # the rows of 33 proofs, and five whole results


def test_no_cell_is_an_error(workbooks: dict[str, Written]) -> None:
    assert not [
        (name, place, value)
        for name, written in workbooks.items()
        for place, value in cells(written.again).items()
        if isinstance(value, str) and value.startswith(ERRORS)
    ]


def test_the_number_calculated_from_the_rows_is_the_one_reported(
    workbooks: dict[str, Written],
) -> None:
    for name, written in workbooks.items():
        if written.proof is not None:
            found = cells(written.again).get("Number!B5")
            assert _close(found, written.proof.value), name
            reported = cells(written.again).get("Number!D5")
            assert _close(reported, written.proof.value), name


def test_all_checks_are_true_after_the_calculation(workbooks: dict[str, Written]) -> None:
    for name, written in workbooks.items():
        if written.proof is None or written.proof.trace is None:
            continue
        formulas, found = formula_cells(written.file), cells(written.again)
        checks = {p: found[p] for p in formulas if p.startswith("Checks!B")}
        assert len(checks) >= 2, name
        assert all(value is True for value in checks.values()), (name, checks)


def test_a_number_without_rows_says_so_and_gives_its_sides(workbooks: dict[str, Written]) -> None:
    written = workbooks["payback_curve"]
    found = cells(written.again)
    assert written.proof is not None
    assert "not a quotient" in found["Rows!A1"]
    assert "not a quotient" in found["Checks!A2"]
    assert found["Number!B5"] == written.proof.value
    assert found["Number!B6"] == pytest.approx(written.proof.numerator)


def test_a_rows_own_part_is_a_formula_where_it_is_derived(workbooks: dict[str, Written]) -> None:
    formulas = formula_cells(workbooks["grr"].file)
    assert "=MIN(Rows[[#This Row],[Opening]],Rows[[#This Row],[Closing]])" in formulas.values()


def test_the_names_of_the_workbook_are_defined(workbooks: dict[str, Written]) -> None:
    book = openpyxl.load_workbook(workbooks["nrr"].file)
    assert {"proof_value", "proof_numerator", "proof_denominator", "proof_holds"} <= set(
        book.defined_names
    )
    assert book.sheetnames == ["Number", "Rows", "Checks"]
    assert book["Rows"].freeze_panes == "B2"
    assert book["Rows"].tables["Rows"].ref.startswith("A1:")
    assert book["Number"].page_setup.fitToHeight == 0


def test_the_workbook_says_by_what_the_number_was_made(
    workbooks: dict[str, Written], small_book: sm.Book
) -> None:
    texts = " ".join(
        str(v) for p, v in cells(workbooks["nrr"].again).items() if p.startswith("Number!")
    )
    for said in (small_book.data_hash, small_book.policy.hash, "nrr v1", sm.__version__):
        assert said in texts
    assert "as of 2026-10-31" in texts


def test_cells_not_yet_observed_are_empty_and_not_zero(
    workbooks: dict[str, Written], triangles: dict[str, sm.Result]
) -> None:
    df = triangles["triangle_logos"].df
    seen = int(df["observed"].sum())
    book = openpyxl.load_workbook(workbooks["triangle_logos"].again, data_only=True)
    filled = [c for row in book["Amounts"].iter_rows(min_row=2, min_col=3) for c in row]
    assert sum(c.value is not None for c in filled) == seen


@pytest.mark.parametrize(("name", "by"), [("triangle_logos", []), ("triangle_net", ["segment"])])
def test_a_triangle_ends_with_the_average_of_the_result(
    name: str, by: list[str], workbooks: dict[str, Written], triangles: dict[str, sm.Result]
) -> None:
    average = triangles[name].extra["average"]
    page = openpyxl.load_workbook(workbooks[name].again, data_only=True)["Retention"]
    found = {
        (*(cell.value for cell in row[: len(by)]), age): cell.value
        for row in page.iter_rows()
        if row[len(by)].value == "Average"
        for age, cell in enumerate(row[len(by) + 2 :])
        if isinstance(cell.value, float | int)
    }
    rows = average[[*by, "age", "value"]].itertuples(index=False, name=None)
    want = {tuple(key): value for *key, value in rows if value == value}
    assert found == pytest.approx(want)


def test_a_share_of_a_triangle_is_its_amount_over_that_of_age_0(
    workbooks: dict[str, Written],
) -> None:
    formulas = formula_cells(workbooks["triangle_logos"].file)
    assert formulas["Retention!D2"] == '=IF($B2>0,Amounts!D2/$B2,"")'


def test_the_same_number_gives_the_same_file(proofs: dict[str, Proof], tmp_path: Path) -> None:
    one, two = (proofs["grr"].to_xlsx(tmp_path / f"{i}.xlsx").read_bytes() for i in "ab")
    assert one == two


def test_what_a_customer_is_called_is_never_a_formula(tmp_path: Path) -> None:
    names = ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\rx", "Acme"]
    rows = {"customer_id": names, "month": ["2026-01"] * 7, "mrr": [10] * 7}
    file = sm.revenue.mrr(sm.Book(mrr=rows)).proof().to_xlsx(tmp_path / "a.xlsx")
    page = openpyxl.load_workbook(file)["Rows"]
    found = {c.value: c for row in page.iter_rows(min_row=2, max_col=1) for c in row}
    assert {name.replace("\r", "\n") for name in names} == {
        v.replace("\r", "\n").replace("_x000D_", "\n") for v in found
    }
    assert all(cell.data_type == "s" for cell in found.values())
    assert all(cell.quotePrefix for name, cell in found.items() if name != "Acme")


@settings(quick, max_examples=15)
@given(name=st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_can_be_written(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    book = Workbook("Any", date(2026, 1, 31))
    book.sheet("Rows").table("Rows", [Column("Customer id", [name]), Column("Mrr", [1.0])])
    file = book.save(tmp_path_factory.mktemp("any") / "any.xlsx")
    with zipfile.ZipFile(file) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    assert openpyxl.load_workbook(file)["Rows"]["B2"].value == 1


def test_more_rows_than_a_sheet_holds_are_refused_with_what_to_do() -> None:
    book = Workbook("Many", date(2026, 1, 31))
    with pytest.raises(sm.DataError, match=r"1,048,576 rows do not fit.*book\.where"):
        book.sheet("Rows").table("Rows", [Column("N", range(workbook.MOST_ROWS + 1))])


def _sheet(result: sm.Result, file: Path, title: str = "Numbers") -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(result.to_xlsx(file))[title].values)


def test_a_sheet_begins_with_the_first_number_and_says_what_is_before_it(tmp_path: Path) -> None:
    months = [f"2025-{month:02}" for month in range(1, 13) if month not in (7, 8)]
    ids = ["a"] * len(months)
    rows = {"customer_id": ids, "month": months, "mrr": [10.0] * len(months)}
    result = sm.retention.nrr(sm.Book(mrr=rows, as_of="2025-12-31"), window=3)
    head, *lines = _sheet(result, tmp_path / "nrr.xlsx")
    assert (head[0], lines[0][0].date()) == ("Period", date(2025, 4, 1))
    assert len(lines) == 9  # months without a value in between stay
    assert result.df["value"].isna().sum() > 3
    said = dict(row[:2] for row in _sheet(result, tmp_path / "nrr.xlsx", "Definition"))
    why = "nobody was paying at the start of the window"
    assert (
        said["Left out"]
        == f"3 periods before the first number, from 2025-01-01 to 2025-03-01: {why}"
    )


def test_a_sheet_keeps_periods_without_a_value_in_which_something_is_counted(
    tmp_path: Path,
) -> None:
    rows = {
        "customer_id": ["a"] * 3,
        "month": ["2025-01", "2025-02", "2025-03"],
        "mrr": [9.0, 9.0, 4.0],
    }
    result = sm.revenue.quick_ratio(sm.Book(mrr=rows))  # of which the first has new MRR and no loss
    assert result.df["value"].isna().iloc[0]
    assert len(_sheet(result, tmp_path / "a.xlsx")) == 1 + len(result.df)
    none = sm.retention.nrr(sm.Book(mrr=rows))
    assert len(_sheet(none, tmp_path / "b.xlsx")) == 1 + len(none.df) > 1
