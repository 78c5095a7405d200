"""Folders with several files of one kind: the one that is named after it counts where the others are something else."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm

SUBSCRIPTIONS = (
    "id,customer_id,status,start_date,ended_at,billing_cycle_anchor\n"
    "s1,c1,active,2026-01-01,,2026-01-01\n"
)
ITEMS = "id,subscription_id,price_id,quantity,created\ni1,s1,p1,1,2026-01-01\n"
PRICES = (
    "id,unit_amount,currency,recurring_interval,recurring_interval_count\np1,5000,usd,month,1\n"
)
COUNTS = {"stripe": 2, "recurly": 4, "recharge": 2, "zuora": 0}


def exports(folder: Path, **more: str) -> Path:
    """Write tables of Stripe as a warehouse has them, and others beside."""
    files = {"subscription_data": SUBSCRIPTIONS, "subscription_item_data": ITEMS} | more
    for name, text in {**files, "price_data": PRICES}.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize("name", ["subscription_history_data", "subscription_data_snowflake"])
def test_a_history_or_a_copy_beside_is_left_aside_and_named(tmp_path: Path, name: str) -> None:
    made = sm.importers.import_folder(exports(tmp_path, **{name: SUBSCRIPTIONS}))
    assert len(made.tables["subscriptions"]) == 1
    said = f"{name}.csv is left aside: subscription_data.csv has the subscriptions"
    assert any(said in note for note in made.notes)


@pytest.mark.parametrize(
    "name", ["subscription_canceled", "subscriptions_2025", "old_subscriptions"]
)
def test_files_that_may_hold_more_rows_are_refused_by_name(tmp_path: Path, name: str) -> None:
    folder = exports(tmp_path, **{name: SUBSCRIPTIONS})
    with pytest.raises(sm.DataError, match=r"are both subscriptions of Stripe") as error:
        sm.importers.import_folder(folder)
    assert name in str(error.value)


def test_all_kinds_that_clash_are_named_at_once(tmp_path: Path) -> None:
    folder = exports(tmp_path, prices_2025=PRICES, subscriptions_2025=SUBSCRIPTIONS)
    with pytest.raises(sm.DataError, match="both subscriptions of Stripe") as error:
        sm.importers.import_folder(folder)
    assert "both prices of Stripe" in str(error.value)


@pytest.mark.parametrize(("system", "many"), COUNTS.items(), ids=list(COUNTS))
def test_the_tables_that_a_warehouse_has_of_a_system_are_read_as_a_folder(
    real_data: Path, system: str, many: int
) -> None:
    folder = real_data / f"fivetran_{system}_seeds"
    if not folder.is_dir():
        pytest.skip(f"the data set {folder.name} is not in {real_data}")
    assert len(sm.importers.import_folder(folder).tables["subscriptions"]) == many


def test_the_support_tables_of_a_warehouse_are_read_as_a_folder(real_data: Path) -> None:
    folder = real_data / "fivetran_zendesk_seeds"
    if not folder.is_dir():
        pytest.skip(f"the data set {folder.name} is not in {real_data}")
    assert len(sm.importers.import_folder(folder).tables["tickets"]) == 8
