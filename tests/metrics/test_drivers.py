"""Why a number moved: parts that sum to the difference, for reasons, customers and groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import saasmetrics as sm
from tests.engine.test_exchange_rates import moving
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick


def cube(rows: list[tuple[str, str, float]], segments: dict[str, str] | None = None) -> sm.Book:
    """A customer cube from (customer, month, MRR)."""
    data = {
        name: [row[i] for row in rows] for i, name in enumerate(("customer_id", "month", "mrr"))
    }
    if segments is None:
        return sm.Book(mrr=data)
    table = {"customer_id": list(segments), "segment": list(segments.values())}
    return sm.Book(mrr=data, customers=table)


def of_case(case: Case) -> sm.Book:
    """The book of a random ledger."""
    book = sm.Book(
        **{name: table.data for name, table in case.tables.items()},
        currency="USD",
        as_of=np.datetime64(case.as_of, "D"),
    )
    return book.with_policy(case.policy)


def steps(result: sm.Result) -> dict[str, float]:
    """What each reason adds."""
    table = result.extra["steps"]
    return dict(zip(table["step"], table["value"], strict=True))


def test_a_shift_between_groups_that_retain_differently_is_mix() -> None:
    # a (SMB) always keeps half of its MRR, b (Enterprise) all of it; only their weights change: 100:100 to 50:150.
    rows = [
        ("a", "2026-01", 100),
        ("b", "2026-01", 100),
        ("a", "2026-02", 50),
        ("b", "2026-02", 100),
    ]
    rows += [
        ("c", "2026-02", 50),
        ("a", "2026-03", 25),
        ("b", "2026-03", 100),
        ("c", "2026-03", 50),
    ]
    book = cube(rows, {"a": "SMB", "b": "Enterprise", "c": "Enterprise"})
    result = sm.retention.drivers(
        book, "nrr", then="2026-02", now="2026-03", by="segment", window=1
    )
    # Then 150 / 200, now 175 / 200; the rates of both groups are the same then and now.
    assert steps(result) == {"mix": pytest.approx(0.125)}
    assert result.extra["segments"]["rate"].abs().max() < 1e-12


def test_without_groups_there_is_no_mix_and_churn_is_told_by_cause() -> None:
    lines = {
        "subscription_id": [1, 2, 3],
        "customer_id": ["a", "b", "c"],
        "start": ["2026-01-01"] * 3,
        "end": [None, "2026-03-10", "2026-03-20"],
        "amount": [50, 25, 25],
        "interval": ["month"] * 3,
        "churn_cause": [None, "voluntary", "involuntary"],
    }
    book = sm.Book(subscriptions=lines, as_of="2026-03-31", currency="USD")
    result = sm.retention.drivers(book, "nrr", then="2026-02", now="2026-03", window=1)
    assert steps(result) == {"churn_voluntary": -0.25, "churn_involuntary": -0.25}
    assert (result.extra["from"], result.extra["to"]) == (1.0, 0.5)


def test_the_way_of_arr_has_new_customers_and_exchange_rates() -> None:
    lines = {
        "subscription_id": [1, 2],
        "customer_id": ["a", "b"],
        "start": ["2026-01-01", "2026-02-10"],
        "amount": [100.0, 10.0],
        "interval": ["month"] * 2,
        "currency": ["EUR", "USD"],
    }
    fx = {"date": ["2026-01-31", "2026-02-28"], "currency": ["EUR"] * 2, "rate": [1.1, 1.2]}
    book = sm.Book(subscriptions=lines, fx=fx, currency="USD", as_of="2026-02-28")
    result = sm.retention.drivers(book, "arr", then="2026-01", now="2026-02")
    assert steps(result) == {"new": pytest.approx(120), "fx": pytest.approx(120)}
    assert result.text.startswith("$1,320 → $1,560 (+$240)")


def test_the_ten_customers_that_moved_it_most_come_first(demo_book: sm.Book) -> None:
    result = sm.retention.drivers(demo_book, "nrr", by="segment")
    assert len(result.extra["top"]) == 10
    sizes = result.df["value"].abs().to_numpy()
    assert (np.diff(sizes) <= 1e-15).all()


@pytest.mark.parametrize("metric", ["nrr", "grr", "arr"])
@pytest.mark.parametrize("by", [None, "segment"])
def test_the_ends_are_the_numbers_themselves(
    demo_book: sm.Book, metric: str, by: str | None
) -> None:
    result = sm.retention.drivers(demo_book, metric, by=by)
    function = sm.revenue.arr if metric == "arr" else getattr(sm.retention, metric)
    df = function(demo_book).df.set_index("period")["value"]
    assert result.extra["to"] == pytest.approx(df.loc["2026-10-01"])
    assert result.extra["from"] == pytest.approx(df.loc["2025-10-01"])


def test_the_footnote_says_which_form_is_explained_where_the_policy_asks_for_another() -> None:
    book = cube([("a", "2026-01", 10), ("a", "2026-02", 10), ("a", "2026-03", 12)])
    asked = ("nrr", "2026-02", "2026-03")
    assert "Explained is" not in sm.retention.drivers(book, *asked, window=1).footnote
    movements = sm.retention.drivers(book.with_policy(nrr="movements"), *asked, window=1)
    assert "Explained is NRR of what the customers paying at the start" in movements.footnote


def test_a_window_without_paying_customers_is_refused() -> None:
    book = cube([("a", "2026-01", 10), ("a", "2026-02", 10)])
    with pytest.raises(sm.DataError, match="Nobody was paying"):
        sm.retention.drivers(book, "nrr", then="2026-01", now="2026-02", window=1)


@quick
@given(
    cases(),
    st.sampled_from(("constant", "line", "spot")),
    st.sampled_from(("nrr", "grr", "arr")),
    st.sampled_from((None, "segment")),
    st.integers(1, 11),
    st.integers(1, 11),
)
def test_parts_sum_to_the_difference_and_turn_with_it(
    case: Case, fx: str, metric: str, by: str | None, early: int, late: int
) -> None:
    book = of_case(moving(case, fx))
    first, periods, _ = book.engine.extent("M")
    days = [int(book.calendar("M").first_day(np.array([first + n]))[0]) for n in (early, late)]
    assume(max(early, late) < periods and early != late)
    then, now = (np.datetime64(day, "D") for day in days)
    try:
        result = sm.retention.drivers(book, metric, then, now, by, window=1)
    except sm.DataError:
        assume(False)
    gap = result.extra["difference"]
    function = sm.revenue.arr if metric == "arr" else getattr(sm.retention, metric)
    asked = {} if metric == "arr" else {"window": 1, "interval": None}
    known = function(book, **asked).df.set_index("period")["value"]
    number = {"rel": 1e-6, "abs": 1e-5}
    assert result.extra["from"] == pytest.approx(known.loc[str(then)], **number)
    assert result.extra["to"] == pytest.approx(known.loc[str(now)], **number)
    close = {"abs": 1e-4 if metric == "arr" else 1e-9}
    assert sum(steps(result).values()) == pytest.approx(gap, **close)
    assert result.df["value"].sum() == pytest.approx(gap, **close)
    if metric != "arr":
        turned = sm.retention.drivers(book, metric, now, then, by, window=1)
        for name, value in steps(turned).items():
            assert value == pytest.approx(-steps(result).get(name, 0.0), abs=1e-9)


def test_organic_nrr_leaves_out_uplifts_and_ended_discounts() -> None:
    # a grows by 5 through an uplift, b by 10 when its discount ends, c by 20 through seats.
    lines = {
        "subscription_id": [1, 2, 3, 4, 5],
        "customer_id": ["a", "a", "b", "c", "c"],
        "start": ["2026-01-01", "2026-02-10", "2026-01-01", "2026-01-01", "2026-02-10"],
        "end": ["2026-02-10", None, None, "2026-02-10", None],
        "amount": [100, 105, 10, 50, 70],
        "list_amount": [None, None, 20, None, None],
        "discount_end": [None, None, "2026-02-01", None, None],
        "escalator": [False, True, False, False, False],
        "quantity": [1, 1, 1, 5, 7],
        "interval": ["month"] * 5,
    }
    book = sm.Book(subscriptions=lines, as_of="2026-02-28", currency="USD")
    assert sm.retention.nrr(book, window=1).value == pytest.approx(195 / 160)
    assert sm.retention.organic_nrr(book, window=1).value == pytest.approx(180 / 160)
    without = book.with_policy(escalators="excluded")
    assert sm.retention.nrr(without, window=1).value == pytest.approx(190 / 160)
    rows = sm.retention.organic_nrr(book, window=1).rows(period="2026-02")
    assert rows["numerator"].sum() == pytest.approx(180)


def test_organic_nrr_of_groups_has_an_interval(demo_book: sm.Book) -> None:
    result = sm.retention.organic_nrr(demo_book, by="segment")
    last = result.df[result.df["complete"]].iloc[-1]
    assert last["low"] < last["value"] < last["high"]
    rows = result.rows(period=last["period"], segment=last["segment"])
    assert rows["numerator"].sum() == pytest.approx(last["numerator"])


def test_one_customer_that_changes_the_story_is_named() -> None:
    rows = [("whale", "2026-01", 90), ("whale", "2026-02", 130)]
    rows += [("shrimp", "2026-01", 10), ("shrimp", "2026-02", 5)]
    result = sm.retention.sensitivity(cube(rows), window=1)
    # 135 / 100 as it is, 5 / 10 and 130 / 90 without one
    assert result.extra["verdict"] == (
        "One customer changes the story: leaving one customer out moves NRR of 135.0% between 50.0% (without whale) "
        "and 144.4% (without shrimp), across 100% and by more than 5 points"
    )


def test_both_ends_of_what_one_customer_moves_are_told_and_judged_by_5_points() -> None:
    rows = [(f"c{n:03}", "2026-01", 10) for n in range(100)]
    rows += [(f"c{n:03}", "2026-02", 9) for n in range(100)]
    even = sm.retention.sensitivity(cube(rows), window=1)
    assert even.text == (
        "No single customer changes the story: leaving one customer out moves NRR of 90.0% between 90.0% and 90.0%, "
        "not across 100% nor by more than 5 points"
    )
    rows += [("big", "2026-01", 1000), ("big", "2026-02", 600)]
    far = sm.retention.sensitivity(cube(rows), window=1)
    # (900 + 600) / 2000 as it is, 900 / 1000 without big, 1491 / 1990 without any other
    assert far.text == (
        "One customer changes the story: leaving one customer out moves NRR of 75.0% between 74.9% (without c000) "
        "and 90.0% (without big), by more than 5 points"
    )


@quick
@given(cases(), st.sampled_from(("nrr", "grr", "logo_churn")), st.integers(0, 11))
def test_leaving_a_customer_out_is_computing_without_it(
    case: Case, metric: str, place: int
) -> None:
    book = of_case(case).with_policy(case.policy.changed(entity="customer"))
    first, periods, _ = book.engine.extent("M")
    period = np.datetime64(first + place % periods, "M").astype("datetime64[D]")
    function = getattr(sm.retention, metric)
    value = function(book, window=1, interval=None).df.set_index("period")["value"].get(period)
    if value is None or np.isnan(value):
        with pytest.raises(sm.DataError, match="Nobody"):
            sm.retention.sensitivity(book, metric, period, window=1)
        return
    df = sm.retention.sensitivity(book, metric, period, window=1).df
    for row in df[df["customer_id"].notna()].itertuples():
        others = sorted({line["customer_id"] for line in case.lines} - {row.customer_id})
        if not others or row.denominator <= 0:
            continue
        rest = book.where(**{"subscriptions.customer_id": others})
        found = function(rest, window=1, interval=None).df.set_index("period")["value"].get(period)
        assert found == pytest.approx(row.value)


SEGMENTS = ("SMB", "Enterprise")


def reckoned(customers: list[tuple[str, list[int]]]) -> tuple[float, float, float] | None:
    """Mix, rates and churn between the NRR of the second and of the third month; None where a segment is empty."""
    opening, closing, lost = {}, {}, {}
    for at in (0, 1):
        for segment in SEGMENTS:
            mine = [levels for who, levels in customers if who == segment and levels[at] > 0]
            opening[segment, at] = sum(levels[at] for levels in mine)
            closing[segment, at] = sum(levels[at + 1] for levels in mine)
            lost[segment, at] = -sum(levels[at] for levels in mine if not levels[at + 1])
    if not all(opening.values()):
        return None
    total = [sum(opening[segment, at] for segment in SEGMENTS) for at in (0, 1)]
    value = [sum(closing[segment, at] for segment in SEGMENTS) / total[at] for at in (0, 1)]
    mix = rates = churn = 0.0
    for segment in SEGMENTS:
        share = [opening[segment, at] / total[at] for at in (0, 1)]
        rate = [closing[segment, at] / opening[segment, at] for at in (0, 1)]
        gone = [lost[segment, at] / opening[segment, at] for at in (0, 1)]
        mix += (share[1] - share[0]) * (sum(rate) - sum(value)) / 2
        rates += sum(share) / 2 * (rate[1] - rate[0])
        churn += sum(share) / 2 * (gone[1] - gone[0])
    return mix, rates, churn


@quick
@given(
    st.lists(
        st.tuples(
            st.sampled_from(SEGMENTS),
            st.lists(st.sampled_from((0, 50, 80, 100)), min_size=3, max_size=3),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_mix_and_rates_are_those_reckoned_group_by_group(
    customers: list[tuple[str, list[int]]],
) -> None:
    # NRR of February and of March, each over one month, in plain Python.
    months = ("2026-01", "2026-02", "2026-03")
    names = [f"c{n}" for n in range(len(customers))]
    book = cube(
        [
            (name, month, mrr)
            for name, (_, levels) in zip(names, customers, strict=True)
            for month, mrr in zip(months, levels, strict=True)
        ],
        dict(zip(names, (segment for segment, _ in customers), strict=True)),
    )
    expected = reckoned(customers)
    assume(expected is not None)
    result = sm.retention.drivers(book, "nrr", "2026-02", "2026-03", "segment", window=1)
    found = steps(result)
    rates = sum(value for name, value in found.items() if name != "mix")
    told = (found.get("mix", 0.0), rates, found.get("churn_unknown", 0.0))
    assert told == pytest.approx(expected, abs=1e-12)


def test_drivers_name_their_periods_and_have_rows_by_reason(demo_book: sm.Book) -> None:
    found = sm.retention.drivers(demo_book, "nrr", then="2025-10", now="2026-10")
    assert found.extra["labels"] == ("NRR Oct 2025", "NRR Oct 2026")
    seats = found.rows(step="seats")
    total = found.extra["steps"].set_index("step").loc["seats", "value"]
    assert seats["seats"].sum() == pytest.approx(total)
    with pytest.raises(sm.DataError, match=r"behind them in \.rows\(step=\.\.\.\)"):
        found.proof()


def test_of_customers_of_one_size_the_first_by_name_is_the_largest_in_every_order_of_rows() -> None:
    table = {
        "customer_id": ["a", "b", "c"] * 2,
        "month": ["2026-01"] * 3 + ["2026-02"] * 3,
        "mrr": [100, 100, 50, 150, 20, 50],
    }
    for order in ([0, 1, 2, 3, 4, 5], [1, 0, 2, 4, 3, 5]):
        book = sm.Book(mrr={name: [values[at] for at in order] for name, values in table.items()})
        found = sm.retention.sensitivity(book, window=1).df.set_index("scenario")["value"]
        assert found["without the largest"] == pytest.approx(70 / 150)
