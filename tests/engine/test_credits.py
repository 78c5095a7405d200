"""Customers whose credits exceed what they pay: gross retention stays at or below net, in both engines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.engine.digest import cells_of
from tests.engine.natives import WAYS, portable
from tests.properties.profile import quick

MONTHS = [f"2025-{month:02}" for month in range(1, 9)]
AMOUNTS = st.sampled_from((-150, -20, 0, 0, 40, 100, 100, 130))
PATHS = st.lists(st.lists(AMOUNTS, min_size=8, max_size=8), min_size=1, max_size=4).filter(
    lambda paths: any(any(path) for path in paths)
)


def company(paths: list[list[int]]) -> sm.Book:
    """Customers a, b, ... with an invoice for every month in which they pay or are credited."""
    rows = [
        (f"{name}{month}", name, f"{month}-01", pd.Period(month).end_time.date(), amount)
        for name, path in zip("abcd", paths, strict=False)
        for month, amount in zip(MONTHS, path, strict=True)
        if amount
    ]
    names = ["invoice_id", "customer_id", "service_start", "service_end", "amount"]
    lines = pd.DataFrame(rows, columns=names)
    return sm.Book(invoices=lines.assign(date=lines["service_start"]), as_of="2025-08-31")


def test_a_credit_above_what_was_paid_lowers_gross_and_net_alike() -> None:
    """100 invoiced in January, 150 credited in February: everything is lost, and half as much again."""
    book = company([[100, -150, 0, 0, 0, 0, 0, 0]])
    for rate in (sm.retention.nrr, sm.retention.grr):
        values = rate(book, window=1).df.set_index("period")["value"]
        assert values["2025-02-01"] == -1.5
        assert rate(book, window=1).proof(period="2025-02").holds


@settings(quick, max_examples=12)
@given(PATHS, st.sampled_from((1, 3)))
def test_gross_retention_is_the_lower_of_both_ends(paths: list[list[int]], window: int) -> None:
    book = company(paths)
    df = sm.retention.grr(book, window=window, interval=None).df
    net = sm.retention.nrr(book, window=window, interval=None).df
    for start, gross, value in zip(df["period"], df["value"], net["value"], strict=True):
        at = start.month - 1
        both = [
            (path[at - window], path[at])
            for path in paths
            if at >= window and path[at - window] > 0
        ]
        opening = sum(then for then, _ in both)
        if not opening:
            assert np.isnan(gross)
            continue
        assert gross == pytest.approx(sum(min(pair) for pair in both) / opening)
        assert value == pytest.approx(sum(now for _, now in both) / opening)
        assert gross <= min(1.0, value) + 1e-12


@settings(quick, max_examples=12)
@given(PATHS)
def test_gross_retention_by_age_is_the_lowest_so_far(paths: list[list[int]]) -> None:
    book = company(paths)
    gross, net = (sm.retention.cohorts(book, measure=m, interval=None).df for m in ("gross", "net"))
    seen = gross["observed"]
    assert (gross["value"][seen] <= net["value"][seen].clip(upper=1.0) + 1e-12).all()
    rates = gross.set_index(["cohort", "age"])["numerator"]
    for month in range(8):
        won = [p[month:] for p in paths if p[month] > 0 and not any(x > 0 for x in p[:month])]
        for age in range(8 - month) if won else ():
            wanted = sum(min(path[: age + 1]) for path in won)
            assert rates[MONTHS[month] + "-01", age] == wanted


@pytest.mark.parametrize("way", WAYS)
def test_engines_agree_on_credits(way: str) -> None:
    random = np.random.default_rng(4)
    for _ in range(3):
        book = company(random.choice([-150, -20, 0, 40, 100, 130], (4, 8)).tolist())
        local = book.engine
        ours = cells_of(local, ["M"], [1, 3], [()])
        theirs = cells_of(portable(book.tables, way, local), ["M"], [1, 3], [()])
        for (title, mine), (_, other) in zip(ours, theirs, strict=True):
            assert other == mine, (title, sorted(other ^ mine)[:6])
