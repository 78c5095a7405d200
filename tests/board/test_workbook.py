"""The workbook of a pack: live from the customers up, without an error, and nothing in it runs what a name says."""

from __future__ import annotations

import re
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

import saasmetrics as sm
from tests.board.conftest import Written
from tests.proof.recalculation import cells, formula_cells, soffice

# Numbers that a formula cannot give: what others say, and what is drawn at random or fitted.
GIVEN = {
    "table targets", "settings, targets", "table finance", "target", "forecast of renewals", "reconciliation",
    "from resampling customers", "from resampling", "Greenwood", "lifetimes", "exact decomposition of NRR",
    "everybody is there at the start", "hiring plan", "health",
}  # fmt: skip


def close(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or not isinstance(one, (int, float)):
        return one == other
    return isinstance(other, (int, float)) and abs(one - other) <= 1e-9 * max(1.0, abs(one))


def test_every_formula_calculates_to_the_value_beside_it(written: Written) -> None:
    ours, theirs, formulas = cells(written.xlsx), cells(written.again), formula_cells(written.xlsx)
    wrong = [
        (place, text, ours.get(place), theirs.get(place))
        for place, text in formulas.items()
        if not close(ours.get(place, ""), theirs.get(place, ""))
    ]
    assert not wrong, wrong[:5]
    assert len(formulas) > 2000


def test_no_cell_is_an_error(written: Written) -> None:
    for file in (written.xlsx, written.again):
        assert not [
            (p, v)
            for p, v in cells(file).items()
            if isinstance(v, str) and v.startswith(("#", "Err:"))
        ]


def test_at_least_95_of_100_derived_numbers_are_live(written: Written) -> None:
    formulas = formula_cells(written.xlsx)
    derived, live = 0, 0
    for key, home in written.homes.items():
        quantity = written.pack.quantities[key]
        quantile = quantity.source.startswith("support_times")
        side = key.endswith((".numerator", ".denominator"))  # of a quotient that is live itself
        if quantity.value is None or quantity.source in GIVEN or quantile or side:
            continue
        derived += 1
        live += home.replace("'", "").replace("$", "") in formulas
    assert derived > 350
    assert live / derived >= 0.95


def test_percentage_points_are_written_as_such_and_never_as_a_negative_nothing(
    written: Written, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(written.xlsx)
    keys = [key for key, q in written.pack.quantities.items() if q.unit == "points"]
    formats = set()
    for key in keys:
        sheet, _, at = written.homes[key].replace("'", "").replace("$", "").rpartition("!")
        formats.add(book[sheet][at].number_format)
    assert keys
    (form,) = formats
    page = tmp_path / "points.xlsx"
    lines = openpyxl.Workbook()
    for row, value in enumerate((-7.2, -0.03, 0.0, 7.2), 1):
        lines.active.cell(row, 1, value).number_format = form
    lines.save(page)
    assert as_shown(page) == ["-7.2 pp", "0.0 pp", "0.0 pp", "+7.2 pp"]


def as_shown(book: Path) -> list[str]:
    """Return the lines of a sheet as LibreOffice shows them."""
    program = soffice()
    if program is None:
        pytest.skip("LibreOffice is not here to show the workbook: `make programs`")
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
    home = f"-env:UserInstallation=file://{book.parent / 'office'}"
    subprocess.run(
        [program, home, "--headless", "--convert-to", form, "--outdir", book.parent, book],
        check=True,
        capture_output=True,
    )
    return book.with_suffix(".csv").read_text("utf-8").split("\n")[:-1]


def test_the_headline_follows_from_the_rows_of_customers(written: Written) -> None:
    formulas = formula_cells(written.xlsx)
    arr = formulas[_place(written, "arr@2026-07-01")]
    closing = formulas[_place(written, "closing@2026-07-01")]
    assert _place(written, "closing@2026-07-01").split("!")[1] in arr.replace("$", "")
    assert closing == '=12*SUMIFS(Rows_Movements[Closing],Rows_Movements[Part],"Q3 2026")'
    nrr = formulas[_place(written, "nrr@2026-07-01")]
    assert 'SUMIFS(Rows_nrr[Numerator],Rows_nrr[Part],"Q3 2026")' in nrr


def _place(written: Written, key: str) -> str:
    return written.homes[key].replace("'", "").replace("$", "")


def test_all_checks_hold_after_the_calculation(written: Written) -> None:
    book = openpyxl.load_workbook(written.again, data_only=True)
    rows = list(book["Checks"].iter_rows(min_row=2, values_only=True))
    labels = [str(row[0]) for row in rows]
    assert len([label for label in labels if label.startswith("The bridge of")]) == 9
    assert len([label for label in labels if "opens where the quarter before closed" in label]) == 8
    assert any("is what was reported" in label for label in labels)
    assert all(row[2] is True for row in rows), [row for row in rows if row[2] is not True]


def test_ranges_have_names_and_rows_are_excel_tables(written: Written) -> None:
    book = openpyxl.load_workbook(written.xlsx)
    assert {"kpi_summary_arr", "kpi_summary_nrr", "all_checks_hold"} <= set(book.defined_names)
    assert "Rows_Movements" in book["Data Movements"].tables
    assert book["Trailing nine quarters"].page_setup.orientation == "landscape"


def test_every_page_with_a_chart_has_a_native_one(written: Written) -> None:
    book = openpyxl.load_workbook(written.xlsx)
    for page in written.pack.pages:
        assert len(book[page.name.replace("'", "")]._charts) == len(page.charts), page.id


def test_the_workbook_links_to_nothing_outside(written: Written) -> None:
    with zipfile.ZipFile(written.xlsx) as archive:
        assert not [name for name in archive.namelist() if "externalLink" in name]
        assert b'TargetMode="External"' not in b"".join(
            archive.read(n) for n in archive.namelist() if n.endswith(".rels")
        )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    return sm.board.pack(
        hostile_book(), settings={"company": "=1+1", "pages": ["t9q", "retention"]}
    ).to_xlsx(folder / "pack.xlsx")


def hostile_book() -> sm.Book:
    """Six customers with names that a spreadsheet, a browser or a document could take for something to do."""
    names = [
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        "@SUM(1)",
        "+1",
        "#set page(fill: red)",
        "-2+3\x07",
    ]
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(21)]
    rows = [
        (f"c{at}", month, 1000.0 * (at + 1) + 10 * m)
        for at in range(6)
        for m, month in enumerate(months)
    ]
    customers, when, mrr = zip(*rows, strict=True)
    return sm.Book(
        mrr={"customer_id": customers, "month": when, "mrr": mrr},
        customers={
            "customer_id": [f"c{at}" for at in range(6)],
            "name": names,
            "segment": ["=A", "=A", "=A", "b", "b", "b"],
        },
    )


def test_names_that_begin_like_formulas_are_text(hostile: Path) -> None:
    kinds = {
        str(cell.value): cell.data_type
        for sheet in openpyxl.load_workbook(hostile)
        for line in sheet.iter_rows()
        for cell in line
    }
    ran = [
        text
        for text, kind in kinds.items()
        if kind == "f" and re.search(r"cmd|SUM\(1\)|^=A$", text)
    ]
    assert not ran
    assert kinds["=cmd|' /C calc'!A0"] == "s"


def test_a_row_too_many_leaves_the_sum_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from saasmetrics.board import numbers

    monkeypatch.setattr(numbers, "MOST_ROWS", 20)
    made = sm.board.pack(sm.demo(customers=60), settings={"pages": ["t9q"]})
    closing = made.quantities["closing@2026-07-01"]
    assert closing.value is not None
    assert closing.source == "the sum of more customers than a sheet holds"
    assert made.to_xlsx(tmp_path / "pack.xlsx").is_file()
