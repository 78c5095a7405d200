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
