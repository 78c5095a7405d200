"""Rows behind a number at any size: few enough to be opened, and the same sums as all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
import saasmetrics.board.condensed as module
from saasmetrics.board import Pack, numbers
from saasmetrics.board.condensed import MOST, Began, condensed
from saasmetrics.board.sheets import Written
from tests.bench.board import company
from tests.proof.recalculation import cells, formula_cells, recalculated, soffice

FEW = 150  # rows of a part here, so that a small company is a large one
TABLES = ("subscriptions", "customers")


@pytest.fixture(scope="module")
def book() -> sm.Book:
    """A company of which some 400 customers pay in the last quarter, and few in the first."""
    tables = {name: table for name, table in company(1500).items() if name in TABLES}
    return sm.Book(**tables, as_of="2025-12-31", currency="USD")


@pytest.fixture(scope="module")
def large(book: sm.Book) -> Pack:
    """A pack of a company of which not every customer has a row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "MOST", FEW)
        patch.setattr(module, "MOST", FEW)
        patch.setattr(module, "LARGEST", 40)
        return sm.board.pack(book, settings={"pages": ["t9q", "retention"]})


@pytest.fixture(scope="module")
def files(large: Pack, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Its workbook, read once and calculated anew once."""
    if soffice() is None:
        pytest.skip("LibreOffice is not here to calculate the workbook again: `make programs`")
    folder = tmp_path_factory.mktemp("large")
    made = Written(large)
    path = made.save(folder / "pack.xlsx")
    again = recalculated([path], folder / "office")[path.name]
    return Workbook(made.homes, cells(path), cells(again), formula_cells(path))


@dataclass(frozen=True)
class Workbook:
    """Where quantities are, values as written and as calculated, and formulas."""

    homes: dict[str, str]
    written: dict[str, Any]
    again: dict[str, Any]
    formulas: dict[str, str]


def part(pack: Pack, table: str, name: str) -> pd.DataFrame:
    rows = pd.DataFrame(dict(pack.rows[table].columns))
    return rows[rows["part"] == name]


def test_a_quarter_of_many_customers_has_its_largest_and_the_rest_by_the_month_they_began(
    large: Pack,
) -> None:
    rows = part(large, "Movements", "Q4 2025")
    assert len(rows) < FEW
    assert (rows["rows"] == 1).sum() >= 40
    others = rows[rows["customer_id"].str.contains("others")]
    assert others["customer_id"].str.fullmatch(r"[\d,]+ others, began \d{4}-\d{2}").all()
    assert others["name"].isna().all()


def test_sums_are_those_of_all_customers(large: Pack, book: sm.Book) -> None:
    every = sm.revenue.bridge(book, freq="Q").rows(period="2025-10-01")
    few = part(large, "Movements", "Q4 2025")
    for name in ("opening", "new", "expansion", "contraction", "churn", "closing"):
        assert few[name].sum() == pytest.approx(every[name].sum(), rel=1e-12)
    assert few["rows"].sum() == len(every)
    assert few["paying"].sum() == (every["closing"] > 0).sum()


def test_the_headline_is_a_live_formula_at_every_size(files: Workbook) -> None:
    for key in ("closing@2025-10-01", "nrr@2025-10-01", "grr@2025-10-01", "customers@2025-10-01"):
        place = files.homes[key].replace("'", "").replace("$", "")
        assert "SUMIFS(" in files.formulas[place], key


def test_lines_that_add_up_rows_are_values_and_rows_are_formulas(files: Workbook) -> None:
    formulas, found = files.formulas, files.written
    names = {place: value for place, value in found.items() if place.startswith("Data grr!B")}
    others = [place for place, value in names.items() if "others" in str(value)]
    assert others
    column = next(
        place
        for place, value in found.items()
        if place.startswith("Data grr!") and value == "Numerator"
    )
    letter = column.split("!")[1].rstrip("0123456789")
    lines = {place: f"Data grr!{letter}{place.split('!B')[1]}" for place in names}
    assert all(lines[place] not in formulas for place in others)
    assert any(lines[place] in formulas for place in names if place not in others)


def test_every_formula_of_a_large_pack_calculates_to_the_value_beside_it(files: Workbook) -> None:
    ours, theirs = files.written, files.again
    wrong = [
        (place, ours.get(place), theirs.get(place))
        for place in files.formulas
        if isinstance(ours.get(place), float)
        and theirs.get(place) != pytest.approx(ours[place], rel=1e-9, abs=1e-9)
    ]
    assert not wrong, wrong[:5]


def test_the_sheet_says_what_it_leaves_out(files: Workbook) -> None:
    assert "largest one by one" in str(files.written["Data Movements!A1"])


def test_few_rows_stay_as_they_are() -> None:
    rows = pd.DataFrame({"customer_id": range(MOST), "mrr": 1.0})
    assert condensed(rows, ["mrr"], None) is rows


def test_those_largest_by_any_column_have_a_row() -> None:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {"customer_id": np.arange(5000), "new": rng.random(5000), "churn": -rng.random(5000)}
    )
    rows.loc[4321, "churn"] = -50.0
    few = condensed(rows, ["new", "churn"], None)
    assert few["customer_id"].iloc[0] == 4321
    assert few["rows"].sum() == 5000


def test_who_never_paid_stands_apart() -> None:
    began = Began(pd.Index(["a"]), np.array([0]), ("2026-01",))
    rows = pd.DataFrame({"customer_id": ["a", *"bcd" * 1000], "mrr": 0.0})
    lines = condensed(rows, ["mrr"], began)["customer_id"].tolist()
    assert any(str(line).endswith("others that never paid") for line in lines)


def test_targets_of_many_pods_are_the_furthest_below(tmp_path: Path) -> None:
    pods = [f"pod-{n:02}" for n in range(40)]
    months = ["2025-03", "2025-06", "2025-09"]
    ids = [f"c{n:02}" for n in range(40)]
    book = sm.Book(
        mrr={
            "customer_id": [c for c in ids for _ in months],
            "month": months * 40,
            "mrr": [100.0] * 120,
        },
        customers={"customer_id": ids, "pod_id": pods},
        targets={
            "metric": ["arr"] * 41,
            "period": ["2025-Q3"] * 41,
            "value": [50_000.0, *(1000.0 + 10 * n for n in range(40))],
            "scope": ["company", *["pod"] * 40],
            "owner": ["company", *pods],
        },
    )
    made = sm.board.pack(book, settings={"pages": ["success"]})
    table = next(t for t in made.pages[0].tables if t.id == "targets_pod")
    assert len(table.rows) == 15
    assert "15 furthest below of 40" in table.title
    assert table.rows[0].label == "pod-39 ARR"
    assert made.to_pptx(tmp_path / "pack.pptx").is_file()
