"""Cohorts: what makes one, which customers are old enough to count, and what stands on both sides."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm


def cube(**mrr: list[float]) -> sm.Book:
    """MRR per month from January 2025 on, by customer."""
    rows = {
        "customer_id": [who for who, amounts in mrr.items() for _ in amounts],
        "month": [f"2025-{m + 1:02}" for amounts in mrr.values() for m in range(len(amounts))],
        "mrr": [amount for amounts in mrr.values() for amount in amounts],
    }
    return sm.Book(mrr=rows)


def lines(*rows: tuple[str, str, str | None, float, str]) -> dict[str, list[object]]:
    """Monthly subscriptions: customer, start, end, amount, plan."""
    who, start, end, amount, plan = zip(*rows, strict=True)
    return {
        "subscription_id": [f"s{n}" for n in range(len(rows))],
        "customer_id": list(who),
        "start": list(start),
        "end": list(end),
        "amount": list(amount),
        "interval": ["month"] * len(rows),
        "plan": list(plan),
    }


@pytest.fixture
def company() -> sm.Book:
    """Four who pay, one of them before signing up, and two who never do."""
    return sm.Book(
        as_of="2025-06-30",
        subscriptions=lines(
            ("a", "2025-01-10", None, 100, "pro"),
            ("b", "2025-02-10", "2025-04-01", 50, "basic"),
            ("c", "2025-03-10", None, 2000, "pro"),
            ("d", "2025-04-10", None, 10, "basic"),
        ),
        customers={
            "customer_id": list("abcdef"),
            "created_at": [
                *("2025-01-02", "2025-01-05", "2025-03-01"),
                *("2025-05-01", "2025-01-20", "2025-07-01"),
            ],
            "channel": ["ads", "ads", "web", "web", "ads", "tv"],
        },
    )


def test_everybody_who_signed_up_is_below_the_line_whether_or_not_they_paid(company) -> None:
    result = sm.retention.cohorts(company, cohort="sign_up")
    january = result.df[result.df["cohort"] == "2025-01-01"]
    # a, b and e signed up in January; a pays from January, b in February and March
    assert january["denominator"].tolist() == [3] * 6
    assert january["numerator"].tolist() == [1, 2, 2, 1, 1, 1]
    assert "1 customer paid before signing up and counts from the first payment" in result.footnote
    assert "2025-07-01" not in set(
        result.df["cohort"].astype(str)
    )  # f signs up after the as-of day


def test_sign_ups_open_to_their_customers_also_those_who_never_paid(company) -> None:
    rows = sm.retention.cohorts(company, cohort="sign_up").rows(cohort="2025-01", age=1)
    assert rows.set_index("customer_id")["numerator"].to_dict() == {"a": 1, "b": 1, "e": 0}
    assert rows["denominator"].sum() == 3


@pytest.mark.parametrize("later", [0.5, 2.0])
def test_money_of_sign_ups_is_at_the_rates_of_its_own_period(later: float) -> None:
    book = sm.Book(
        as_of="2025-04-30",
        currency="USD",
        subscriptions=lines(("a", "2025-02-10", None, 100, "pro")) | {"currency": ["EUR"]},
        customers={"customer_id": ["a"], "created_at": ["2025-01-02"]},
        fx={
            "date": ["2025-01-01", "2025-03-10", "2025-04-20"],
            "currency": ["EUR"] * 3,
            "rate": [1.0, 1.2, later],
        },
    )
    result = sm.retention.cohorts(book, "mrr", cohort="sign_up")
    assert result.df["numerator"].tolist() == pytest.approx([0, 100, 120, 100 * later])
    for age, mrr in enumerate((0, 100, 120, 100 * later)):
        rows = result.rows(cohort="2025-01", age=age)
        assert rows["numerator"].tolist() == pytest.approx([mrr])


def test_sign_ups_by_group_hold_groups_of_which_nobody_pays(company) -> None:
    late = sm.Book(
        as_of="2025-06-30",
        subscriptions=lines(("a", "2025-01-10", None, 100, "pro")),
        customers={
            "customer_id": ["a", "x"],
            "created_at": ["2025-01-02", "2025-02-02"],
            "channel": ["ads", "tv"],
        },
    )
    df = sm.retention.cohorts(late, cohort="sign_up", by="channel").df
    tv = df[df["channel"] == "tv"]
    assert (tv["denominator"] == 1).all()
    assert (tv.loc[tv["observed"], "value"] == 0).all()


def test_money_has_no_base_at_sign_up(company) -> None:
    with pytest.raises(sm.DataError, match="at sign-up there is none"):
        sm.retention.cohorts(company, measure="net", cohort="sign_up")


def test_sign_up_without_dates_says_which_column_is_missing() -> None:
    with pytest.raises(sm.DataError, match=r"customers"):
        sm.retention.cohorts(cube(a=[1, 1]), cohort="sign_up")


def test_a_column_makes_cohorts_of_those_old_enough_at_each_age(company) -> None:
    df = sm.retention.cohorts(company, cohort="channel").df
    ads = df[df["cohort"] == "ads"].set_index("age")
    # a from January (ages 0 to 5), b from February to March (ages 0 to 4, gone from age 2)
    assert ads["denominator"].tolist() == [2, 2, 2, 2, 2, 1]
    assert ads["numerator"].tolist() == [2, 2, 1, 1, 1, 1]
    web = df[df["cohort"] == "web"].set_index("age")
    assert web["denominator"].tolist()[:4] == [2, 2, 2, 1]
    assert web["observed"].tolist() == [True] * 4 + [False] * 2
    assert web["value"].isna().tolist() == [False] * 4 + [True] * 2


def test_the_band_of_a_customer_is_that_of_its_first_arr(company) -> None:
    df = sm.retention.cohorts(company, cohort="arr_band", measure="net").df
    first = df[df["age"] == 0].set_index("cohort")["n"].to_dict()
    # yearly: a 1,200, b 600, c 24,000, d 120
    assert {k: v for k, v in first.items() if v} == {"under 1k": 2, "1k to 5k": 1, "5k to 25k": 1}


def test_gross_profit_adds_up_month_by_month_over_all_customers_won() -> None:
    book = cube(a=[100, 100, 50], b=[100, 0, 0])
    result = sm.retention.cohorts(book, measure="gross_profit", margin=0.8)
    assert result.df["value"].tolist() == pytest.approx([80, 120, 140])  # (200, 300, 350) x 0.8 / 2
    rows = result.rows(cohort="2025-01", age=2).set_index("customer_id")["numerator"]
    assert rows.to_dict() == pytest.approx({"a": 200, "b": 80})


def test_pooled_cohorts_are_known_only_where_all_in_them_are() -> None:
    book = cube(a=[10, 10, 10, 10], b=[0, 10, 0, 0], c=[0, 0, 10, 10])
    result = sm.retention.cohorts(book, cohort_freq="Q")
    first = result.df[result.df["cohort"] == "2025-01-01"]
    assert first["numerator"].tolist()[:2] == [3, 2]
    assert first["state"].tolist() == ["observed", "observed", "immature", "immature"]
    assert first["value"].isna().tolist() == [False, False, True, True]
    assert result.extra["average"]["numerator"].tolist() == [3, 2]
    assert set(result.rows(cohort="2025-01", age=1)["customer_id"]) == {"a", "b", "c"}


def test_the_period_that_is_running_is_kept_apart_from_those_to_come() -> None:
    book = cube(a=[10, 10, 10], b=[0, 10, 10]).as_of("2025-03-15")
    df = sm.retention.cohorts(book).df
    young = df[df["cohort"] == "2025-02-01"]
    assert young["state"].tolist() == ["observed", "immature"]
    assert young["reason"].tolist()[1].startswith("the period is not over")


def test_everybody_is_there_at_age_0_without_doubt() -> None:
    df = sm.retention.cohorts(cube(a=[10, 10], b=[10, 0])).df
    assert df[["low", "high"]].to_numpy()[0].tolist() == [1, 1]
    assert 0 < df["low"][1] < 0.5 < df["high"][1] < 1


MEASURES = ("logos", "net", "gross", "gross_profit")


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """MRR of 40 customers over 14 months, with gaps and changes."""
    draw = np.random.default_rng(5)
    starts, amounts = draw.integers(0, 12, 40), draw.integers(1, 9, (40, 14)) * 10.0
    amounts[draw.random((40, 14)) < 0.25] = 0
    amounts[np.arange(14)[None, :] < starts[:, None]] = 0
    months = pd.date_range("2025-01-01", periods=14, freq="MS").strftime("%Y-%m")
    wide = pd.DataFrame(amounts, columns=months).assign(customer_id=[f"c{n}" for n in range(40)])
    return wide.melt("customer_id", var_name="month", value_name="mrr")


def by_hand(panel: pd.DataFrame, measure: str, members: set[str], age: int) -> tuple[float, float]:
    """Walk through every customer old enough at an age."""
    top = bottom = 0.0
    for who, mine in panel.groupby("customer_id"):
        paid = mine.sort_values("month")["mrr"].tolist()
        begun = next((n for n, amount in enumerate(paid) if amount > 0), None)
        if who not in members or begun is None or begun + age >= len(paid):
            continue
        life = paid[begun : begun + age + 1]
        top += {
            "logos": float(life[-1] > 0),
            "net": life[-1],
            "gross": min(life),
            "gross_profit": 0.7 * sum(life),
        }[measure]
        bottom += life[0] if measure in ("net", "gross") else 1
    return top, bottom


@pytest.mark.parametrize("measure", MEASURES)
def test_each_age_of_a_column_is_a_walk_through_its_customers(panel, measure) -> None:
    ids = sorted(set(panel["customer_id"]))
    half = {who: "left" if n % 2 else "right" for n, who in enumerate(ids)}
    customers = {"customer_id": ids, "side": [half[who] for who in ids]}
    book = sm.Book(mrr=panel, customers=customers)
    margin = 0.7 if measure == "gross_profit" else None
    result = sm.retention.cohorts(book, measure, cohort="side", margin=margin)
    for row in result.df[result.df["observed"]].itertuples():
        members = {who for who in ids if half[who] == row.cohort}
        top, bottom = by_hand(panel, measure, members, row.age)
        assert (row.numerator, row.denominator) == (pytest.approx(top), pytest.approx(bottom))
        assert row.low <= row.value + 1e-9
        rows = result.rows(cohort=row.cohort, age=row.age)
        assert rows["numerator"].sum() == pytest.approx(top)
        assert rows["denominator"].sum() == pytest.approx(bottom)
    whole = result.extra["average"]
    for row in whole.itertuples():
        assert (row.numerator, row.denominator) == pytest.approx(
            by_hand(panel, measure, set(ids), row.age)
        )


@pytest.mark.parametrize("measure", ["logos", "mrr", "gross_profit"])
def test_rows_of_a_cohort_sum_to_both_sides(panel, measure) -> None:
    margin = 0.7 if measure == "gross_profit" else None
    result = sm.retention.cohorts(sm.Book(mrr=panel), measure, margin=margin)
    for row in result.df[result.df["observed"]].iloc[::5].itertuples():
        rows = result.rows(cohort=row.cohort, age=row.age)
        assert rows["numerator"].sum() == pytest.approx(row.numerator)
        assert rows["denominator"].sum() == pytest.approx(row.denominator)


def test_the_interval_of_money_is_that_of_drawing_customers_anew(panel) -> None:
    result = sm.retention.cohorts(sm.Book(mrr=panel), "net")
    average = result.extra["average"].set_index("age").loc[6]
    draw, ids = np.random.default_rng(1), sorted(set(panel["customer_id"]))
    each = [by_hand(panel, "net", {who}, 6) for who in ids]
    counts = draw.multinomial(len(ids), [1 / len(ids)] * len(ids), size=4000)
    sides = counts @ np.array(each)
    low, high = np.quantile(sides[:, 0] / sides[:, 1], [0.025, 0.975])
    assert average["low"] == pytest.approx(low, abs=0.08)
    assert average["high"] == pytest.approx(high, abs=0.08)


def test_a_longer_cohort_is_longer_than_its_unit_of_age() -> None:
    with pytest.raises(sm.DataError, match="cohort_freq='M'"):
        sm.retention.cohorts(cube(a=[1, 1]), freq="Q", cohort_freq="M")


def test_a_day_of_sign_up_is_read_as_a_date(company) -> None:
    created = company.frame("customers")["created_at"].iloc[0]
    assert pd.Timestamp(created).date() == date(2025, 1, 2)


def test_only_gross_retention_speaks_of_its_floor(demo_book: sm.Book) -> None:
    floor = demo_book.policy.sentence("cohort_floor")
    assert floor in sm.retention.cohorts(demo_book, "gross", interval=None).footnote
    for measure in ("logos", "net", "mrr"):
        assert floor not in sm.retention.cohorts(demo_book, measure, interval=None).footnote
