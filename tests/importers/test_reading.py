"""`sm.read` takes raw exports as they are, beside files that are tables already."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.importers.pages import page
from saasmetrics.importers.systems import IMPORTERS
from tests.importers.exports import folder, imported
from tests.importers.test_invoice_list import LIST
from tests.importers.test_stripe import DASHBOARD, ITEMS, PRICES, SUBSCRIPTIONS
from tests.importers.test_support_systems import EXPORT

SPEND = "month|function|amount\n2026-01|sales|100\n2026-02|sales|120"


def test_read_makes_tables_of_a_raw_export(tmp_path: Path) -> None:
    book = sm.read(folder(tmp_path, subscriptions=DASHBOARD), as_of="2026-05-31")
    assert sm.revenue.mrr(book).df["value"].tolist() == [200.0, 200.0, 200.0, 150.0, 150.0]


def test_a_raw_export_and_tables_may_stand_in_one_folder(tmp_path: Path) -> None:
    tables = {"sub": SUBSCRIPTIONS, "item": ITEMS, "price": PRICES, "spend": SPEND}
    book = sm.read(folder(tmp_path, **tables), as_of="2026-05-31")
    assert sorted(book.tables) == ["spend", "subscriptions"]


def test_one_table_from_two_places_is_refused(tmp_path: Path) -> None:
    own = "customer_id|name\ncus_1|Ada"
    with pytest.raises(DataError, match="both give the table customers"):
        sm.read(folder(tmp_path, subscriptions=DASHBOARD, customers=own))


def test_the_report_says_what_was_left_out_of_the_export(tmp_path: Path) -> None:
    book = sm.read(folder(tmp_path, subscriptions=DASHBOARD), as_of="2026-05-31")
    said = " ".join(book.tables["subscriptions"].notes)
    assert "made from the exports of Stripe" in said
    assert "1 row whose first payment never came (sub_3)" in said


def test_tables_of_our_own_are_read_as_before(tmp_path: Path) -> None:
    rows = "subscription_id|customer_id|start|amount|interval\ns1|c1|2026-01-01|10|month"
    book = sm.read(folder(tmp_path, subscriptions=rows), as_of="2026-02-28")
    assert sm.revenue.mrr(book).value == 10.0
    assert book.tables["subscriptions"].notes[0].startswith("read from")


def test_each_system_has_a_function_with_help() -> None:
    assert "Billing > Subscriptions > Export" in (sm.importers.stripe.__doc__ or "")
    assert set(IMPORTERS) <= set(dir(sm.importers))


def test_the_page_on_exports_is_the_generated_one(root: Path) -> None:
    written = (root / "docs" / "importers.md").read_text(encoding="utf-8")
    assert written == page(), "python -m saasmetrics.importers.pages > docs/importers.md"


@pytest.mark.parametrize(
    "files",
    [{"subscriptions": DASHBOARD, "tickets": EXPORT}, {"list": LIST}],
    ids=["Stripe and Zendesk", "invoice list"],
)
def test_texts_of_pandas_3_are_read_as_those_of_pandas_2(
    tmp_path: Path, files: dict[str, str]
) -> None:
    then = imported(tmp_path, **files)
    with pd.option_context("mode.string_storage", "pyarrow"):
        now = imported(tmp_path, **files)
    assert str(now) == str(then)
    for name, frame in then.tables.items():
        both = (one.astype("string").fillna("") for one in (frame, now.tables[name]))
        assert len({one.to_csv() for one in both}) == 1, name
