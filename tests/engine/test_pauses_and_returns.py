"""Pauses as contraction, visits within one period and returns at another price, where they are easily got wrong."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.engine.movements import FLOWS

RATES = {"date": ["2026-01-01", "2026-05-20"], "currency": ["EUR"] * 2, "rate": [1.0, 1.1]}


def book(*lines: dict[str, Any], **more: Any) -> sm.Book:
    usual = {"customer_id": "a", "start": "2026-01-01", "end": None, "amount": 100}
    rows = [
        {"subscription_id": f"s{n}", "interval": "month", **usual, **line}
        for n, line in enumerate(lines)
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    table = {name: [row.get(name) for row in rows] for name in names}
    policy = {k: more.pop(k) for k in ("pause", "view", "return_price", "same_period") if k in more}
    found = sm.Book(subscriptions=table, as_of="2026-06-30", currency="USD", **more)
    return found.with_policy(**policy)


def moved(found: sm.Book, month: str, **options: Any) -> dict[Any, Any]:
    """What moved MRR in a month, by group if there are any."""
    df = sm.revenue.bridge(found, **options).df
    assert not df["residual"].any()
    df = df[df["period"] == f"{month}-01"]
    by = options.get("by")
    told = {
        (row[by] if by else None): {f: round(row[f], 2) for f in FLOWS if round(row[f], 2)}
        for row in df.to_dict("records")
    }
    return told if by else told[None]


def count(found: sm.Book, month: str, name: str) -> int:
    return int(found.movements().set_index("period").loc[f"{month}-01", name])


PAUSED = {"pause_start": "2026-03-10", "pause_end": "2026-05-10"}


@pytest.mark.parametrize("view", ["snapshot", "event"])
def test_a_customer_in_a_pause_that_is_a_contraction_stays_one(view: str) -> None:
    found = book({**PAUSED}, {"customer_id": "b"}, pause="contraction", view=view)
    assert moved(found, "2026-03") == {"contraction": -100}
    assert moved(found, "2026-05") == {"expansion": 100}
    assert count(found, "2026-03", "customers_churned") == 0
    assert count(found, "2026-03", "customers_contracted") == 1
    assert count(found, "2026-05", "customers_reactivated") == 0
    churn = sm.retention.logo_churn(found, window=1).df.set_index("period")["value"]
    assert not churn["2026-02-01":].any()


@pytest.mark.parametrize("view", ["snapshot", "event"])
def test_who_leaves_out_of_a_pause_takes_no_mrr_and_is_one_customer_less(view: str) -> None:
    gone = {"pause_start": "2026-03-10", "end": "2026-05-10"}
    found = book(gone, {"customer_id": "b"}, pause="contraction", view=view)
    assert moved(found, "2026-03") == {"contraction": -100}
    assert moved(found, "2026-05") == {}
    assert count(found, "2026-05", "customers_churned") == 1
    churn = sm.retention.logo_churn(found, window=1).df.set_index("period")
    assert churn.loc["2026-05-01", ["numerator", "denominator"]].tolist() == [1, 2]


def test_a_pause_of_one_of_two_lines_is_a_contraction_of_its_group_alone() -> None:
    found = book({**PAUSED, "plan": "x"}, {"amount": 70, "plan": "y"}, pause="contraction")
    assert moved(found, "2026-03", by="plan") == {"x": {"contraction": -100}, "y": {}}
    assert moved(found, "2026-05", by="plan") == {"x": {"expansion": 100}, "y": {}}


def test_a_pause_beside_a_gain_is_what_remains_of_both() -> None:
    grown = {"plan": "y", "start": "2026-03-12", "amount": 40}
    found = book({**PAUSED, "plan": "x"}, grown, pause="contraction")
    # By snapshot 100 rests and 40 comes: a contraction of 60, and 40 from one plan to the other.
    assert moved(found, "2026-03") == {"contraction": -60}
    parts = moved(found, "2026-03", by="plan")
    assert parts == {"x": {"contraction": -60, "transfer": -40}, "y": {"transfer": 40}}


def test_a_pause_in_another_currency_counts_at_the_rate_of_its_day() -> None:
    found = book({**PAUSED, "currency": "EUR"}, pause="contraction", fx=RATES)
    assert moved(found, "2026-03") == {"contraction": -100}
    # Back on 10 May at 1.0, and on 20 May the euro rises to 1.1.
    assert moved(found, "2026-05") == {"expansion": 100, "fx": 10}


@pytest.mark.parametrize("view", ["snapshot", "event"])
def test_pauses_have_a_reason_of_their_own(view: str) -> None:
    found = book({**PAUSED}, {"customer_id": "b"}, pause="contraction", view=view)
    df = sm.revenue.movements(found, subtypes=True).df
    told = df[df["value"] != 0].set_index(["movement", "subtype"])["value"].to_dict()
    assert told == {("contraction", "pause"): -100, ("expansion", "pause"): 100}


def test_retention_over_a_pause_is_the_same_number_by_another_name() -> None:
    for pause in ("line", "contraction", "churn"):
        found = book({**PAUSED}, {"customer_id": "b"}, pause=pause)
        values = {
            name: getattr(sm.retention, name)(found, window=1, interval=None)
            .df.set_index("period")
            .loc["2026-03-01", "value"]
            for name in ("nrr", "grr", "logo_churn")
        }
        assert values == {"nrr": 0.5, "grr": 0.5, "logo_churn": 0.5 if pause == "churn" else 0}


RETURN = {"end": "2026-03-10"}


@pytest.mark.parametrize("view", ["snapshot", "event"])
@pytest.mark.parametrize(("amount", "rest"), [(130, "expansion"), (70, "contraction"), (100, "")])
def test_a_return_is_split_in_every_view(view: str, amount: float, rest: str) -> None:
    found = book(RETURN, {"start": "2026-05-10", "amount": amount}, return_price="split", view=view)
    more = {rest: amount - 100} if rest else {}
    assert moved(found, "2026-05") == {"reactivation": 100, **more}
    assert count(found, "2026-05", "customers_reactivated") == 1
    if rest:
        df = sm.revenue.movements(found, subtypes=True).df
        may = df[(df["period"] == "2026-05-01") & (df["value"] != 0)]
        assert may[["movement", "subtype", "value"]].values.tolist() == [
            [rest, "price", amount - 100]
        ]


def test_a_split_return_to_two_plans_fills_them_in_order() -> None:
    back = [{"start": "2026-05-10", "plan": plan, "amount": 80} for plan in ("x", "y")]
    found = book({**RETURN, "plan": "z"}, *back, return_price="split")
    parts = moved(found, "2026-05", by="plan")
    assert parts == {"x": {"reactivation": 80}, "y": {"reactivation": 20, "expansion": 60}, "z": {}}


def test_a_split_return_in_another_currency_counts_at_the_rate_of_its_day() -> None:
    lines = {**RETURN, "currency": "EUR"}, {"start": "2026-05-25", "amount": 130, "currency": "EUR"}
    found = book(*lines, return_price="split", fx=RATES)
    assert moved(found, "2026-05") == {"reactivation": 110, "expansion": 33}


def test_a_visit_that_is_ignored_leaves_the_next_start_new() -> None:
    visit = {"start": "2026-03-03", "end": "2026-03-20"}
    lines = visit, {"start": "2026-05-10"}, {"customer_id": "b"}
    assert moved(book(*lines, view="event", same_period="ignored"), "2026-05") == {"new": 100}
    assert moved(book(*lines, view="event"), "2026-05") == {"reactivation": 100}


def test_a_visit_over_a_month_end_is_no_visit() -> None:
    lines = {"start": "2026-03-20", "end": "2026-04-03"}, {"customer_id": "b"}
    found = book(*lines, view="event", same_period="ignored")
    assert moved(found, "2026-03") == {"new": 100}
    assert moved(found, "2026-04") == {"churn": -100}


def test_rows_behind_the_number_leave_an_ignored_visit_out() -> None:
    visit = {"customer_id": "v", "start": "2026-06-03", "end": "2026-06-20"}
    found = book(
        {"end": "2026-06-10"}, visit, {"customer_id": "b"}, view="event", same_period="ignored"
    )
    rows = sm.retention.gross_churn(found, window=1).rows(period="2026-06")
    assert set(rows["customer_id"]) == {"a", "b"}
    assert rows["numerator"].sum() == 100


@pytest.mark.parametrize("view", ["snapshot", "event"])
@pytest.mark.parametrize(
    ("pause", "march", "may"), [("line", 0, 0), ("contraction", 0.5, -1), ("churn", 0.5, -1)]
)
def test_what_a_pause_takes_from_net_churn_its_end_gives_back(
    view: str, pause: str, march: float, may: float
) -> None:
    # 200 before the pause and 100 in it: a loss of 100 of 200, a gain of 100 of 100, or neither.
    found = book({**PAUSED}, {"customer_id": "b"}, pause=pause, view=view)
    churn = sm.retention.net_churn(found, window=1, interval=None).df.set_index("period")["value"]
    assert churn["2026-03-01":"2026-06-01"].tolist() == [march, 0, may, 0]


@pytest.mark.parametrize("by", [None, "plan"])
def test_who_resumes_is_not_won_back(by: str | None) -> None:
    found = book({**PAUSED, "plan": "x"}, {"customer_id": "b", "plan": "y"})
    rows = found.pairs(1, by=by).set_index("period").loc[["2026-05-01"]]
    assert rows["resumed"].sum() == 100_000_000
    assert rows["reactivation"].sum() == 0
    nrr = sm.retention.nrr(found.with_policy(reactivation="in"), window=1, interval=None)
    assert nrr.df.set_index("period").loc["2026-05-01", "value"] == 1


@pytest.mark.parametrize("pause", ["line", "contraction"])
def test_who_is_paused_at_the_end_of_its_first_period_is_of_the_cohort_in_which_it_pays(
    pause: str,
) -> None:
    rests = {"pause_start": "2026-01-20", "pause_end": "2026-03-10"}
    found = book({"customer_id": "a"}, {"customer_id": "b", **rests}, pause=pause)
    net = sm.retention.cohorts(found, measure="net", interval=None).df.dropna(subset="value")
    assert set(net["value"]) == {1.0}
    assert dict(net[net["age"] == 0].set_index("cohort")["n"].items()) == {
        pd.Timestamp("2026-01-01"): 1,
        pd.Timestamp("2026-03-01"): 1,
    }
