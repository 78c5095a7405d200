"""What the how-to pages give as examples is right: their files are read, and come to what the words say."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

import saasmetrics as sm
from docs.site import build

_FILE = re.compile(r"^```csv (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _written(page: str, folder: Path) -> Path:
    """Write the files of a page, and return the folder of its raw exports."""
    for name, content in _FILE.findall((build.PAGES / page).read_text("utf-8")):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder / "raw"


def test_a_seat_of_a_plan_has_one_price_in_the_export_of_stripe(tmp_path: Path) -> None:
    rows = pd.read_csv(_written("howto/stripe.md", tmp_path) / "subscriptions.csv")
    prices = rows[["Plan", "Interval", "Currency", "Amount"]].drop_duplicates()
    assert not prices.duplicated(["Plan", "Interval", "Currency"]).any()


def test_the_customer_that_leaves_stripe_takes_its_seats_times_their_price(tmp_path: Path) -> None:
    book = sm.read(_written("howto/stripe.md", tmp_path), as_of="2026-10-31")
    bridge = sm.revenue.bridge(book.between("2026-01", "2026-10")).df
    assert bridge["churn"].sum() == -2 * 120


def test_the_bridge_of_a_customer_cube_closes_on_the_total_of_the_sheet(tmp_path: Path) -> None:
    book = sm.read(_written("howto/cube.md", tmp_path), as_of="2026-05-31", currency="USD")
    totals = re.search(
        r"^Total,,(.*)$", (tmp_path / "raw/mrr_by_customer.csv").read_text(), re.MULTILINE
    )
    assert totals is not None
    assert sm.revenue.bridge(book).df["closing"].tolist() == [*map(float, totals[1].split(","))]


def test_a_list_of_invoices_spreads_a_year_and_leaves_out_what_is_charged_once(
    tmp_path: Path,
) -> None:
    book = sm.read(_written("howto/invoices.md", tmp_path), as_of="2026-03-31", currency="USD")
    # Acme 1,200 over twelve months and Birch 90 until 14 March; the training of 500 is in no month.
    assert sm.revenue.mrr(book).df["value"].tolist() == [190, 190, 100]


def test_what_the_readme_calls_the_menu_is_what_the_menu_says(root: Path) -> None:
    menu = (root / "widgets/labextension/static/plugin.js").read_text("utf-8")
    (label,) = re.findall(r'import-selected", \{ label: trans.__\("([^"]+)"', menu)
    assert f"_{label}_" in " ".join((root / "README.md").read_text("utf-8").split())
