"""Statuses that say whether a subscription pays, and until when; what is not known is left out and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from saasmetrics.errors import DataError
from tests.importers.exports import imported, mrr
from tests.importers.test_billing_systems import ACCOUNTS, CHARGEBEE, CHARGES, SUBSCRIPTIONS
from tests.importers.test_other_systems import ACTIVITIES
from tests.importers.test_stripe import DASHBOARD


def test_a_canceled_stripe_subscription_ends_with_its_cancellation(tmp_path: Path) -> None:
    found = imported(tmp_path, subs=DASHBOARD.replace("|2026-04-02 08:00||false", "|||false"))
    assert mrr(found, "2026-05-31") == [200.0, 200.0, 200.0, 150.0, 150.0]


def test_a_canceled_stripe_subscription_without_a_date_is_left_out(tmp_path: Path) -> None:
    found = imported(tmp_path, subs=DASHBOARD.replace("2026-04-02 08:00", ""))
    assert "that is canceled without a date (sub_2)" in str(found)
    assert mrr(found, "2026-02-28") == [100.0, 100.0]


def test_a_stripe_trial_without_an_end_does_not_pay(tmp_path: Path) -> None:
    found = imported(tmp_path, subs=DASHBOARD.replace("|2026-04-03 09:00", "|"))
    assert "in a trial whose end is not in the export (sub_4)" in str(found)
    assert mrr(found, "2026-05-31")[-1] == 100.0


def test_an_unknown_status_of_stripe_is_left_out_and_named(tmp_path: Path) -> None:
    found = imported(tmp_path, subs=DASHBOARD.replace("|active   |", "|limbo    |"))
    assert "1 row with the unknown status 'limbo' (sub_1)" in str(found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-03-05 08:00:00", "", "cancelled without a date (s2)"),
        ("|active|", "|in_trial|", "in a trial whose end is not in the export (s1)"),
        ("|active|", "|limbo|", "unknown status 'limbo' (s1)"),
        ("|active|", "|paused|", "paused, since when is not in the export (s1)"),
    ],
)
def test_a_chargebee_status_without_its_date_is_left_out(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert said in str(imported(tmp_path, subs=CHARGEBEE.replace(old, new)))


def test_an_interval_that_is_no_whole_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"subs.csv, column 'subscriptions.billing_period' \(period\), row 3: '1.5' is no count",
    ):
        imported(tmp_path, subs=CHARGEBEE.replace("|300.00|3|", "|300.00|1.5|"))


def zuora(place: Path, old: str, new: str, **tables: str) -> str:
    """What is said of an export in which one thing is another."""
    files = {"subscription": SUBSCRIPTIONS, "charge": CHARGES, "account": ACCOUNTS} | tables
    return str(imported(place, **{name: text.replace(old, new) for name, text in files.items()}))


def test_a_cancelled_zuora_charge_ends_with_the_cancellation(tmp_path: Path) -> None:
    charges = CHARGES.replace("2026-01-01|2026-03-31|1", "2026-01-01||1")
    found = imported(tmp_path, subscription=SUBSCRIPTIONS, charge=charges, account=ACCOUNTS)
    assert mrr(found, "2026-04-30") == [140.0, 140.0, 150.0, 150.0]
    undated = SUBSCRIPTIONS.replace("TRUE|2026-03-31|", "TRUE||")
    (tmp_path / "no").mkdir()
    found = imported(tmp_path / "no", subscription=undated, charge=charges, account=ACCOUNTS)
    assert "cancelled without a date (c4)" in str(found)


def test_of_several_latest_zuora_versions_the_highest_that_is_active_counts(tmp_path: Path) -> None:
    said = zuora(tmp_path, "S-1|Expired|1|FALSE", "S-1|Expired|1|TRUE")
    assert "are each the latest version" in said
    draft = SUBSCRIPTIONS.replace("S-1|Active|2|TRUE", "S-1|Active|2|FALSE")
    draft += "v5|a1|S-1|Draft|3|TRUE||TERMED|2026-01-01|2027-01-01|TRUE|2025-12-20"
    (tmp_path / "draft").mkdir()
    found = imported(tmp_path / "draft", subscription=draft, charge=CHARGES, account=ACCOUNTS)
    assert mrr(found, "2026-04-30") == [140.0, 140.0, 150.0, 150.0]


def test_a_zuora_account_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"account.csv: the id 'a1' is there twice"):
        zuora(tmp_path, "a2|Bob|USD", "a1|Bob|EUR")


def test_a_zuora_subscription_without_an_account_has_a_reason_of_its_own(tmp_path: Path) -> None:
    said = zuora(tmp_path, "v3|a2", "v3|")
    assert "subscription.csv: 1 row without an account (v3)" in said
    assert "charge.csv: 1 row of subscriptions without an account (c4)" in said


def test_movements_below_zero_leave_nobody_paying(tmp_path: Path) -> None:
    found = imported(tmp_path, activities=ACTIVITIES.replace("-5.00", "-50.00"))
    assert mrr(found, "2026-04-30") == [100.0, 150.0, 150.0, 0.0]
    assert "takes MRR below 0 (s2)" in str(found)


def test_a_movement_counts_once_and_needs_a_date_and_an_amount(tmp_path: Path) -> None:
    row = "Bob|c2|s2|2026-02-01T10:00:00|20.00|USD|pro|4"
    undated = "Bob|c2|s2||20.00|USD|pro|6\nBob|c2|s2|2026-02-01T10:00:00||USD|pro|7"
    found = imported(tmp_path, activities=f"{ACTIVITIES.strip()}\n{row}\n{undated}")
    assert mrr(found, "2026-04-30") == [100.0, 165.0, 165.0, 15.0]
    for why in ("before with the same uuid", "without a date", "without a movement of MRR"):
        assert why in str(found)
    with pytest.raises(DataError, match="there twice with different values"):
        imported(tmp_path, activities=f"{ACTIVITIES.strip()}\n{row.replace('20.00', '30.00')}")
