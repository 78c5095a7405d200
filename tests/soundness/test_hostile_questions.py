"""Questions that once got a wrong answer, two answers, or a traceback."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm

if TYPE_CHECKING:
    from pathlib import Path

D, E, F, R, S, T = sm.definitions, sm.economics, sm.forecast, sm.revenue, sm.survival, sm.retention


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=80, seed=11)


@pytest.mark.parametrize(("window", "freq"), [(1, "Q"), (1, "M"), (2, "Q"), (5, "Q"), (18, "Y")])
def test_drivers_look_back_as_far_as_nrr(demo: sm.Book, window: int, freq: str) -> None:
    read = demo.with_policy(window=window)
    rate, why = T.nrr(read, freq=freq), T.drivers(read, "nrr", freq=freq)
    assert rate.context.options["window"] == why.context.options["window"]
    parts = why.extra["from"] + why.extra["steps"]["value"].sum()
    assert rate.value == pytest.approx(parts, abs=1e-9)


@pytest.mark.parametrize("window", [-1, 0, 2.5, "", [], pd.NaT, math.nan, True])
def test_a_window_that_is_no_number_of_periods_is_refused(demo: sm.Book, window: object) -> None:
    for ask in (T.drivers, lambda b, window: T.nrr(b, window=window)):
        with pytest.raises(sm.DataError, match="is not a number of months, at least 1"):
            ask(demo, window=window)


@pytest.mark.parametrize("choice", ["window", "ltv_churn_months"])
def test_a_policy_looks_back_at_least_one_month(choice: str) -> None:
    with pytest.raises(sm.DataError, match="whole number from 1 to"):
        sm.Policy(**{choice: 0})
    assert getattr(sm.Policy(**{choice: 1}), choice) == 1
    assert sm.Policy(gap_days=0, lag=0).lag == 0  # no gap and no lag are choices


def test_a_month_as_the_as_of_date_is_its_last_day_wherever_it_is_given(tmp_path: Path) -> None:
    rows = {"customer_id": ["a"] * 3, "month": ["2026-02", "2026-03", "2026-04"], "mrr": [1, 2, 3]}
    pd.DataFrame(rows).to_csv(tmp_path / "mrr.csv", index=False)
    books = [
        sm.Book(mrr=rows, as_of="2026-03"),
        sm.Book(mrr=rows).as_of("2026-03"),
        sm.read(tmp_path, as_of="2026-03"),
        sm.Book.read(tmp_path, as_of="2026-03"),
        sm.read_snapshots({"2026-03": tmp_path}),
    ]
    assert [book.as_of_text for book in books] == ["2026-03-31"] * 5
    assert sm.Book(mrr=rows, as_of="2026").as_of_text == "2026-12-31"
    assert sm.Book(mrr=rows, as_of="2026-03-01").as_of_text == "2026-03-01"


@pytest.mark.parametrize("mrr", [7.6e11, 7.4e11])
def test_arr_of_very_large_mrr_is_refused_or_exact(mrr: float) -> None:
    """12 x 0.76 trillion is above the 9 trillion that 64 bits of micro-units hold, 12 x 0.74 trillion is not."""
    book = sm.Book(
        mrr={"customer_id": ["a"] * 2, "month": ["2026-01", "2026-02"], "mrr": [mrr] * 2}
    )
    assert R.mrr(book).value == mrr
    asks = (
        R.arr,
        lambda b: R.tiers(b, window=1),
        lambda b: R.mrr(b, by="arr_band"),
        lambda b: R.arr(b).rows(),
    )
    for ask in asks:
        if mrr > 7.5e11:
            with pytest.raises(sm.DataError, match="held exactly"):
                ask(book)
        else:
            ask(book)
    if mrr < 7.5e11:
        assert R.arr(book).value == 12 * mrr


def test_a_sum_over_the_ages_of_a_customer_is_refused_or_exact() -> None:
    from saasmetrics.engine.cohorts import aged
    from saasmetrics.engine.ledger import Ledger

    for level, fits in ((10**17, True), (10**18, False)):
        one = np.zeros(1, np.int32)
        seen = Ledger(one, one, np.array([level]), None, 1)
        if fits:
            assert aged(seen, one.astype(np.int64), one.astype(np.int64), 89)["total"].tolist() == [
                90 * level
            ]
        else:
            with pytest.raises(sm.DataError, match="held exactly"):
                aged(seen, one.astype(np.int64), one.astype(np.int64), 89)


def test_invoices_too_large_to_be_reconciled_by_days_are_refused() -> None:
    line = {"subscription_id": [1], "customer_id": ["a"], "start": ["2026-01-01"], "amount": [10]}
    bill = {"invoice_id": [1], "customer_id": ["a"], "date": ["2026-01-01"], "amount": [8e12]}
    book = sm.Book(subscriptions=line | {"interval": ["month"]}, invoices=bill, as_of="2026-01-31")
    with pytest.raises(sm.DataError, match="held exactly"):
        R.reconcile(book)


def test_months_before_1970_are_as_good_as_later_ones() -> None:
    """The same company sixty years later has the same numbers."""
    lines = [
        ("s1", "a", 0, 4, "x", 10.0),
        ("s2", "a", 2, None, "y", 7.0),
        ("s3", "b", 1, 5, "x", 3.0),
    ]

    def company(year: int) -> sm.Book:
        def day(month: int | None) -> str | None:
            return None if month is None else f"{year}-{month + 1:02}-01"

        rows = [(s, c, day(a), day(b), plan, amount, "month") for s, c, a, b, plan, amount in lines]
        names = ["subscription_id", "customer_id", "start", "end", "plan", "amount", "interval"]
        return sm.Book(subscriptions=pd.DataFrame(rows, columns=names), as_of=f"{year}-12-31")

    for ask in (
        R.balances,
        R.committed,
        lambda b, by=None: T.nrr(b, window=1, by=by),
        R.movements,
    ):
        for by in (None, "plan"):
            old, new = (ask(company(year), by=by).df for year in (1961, 2021))
            drop = [name for name in ("period",) if name in old]
            pd.testing.assert_frame_equal(old.drop(columns=drop), new.drop(columns=drop))


def test_a_comparison_is_proven_policy_by_policy(demo: sm.Book) -> None:
    both = D.compare(demo, "nrr", ["default", {"reactivation": "in"}])
    with pytest.raises(sm.DataError, match=r"proof\(policy='default'\)"):
        both.proof()
    with pytest.raises(sm.DataError, match="no policy in this comparison"):
        both.proof(policy="none")
    for policy, book in (("default", demo), ("default*", demo.with_policy(reactivation="in"))):
        found, alone = both.proof(policy=policy), T.nrr(book).proof()
        assert (found.value, found.holds) == (alone.value, True)
        assert found.facts["Policy"] == alone.facts["Policy"]
        pd.testing.assert_frame_equal(found.rows, alone.rows)


def test_numbers_of_no_company_are_written_to_a_workbook(tmp_path: Path) -> None:
    import openpyxl

    path = S.fit_shares([1, 0.9, 0.8, 0.7]).to_xlsx(tmp_path / "shares.xlsx")
    assert "age 3 of the table" in str(list(openpyxl.load_workbook(path)["Definition"].values))


def test_a_company_that_was_never_paid_has_reasons_not_tracebacks() -> None:
    unpaid = sm.Book(
        mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [0]},
        customers={"customer_id": ["a"], "created_at": ["2025-12-05"]},
        spend={"month": ["2026-01"], "function": ["sales"], "amount": [100]},
    )
    assert E.cac(unpaid).value is None
    one = T.cohorts(unpaid, cohort="arr_band")
    assert one.df[["value", "low", "high"]].isna().all(axis=None)
    assert one.proof().value is None


def test_cox_without_enough_churn_says_what_to_do() -> None:
    """Of 40 customers seen for two years hardly anybody has left by the yearly snapshots."""
    with pytest.raises(sm.DataError, match="take shorter periods"):
        S.cox(sm.demo(customers=40, seed=9), "segment", freq="Y")


def test_a_cohort_without_a_name_is_refused(demo: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="what makes a cohort"):
        T.cohorts(demo, cohort="")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"customer_id": "a", "month": "2026-01", "mrr": 1}, "customer_id is one value, 'a'"),
        ({"customer_id": ["a"], "month": ["2026-01"], "mrr": 1}, "mrr is one value, 1"),
        ({"customer_id": np.array(5), "month": ["2026-01"], "mrr": [1]}, "is one value"),
        ({"customer_id": [("a", 1)], "month": ["2026-01"], "mrr": [1]}, r"no table has \(tuple\)"),
    ],
)
def test_what_is_no_column_is_refused_with_what_to_write(rows: dict, words: str) -> None:
    with pytest.raises(sm.DataError, match=words):
        sm.Book(mrr=rows)


def test_generators_are_columns() -> None:
    rows = {"customer_id": (name for name in "ab"), "month": ("2026-01",) * 2, "mrr": range(1, 3)}
    assert R.mrr(sm.Book(mrr=rows)).value == 3


@pytest.mark.parametrize("levers", [{"seats": -1}, {"price": -1}])
@pytest.mark.parametrize("by", [None, "segment"])
def test_levers_at_their_lowest_give_ranges(demo: sm.Book, levers: dict, by: str | None) -> None:
    df = F.mrr(demo, scenario=levers, by=by).df
    assert df[["value", "low", "high"]].notna().all(axis=None)
    assert (df["low"] >= 0).all()
    assert (df["low"] <= df["high"]).all()


@pytest.mark.parametrize("seed", [2, 3, 6, 11])
def test_a_sum_of_contracts_is_proven_to_its_last_digit(seed: int) -> None:
    """A contract of $1,237.39 a year is 103.115833... a month: what is reported is rounded to a micro-unit."""
    found = R.renewal_base(sm.demo(customers=80, seed=seed), by="segment")
    for row in found.df[found.df["complete"]].tail(24).itertuples():
        proof = found.proof(period=row.period, segment=row.segment)
        assert proof.holds, proof


def test_a_ratio_that_is_off_is_still_told(demo: sm.Book) -> None:
    from dataclasses import replace

    good = T.nrr(demo).proof()
    assert good.holds
    assert not replace(good, value=good.value + 1e-8).holds
    money = R.mrr(demo).proof()
    assert not replace(money, value=money.value + 1e-3).holds


def test_half_of_a_character_is_told() -> None:
    customers = {"customer_id": ["a"], "segment": ["x\ud800"]}
    rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [1]}
    for table in (customers, pd.DataFrame(customers, dtype=object)):
        with pytest.raises(sm.DataError, match=r"customers\.segment holds half of a character"):
            sm.Book(mrr=rows, customers=table)
