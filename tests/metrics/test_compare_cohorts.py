"""Two cohorts by age, against plain Python, published examples and lifelines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import charts
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.retention.two_cohorts import Side, compared


def side(stayed: float, of: float) -> Side:
    return Side(np.array([[stayed]]), np.array([[of]]), np.array([int(of)]))


# Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: examples (a), (b), (d), (g)
NEWCOMBE = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
]


@pytest.mark.parametrize(("one", "other", "expected"), NEWCOMBE)
def test_the_difference_of_counts_is_newcombes(one: Any, other: Any, expected: Any) -> None:
    made, _ = compared(side(*one), side(*other), 0.95, counted=True)
    assert (made["low"][0], made["high"][0]) == pytest.approx(expected, abs=6e-5)


def random_book(customers: int = 240) -> tuple[sm.Book, pd.DataFrame]:
    """Customers of two plans over a year and a half; those of "pro" stay longer and grow."""
    rng, names = np.random.default_rng(2), pd.period_range("2025-01", periods=18, freq="M")
    rows, who = [], []
    for k in range(customers):
        plan = "pro" if k % 3 else "basic"
        start, life = int(rng.integers(0, 12)), int(rng.geometric(0.06 if plan == "pro" else 0.12))
        price = float(rng.integers(50, 300))
        who.append({"customer_id": f"{k:03}", "plan": plan})
        rows += [
            {
                "customer_id": f"{k:03}",
                "month": str(names[m]),
                "mrr": price * (1.02 if plan == "pro" else 1) ** (m - start),
            }
            for m in range(start, min(start + life, 18))
        ]
    frame = pd.DataFrame(rows)
    book = sm.Book(mrr=frame, customers=pd.DataFrame(who), as_of="2026-06-30")
    return book, frame.merge(pd.DataFrame(who))


def by_hand(
    frame: pd.DataFrame, months: list[str], plans: list[str], age: int, measure: str
) -> tuple[float, float]:
    """Numerator and denominator over customers, one after the other."""
    top = bottom = 0.0
    for _, rows in frame[frame["plan"].isin(plans)].groupby("customer_id"):
        paid = {
            pd.Period(m, "M").ordinal: v for m, v in zip(rows["month"], rows["mrr"], strict=True)
        }
        first = min(paid)
        if (
            str(pd.Period(ordinal=first, freq="M")) not in months
            or first + age > pd.Period("2026-06", "M").ordinal
        ):
            continue
        path = [paid.get(first + t, 0.0) for t in range(age + 1)]
        value = {"logos": float(path[-1] > 0), "net": path[-1], "gross": min(path)}[measure]
        top, bottom = top + value, bottom + (1 if measure == "logos" else path[0])
    return top, bottom


EARLY = [f"2025-{m:02}" for m in range(1, 7)]
LATE = [f"2025-{m:02}" for m in range(7, 13)]


@pytest.mark.parametrize("measure", ["logos", "net", "gross"])
@pytest.mark.parametrize("age", [1, 6, 8, 11])
def test_both_cohorts_are_what_their_customers_add_up_to(measure: str, age: int) -> None:
    book, frame = random_book()
    found = sm.retention.compare_cohorts(
        book, ("2025-01", "2025-06"), {"plan": "pro", "cohort": ("2025-07", "2025-12")}, measure
    )
    row = found.df[found.df["age"] == age].iloc[0]
    for name, months, plans in (("a", EARLY, ["pro", "basic"]), ("b", LATE, ["pro"])):
        top, bottom = by_hand(frame, months, plans, age, measure)
        assert row[name] == pytest.approx(top / bottom)
        rows = found.rows(age=age, cohort=name)
        assert rows["numerator"].sum() == pytest.approx(top)
        assert rows["denominator"].sum() == pytest.approx(bottom)
        assert len(rows) == row[f"{name}_n"]
    assert row["value"] == pytest.approx(row["a"] - row["b"])
    assert row["low"] < row["value"] < row["high"]


def test_the_test_of_customers_is_the_logrank_of_lifelines() -> None:
    from lifelines.statistics import logrank_test

    book, frame = random_book()
    found = sm.retention.compare_cohorts(book, {"plan": "pro"}, {"plan": "basic"})
    lives = {"pro": [], "basic": []}
    for (_, plan), rows in frame.groupby(["customer_id", "plan"]):
        months = [pd.Period(m, "M").ordinal for m in rows["month"]]
        left = max(months) < pd.Period("2026-06", "M").ordinal
        lives[plan].append((len(months) if left else len(months) - 1, left))
    ages = min(max(duration for duration, _ in some) for some in lives.values())
    cut = {k: np.array([(min(d, ages), e and d <= ages) for d, e in v]) for k, v in lives.items()}
    theirs = logrank_test(
        cut["pro"][:, 0], cut["basic"][:, 0], cut["pro"][:, 1], cut["basic"][:, 1]
    )
    ours = found.extra["tables"]["Tests"].iloc[0]
    assert ours["statistic"] == pytest.approx(theirs.test_statistic)
    assert ours["p"] == pytest.approx(theirs.p_value)
    assert found.text.startswith("After 12 months pro keeps ")
    assert f"they differ, p {ours['p']:.3f}" in found.text


def test_the_difference_of_money_is_tested_by_resampling_either_cohort() -> None:
    book, _ = random_book()
    found = sm.retention.compare_cohorts(book, {"plan": "pro"}, {"plan": "basic"}, "net", age=6)
    rng, values = np.random.default_rng(1), []
    parts = {
        plan: found.rows(age=6, cohort=name)[["numerator", "denominator"]].to_numpy()
        for name, plan in (("a", "pro"), ("b", "basic"))
    }
    for _ in range(2000):
        drawn = [p[rng.integers(0, len(p), len(p))].sum(axis=0) for p in parts.values()]
        values.append(drawn[0][0] / drawn[0][1] - drawn[1][0] / drawn[1][1])
    row = found.df[found.df["age"] == 6].iloc[0]
    expected = np.quantile(values, [0.025, 0.975])
    assert (row["low"], row["high"]) == pytest.approx(
        expected, abs=0.15 * (expected[1] - expected[0])
    )
    assert found.extra["tables"]["Tests"]["p"].iloc[0] < 0.05


def test_groups_are_compared_each_by_itself() -> None:
    book, _ = random_book()
    found = sm.retention.compare_cohorts(
        book, ("2025-01", "2025-06"), ("2025-07", "2025-12"), by="plan"
    )
    pro = sm.retention.compare_cohorts(
        book,
        {"plan": "pro", "cohort": ("2025-01", "2025-06")},
        {"plan": "pro", "cohort": ("2025-07", "2025-12")},
    )
    mine = found.df[found.df["plan"] == "pro"].drop(columns="plan").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine.drop(columns="reason"), pro.df.drop(columns="reason"))
    assert len(found.rows(plan="pro", age=3)) == mine["n"][3]
    tests = found.extra["tables"]["Tests"].set_index("plan")
    assert tests.loc["pro", "p"] == pro.extra["tables"]["Tests"]["p"].iloc[0]


def test_ages_that_one_cohort_has_not_reached_are_missing_with_the_reason() -> None:
    book, _ = random_book()
    df = sm.retention.compare_cohorts(book, "2025-01", "2025-12").df.set_index("age")
    assert df.loc[6, "reason"] == ""
    assert np.isnan(df.loc[7, "value"])
    assert df.loc[7, "reason"] == "2025-12 is not yet so old"
    assert not np.isnan(df.loc[7, "a"])


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (
            "2025-01",
            ("2025-01", "2025-03"),
            {},
            "1 customer is in both 2025-01 and 2025-01 to 2025-03",
        ),
        ({"plan": "pro"}, ("2025-01", "2025-06"), {}, "no customer in common"),
        ("2024-01", "2025-01", {}, "first payments run from 2025-01-01 to 2025-12-01"),
        ({"plan": "prp"}, {"plan": "basic"}, {}, "Did you mean 'pro'"),
        (("2025-05", "2025-01"), "2025-06", {}, "runs backwards"),
        (7, "2025-06", {}, "is no cohort"),
        ({}, "2025-06", {}, "names no cohort"),
        ("2025-01", "2025-12", {"age": 9}, "the oldest age of both is 6"),
    ],
)
def test_what_makes_no_sense_is_refused(a: Any, b: Any, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        sm.retention.compare_cohorts(random_book(60)[0], a, b, **options)


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'logos'"):
        sm.retention.compare_cohorts(random_book(20)[0], "2025-01", "2025-02", "logo")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chart_has_both_lines_and_the_difference(theme: str) -> None:
    book, _ = random_book()
    for options in ({}, {"measure": "net", "interval": None}):
        found = sm.retention.compare_cohorts(book, {"plan": "pro"}, {"plan": "basic"}, **options)
        svg = charts.to_svg(found.chart(theme=theme))
        assert "Difference in points" in svg
        assert "NaN" not in svg
