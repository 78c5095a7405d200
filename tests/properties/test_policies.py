"""What must hold for every ledger under every policy: numbers explained to the cent, groups that add up, bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.movements import FLOWS
from saasmetrics.policies import choices
from saasmetrics.policy import DATA_CHOICES, Policy
from tests.properties.ledgers import Case, cases, policies
from tests.properties.profile import quick

RATES = ("nrr", "grr", "gross_churn", "net_churn", "logo_churn", "mrr", "quick_ratio")
METHODS = ("nrr", "reactivation", "grr", "gross_churn", "net_churn", "logo_churn", "quick_ratio")
# The choices that a ledger of subscriptions can tell apart; whether rows are known yet is another question.
READ = tuple(
    name
    for name in DATA_CHOICES
    if name not in ("knowledge", "usage", "refunds", "service_end", "recognition")
)
NUMBERS: dict[str, tuple[int | None, ...]] = {
    "gap_days": (0, 7, 30),
    "new_after_days": (None, 0, 60),
}


def value_of(name: str) -> st.SearchStrategy[Any]:
    """Any alternative of a choice."""
    if name in NUMBERS:
        return st.sampled_from(NUMBERS[name])
    return st.sampled_from(list(choices()[name]["options"]))


def changes(*names: str, most: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """A few choices with any of their alternatives."""
    some = st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)
    return some.flatmap(lambda used: st.fixed_dictionaries({n: value_of(n) for n in used}))


def anything() -> st.SearchStrategy[Policy]:
    """Any policy: what is read, and how sums are combined."""
    return st.builds(
        lambda policy, made: policy.changed(**made), policies(), changes(*READ, *METHODS, "month")
    )


def book_of(case: Case) -> sm.Book:
    """The case as a book, if the gate lets it in."""
    tables = {name: table.data for name, table in case.tables.items()}
    book = sm.Book(
        **tables,
        policy=case.policy,
        currency="USD",
        fiscal_start=case.fiscal_start,
        as_of=np.datetime64(case.as_of, "D").astype(object),
    )
    assume(not (book.check().df["severity"] == "error").any())
    return book


def metric(name: str) -> Any:
    return getattr(sm.revenue if name in ("mrr", "quick_ratio") else sm.retention, name)


def asked(name: str) -> dict[str, Any]:
    return {} if name == "mrr" else {"window": 1, "interval": None}


@quick
@given(cases(anything()), changes(*READ, *METHODS, "month"), st.sampled_from(RATES))
def test_what_policies_and_customers_explain_is_the_difference(
    case: Case, other: dict[str, Any], name: str
) -> None:
    book = book_of(case)
    options = {} if name == "mrr" else {"window": 1}
    sides = [metric(name)(book.with_policy(**c), **asked(name)) for c in ({}, other)]
    assume(all(side.value is not None for side in sides))
    periods = [side.df.loc[side.df["complete"], "period"].iloc[-1] for side in sides]
    assume(periods[0] == periods[1])
    made = sm.definitions.explain(book, name, {}, other, **options)
    difference = sides[1].value - sides[0].value
    tolerance = 1e-9 * max(1, abs(sides[0].value), abs(sides[1].value))
    assert made.extra["difference"] == pytest.approx(difference, abs=tolerance)
    assert made.df["value"].sum() == pytest.approx(difference, abs=tolerance)
    assert made.extra["steps"]["value"].sum() == pytest.approx(difference, abs=tolerance)
    if name == "mrr":
        assert abs(made.df["value"].sum() - difference) < 0.005


@quick
@given(cases(anything()), st.sampled_from(("M", "Q")), st.sampled_from(("segment", "plan")))
def test_bridges_close_and_groups_add_up_under_every_policy(case: Case, freq: str, by: str) -> None:
    engine = book_of(case).engine
    whole, parts = engine.movements(freq).measures, engine.movements(freq, (by,)).measures
    for cube in (whole, parts):
        residual = cube["opening"] + sum(cube[flow] for flow in FLOWS) - cube["closing"]
        assert not residual.any()
    slack = 2 * len(case.lines) if engine.valuation is not None else 0  # micro-units of rounding
    for flow in ("opening", *FLOWS, "closing"):
        apart = parts[flow].sum(axis=0) - whole[flow][0]
        if engine.valuation is None or flow in ("opening", "closing"):
            assert (np.abs(apart) <= slack).all(), flow
    net = sum(parts[flow].sum(axis=0) - whole[flow][0] for flow in FLOWS)
    assert (np.abs(net) <= slack * len(FLOWS)).all()


@quick
@given(cases(anything()), st.sampled_from((1, 3, 12)))
def test_gross_retention_is_at_most_1_and_at_most_net_for_customers(
    case: Case, window: int
) -> None:
    policy = {"grr": "customer", "nrr": "cohort", "reactivation": "out"}
    book = book_of(case).with_policy(**policy)
    grr, nrr = (metric(n)(book, window=window, interval=None).df["value"] for n in ("grr", "nrr"))
    known = grr.notna()
    assert (known == nrr.notna()).all()
    assert (grr[known] <= 1 + 1e-12).all()
    assert (grr[known] >= 0).all()
    assert (grr[known] <= nrr[known] + 1e-9).all()


@quick
@given(cases(anything()), st.sampled_from((1, 3, 12)))
def test_net_retention_less_1_is_expansion_less_contraction_churn_and_pauses(
    case: Case, window: int
) -> None:
    book = book_of(case).with_policy(nrr="cohort", reactivation="out", month="calendar")
    nrr = sm.retention.nrr(book, window=window, interval=None).df
    pairs = book.pairs(window)
    known = nrr["value"].notna().to_numpy()
    parts = sum(pairs[name] for name in ("expansion", "contraction", "churn", "paused"))
    expected = parts[known] / pairs["opening"][known]
    assert np.allclose(nrr.loc[known, "value"] - 1, expected, atol=1e-9)


@quick
@given(cases(anything()))
def test_rates_that_do_not_move_change_nothing(case: Case) -> None:
    still = tuple({**row, "rate": 1.25} for row in case.fx)
    still_case = Case(
        case.lines, case.customers, case.policy, case.as_of, case.fiscal_start, None, still
    )
    book = book_of(still_case)
    found = [
        book.with_policy(fx=fx).movements().drop(columns="period")
        for fx in choices()["fx"]["options"]
    ]
    assert all(other.equals(found[0]) for other in found[1:])
