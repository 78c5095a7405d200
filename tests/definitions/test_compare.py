"""One number under several policies side by side, on the company of conftest.py."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.engine.invoices import invoice_words
from saasmetrics.policy import Policy


def values(found: sm.Result, period: str = "2026-06-01") -> dict[str, float]:
    df = found.df[found.df["period"] == period]
    return dict(zip(df["policy"], df["value"].round(9), strict=True))


def test_each_policy_has_the_number_that_the_metric_has_under_it(june: sm.Book) -> None:
    policies: list[Any] = [*sm.Policy.presets()]
    for metric in ("nrr", "grr", "gross_churn", "net_churn", "logo_churn"):
        found = sm.definitions.compare(june, metric, policies, window=1)
        assert found.kind == "comparison"
        for name, value in values(found).items():
            under = june.with_policy(name)
            alone = getattr(sm.retention, metric)(under, window=1, interval=None)
            assert value == pytest.approx(alone.value, abs=1e-9), (metric, name)


def test_numerators_and_denominators_stand_beside_the_values(june: sm.Book) -> None:
    found = sm.definitions.compare(june, "nrr", ["default", {"reactivation": "in"}], window=1)
    last = found.df[found.df["period"] == "2026-06-01"]
    assert last["numerator"].tolist() == [250, 330]
    assert last["denominator"].tolist() == [440, 440]


def test_what_the_policies_do_not_share_is_told_in_words(june: sm.Book) -> None:
    found = sm.definitions.compare(june, "nrr", ["default", "skok", {"pause": "churn"}], window=1)
    told = found.extra["differences"].set_index("choice")
    assert told.columns.tolist() == ["rule", "title", "default", "skok", "default*"]
    assert told.loc["pause", "default*"] == Policy(pause="churn").sentence("pause")
    assert told.loc["pause", "default"] == told.loc["pause", "skok"]


def test_the_footnote_names_the_policies_and_leaves_their_choices_to_the_table(
    june: sm.Book,
) -> None:
    found = sm.definitions.compare(june, "nrr", ["default", "skok", "stripe"], window=1)
    assert found.notes[0] == (
        "Policies: default v1, skok v1, stripe v1; the table “What they do not share” says each one's choices"
    )
    only_stripe = Policy.named("stripe").sentence("churn_date")
    assert only_stripe not in found.footnote
    assert only_stripe in found.extra["tables"]["What they do not share"]["stripe"].tolist()


def test_rows_that_policies_leave_out_in_different_number_are_told_with_the_policy() -> None:
    # b begins after the as-of date, c is on trial then: "included" counts the trial, so it leaves out b alone.
    rows = pd.DataFrame(
        {
            "subscription_id": ["a", "b", "c"],
            "customer_id": ["a", "b", "c"],
            "start": ["2026-01-01", "2026-09-01", "2026-06-01"],
            "trial_end": [None, None, "2026-07-15"],
            "amount": 100.0,
            "interval": "month",
        }
    )
    book = sm.Book(subscriptions=rows, as_of="2026-06-30")
    found = sm.definitions.compare(book, "nrr", ["default", {"trial": "included"}], window=1)
    assert [note for note in found.notes if "after the as-of date" in note] == [
        "2 subscriptions rows start, or leave their trial, after the as-of date and are left out (default)",
        "1 subscriptions row starts, or leaves its trial, after the as-of date and is left out (default*)",
    ]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 0, None, None), ["1 invoice line is not recurring and is left out of MRR"]),
        ((0, 2, None, None), ["2 invoice lines are refunds and are left out of MRR"]),
        ((0, 0, 1, None), ["1 invoice line is spread by days over its service dates"]),
    ],
)
def test_what_is_said_of_invoice_lines_agrees_in_number(counts: Any, said: list[str]) -> None:
    assert invoice_words(*counts) == said


def test_policies_of_one_name_are_numbered(june: sm.Book) -> None:
    found = sm.definitions.compare(june, "nrr", [{"pause": "churn"}, {"pause": "kept"}], window=1)
    assert list(values(found)) == ["default*", "default* 2"]


def test_the_customers_behind_a_cell_are_those_of_its_policy(june: sm.Book) -> None:
    found = sm.definitions.compare(june, "nrr", ["default", {"reactivation": "in"}], window=1)
    rows = found.rows(policy="default*", period="2026-06")
    assert rows["numerator"].sum() == 330
    assert "back" in set(rows.loc[rows["numerator"] > 0, "customer_id"])
    with pytest.raises(sm.DataError, match="default"):
        found.rows(policy="defualt", period="2026-06")


@pytest.mark.parametrize(
    ("metric", "policies", "message"),
    [
        ("nrr", [], "at least one policy"),
        ("nrr", ["stirpe"], "Did you mean 'stripe'"),
        ("bridge", ["default"], "not one number per period"),
        ("nrrr", ["default"], "Did you mean 'nrr'"),
    ],
)
def test_what_cannot_be_compared_says_why(
    june: sm.Book, metric: str, policies: list[str], message: str
) -> None:
    with pytest.raises(sm.DataError, match=message):
        sm.definitions.compare(june, metric, policies)
