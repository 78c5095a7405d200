"""The rows of a proof sum to both sides of its number, for random ledgers, policies, groups and periods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick

Asked = Callable[..., sm.Result]


def _existing_share(book: sm.Book, window: int, **options: Any) -> sm.Result:
    return sm.revenue.existing_share(book, months=window, **options)


RATES: dict[str, Asked] = {
    "nrr": sm.retention.nrr,
    "grr": sm.retention.grr,
    "gross_churn": sm.retention.gross_churn,
    "net_churn": sm.retention.net_churn,
    "logo_retention": sm.retention.logo_retention,
    "quick_ratio": sm.revenue.quick_ratio,
    "existing_share": _existing_share,
}
FLOWS = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "pause", "closing")


def of_case(case: Case) -> sm.Book:
    """The book of a random ledger, with rates of exchange that move."""
    book = sm.Book(
        **{name: table.data for name, table in case.tables.items()},
        currency="USD",
        as_of=np.datetime64(case.as_of, "D"),
        fiscal_start=case.fiscal_start,
    )
    return book.with_policy(case.policy)


def _cells(result: sm.Result, place: int) -> dict[str, Any]:
    row = result.df.iloc[place % len(result.df)]
    return {name: row[name] for name in (*result.by, "period", "cohort", "age") if name in row}


@settings(quick, max_examples=40)
@given(
    case=cases(),
    name=st.sampled_from(tuple(RATES)),
    by=st.sampled_from((None, None, "segment", "plan")),
    window=st.sampled_from((1, 3, 12)),
    fx=st.sampled_from(("constant", "line")),
    place=st.integers(0, 200),
)
def test_rows_sum_to_both_sides_of_a_rate(
    case: Case, name: str, by: str | None, window: int, fx: str, place: int
) -> None:
    book = of_case(case).with_policy(case.policy.changed(fx=fx))
    result = RATES[name](book, window=window, by=by, interval=None)
    assume(len(result.df))
    proof = result.proof(**_cells(result, place))
    assert proof.trace is not None
    assert proof.holds, proof
    rows = proof.rows
    assert rows["numerator"].sum() == pytest.approx(proof.numerator, abs=1e-6)
    assert rows["denominator"].sum() == pytest.approx(proof.denominator, abs=1e-6)
    assert rows["customer_id"].is_unique


@settings(quick, max_examples=25)
@given(case=cases(), movement=st.sampled_from(FLOWS), place=st.integers(0, 200))
def test_rows_sum_to_a_movement(case: Case, movement: str, place: int) -> None:
    result = sm.revenue.bridge(of_case(case), by="segment")
    assume(len(result.df))
    proof = result.proof(movement=movement, **_cells(result, place))
    assert proof.trace is not None
    assert proof.holds, proof


@settings(quick, max_examples=25)
@given(
    case=cases(),
    measure=st.sampled_from(("logos", "net", "gross", "mrr")),
    since=st.booleans(),
    place=st.integers(0, 2000),
)
def test_rows_sum_to_a_cell_of_a_triangle(
    case: Case, measure: str, since: bool, place: int
) -> None:
    book = of_case(case)
    if since and case.since is not None:
        book = book.between(np.datetime64(case.since, "D"), np.datetime64(case.as_of, "D"))
    result = sm.retention.cohorts(book, measure)
    assume(len(result.df))
    proof = result.proof(**_cells(result, place))
    assert proof.holds, proof
    unseen = ("not yet so old", "the period is not over", "before the first day observed")
    assert (proof.trace is None) == any(words in proof.reason for words in unseen)
