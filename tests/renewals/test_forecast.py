"""The forecast: the distribution against enumeration, the probabilities by hand, the back-test replayed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.metrics.renewals.chances import prior_strength
from saasmetrics.metrics.renewals.distribution import distribution
from tests.properties.profile import quick
from tests.renewals.contract_book import book

SHARED = Path(__file__).parents[3] / "shared" / "examples" / "success.json"
MICRO = 1_000_000


def enumerated(amounts, chances):
    """Probability of each sum by going through all outcomes."""
    masses: dict[int, float] = {}
    for came in itertools.product((0, 1), repeat=len(amounts)):
        total = sum(a for a, c in zip(amounts, came, strict=True) if c)
        chance = np.prod([p if c else 1 - p for p, c in zip(chances, came, strict=True)])
        masses[total] = masses.get(total, 0.0) + float(chance)
    return masses


RENEWALS = st.lists(st.tuples(st.integers(0, 600), st.floats(0, 1)), max_size=9)


@settings(quick, max_examples=80)
@given(RENEWALS)
def test_the_distribution_is_that_of_all_outcomes(renewals):
    amounts = np.array([a for a, _ in renewals], np.int64) * MICRO
    chances = np.array([p for _, p in renewals])
    found = distribution(amounts, chances)
    expected = enumerated(amounts.tolist(), chances.tolist())
    assert found.exact
    got = dict(zip((found.sums * MICRO).round().astype(np.int64).tolist(), found.mass, strict=True))
    for total, chance in expected.items():
        assert got[total] == pytest.approx(chance, abs=1e-10)
    assert found.mass.sum() == pytest.approx(1)
    assert found.mean == pytest.approx(float((amounts * chances).sum()) / MICRO, abs=1e-6)


def test_twelve_renewals_of_uneven_value_agree_with_all_4096_outcomes():
    rng = np.random.default_rng(4)
    amounts, chances = rng.integers(1, 500, 12) * MICRO, rng.random(12)
    found = distribution(amounts, chances, certain=50 * MICRO)
    sums = np.array(sorted(enumerated(amounts.tolist(), chances.tolist()).items()))
    total = np.cumsum(sums[:, 1])
    for share in (0.1, 0.5, 0.9):
        expected = sums[np.searchsorted(total, share - 1e-12), 0] / MICRO + 50
        assert found.quantile(share) == pytest.approx(expected)
    target = 1500
    assert found.reaches(target) == pytest.approx(
        sums[sums[:, 0] >= (target - 50) * MICRO, 1].sum()
    )
    assert found.reaches(found.most / MICRO + 1) == 0


@settings(quick, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(1, 10**9), st.floats(0.01, 0.99)), min_size=1, max_size=40),
    st.integers(20, 300),
)
def test_a_coarse_grid_keeps_the_mean_and_misses_the_cdf_by_little_more_than_a_step(
    renewals, cells
):
    amounts = np.array([a for a, _ in renewals], np.int64) * 1000
    chances = np.array([p for _, p in renewals])
    rough, fine = (
        distribution(amounts, chances, cells=cells),
        distribution(amounts, chances, cells=1 << 15),
    )
    assert rough.mean == pytest.approx(float((amounts * chances).sum()) / MICRO)
    slack = (rough.step + fine.step) / MICRO * np.sqrt(len(renewals))
    for share in (0.1, 0.5, 0.9):
        assert (
            fine.quantile(share - 0.06) - slack
            <= rough.quantile(share)
            <= fine.quantile(share + 0.06) + slack
        )


def test_a_common_shock_widens_the_distribution_and_keeps_its_mean():
    amounts, chances = np.full(60, 100 * MICRO), np.full(60, 0.8)
    spans = []
    for rho in (0.0, 0.05, 0.2, 0.5):
        found = distribution(amounts, chances, rho=rho)
        assert found.mean == pytest.approx(4800, rel=1e-3)
        spans.append(found.quantile(0.9) - found.quantile(0.1))
    assert spans == sorted(spans)
    assert spans[0] < spans[-1] / 3


def test_the_common_shock_agrees_with_a_simulation_of_it():
    rng = np.random.default_rng(8)
    amounts, chances, rho = rng.integers(1, 50, 20) * MICRO, rng.uniform(0.5, 0.95, 20), 0.3
    found = distribution(amounts, chances, rho=rho)
    normal = NormalDist()
    edges = np.array([normal.inv_cdf(p) for p in chances])
    shock, own = rng.standard_normal((200_000, 1)), rng.standard_normal((200_000, 20))
    came = np.sqrt(rho) * shock + np.sqrt(1 - rho) * own <= edges
    sums = came @ (amounts / MICRO)
    for target in np.quantile(sums, [0.1, 0.5, 0.9]):
        assert found.reaches(target) == pytest.approx(
            (sums >= target).mean(), abs=0.01
        )  # 9 standard errors


def test_thousands_of_small_renewals_keep_mean_and_spread():
    rng = np.random.default_rng(5)
    amounts = rng.integers(1, 2000, 9_000).astype(np.int64) * MICRO
    chances = rng.uniform(0.6, 0.95, 9_000)
    found = distribution(amounts, chances)
    mean = float((amounts * chances).sum()) / MICRO
    spread = float(np.sqrt((chances * (1 - chances) * (amounts / MICRO) ** 2).sum()))
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.quantile(0.5) == pytest.approx(mean, abs=0.1 * spread)
    assert (found.quantile(0.9) - found.quantile(0.1)) / spread == pytest.approx(
        2 * 1.2816, rel=0.05
    )  # normal


def test_renewal_forecast_simple():
    if not SHARED.exists():
        pytest.skip("the published examples (../shared/examples/success.json) are not here")
    entries = {e["id"]: e for e in json.loads(SHARED.read_text("utf-8"))}
    example = entries["renewal_forecast_simple"]  # metrickittools.com: pool x probability
    pool, chance = example["inputs"]["renewal_pool"], example["inputs"]["probability"]
    found = distribution(np.array([int(pool)]) * MICRO, np.array([chance]))
    assert found.mean == pytest.approx(example["expected"]["base_forecast"])
    assert sm.formulas.expected_renewals(pool, chance) == example["expected"]["base_forecast"]


def many(decided, renewed, segment):
    """Contracts of 2024 of which some were renewed on the day they ended."""
    rows = []
    for i in range(decided):
        who = f"{segment}{i:03d}"
        rows.append(
            (
                f"{who}a",
                who,
                "2024-01-01",
                "2025-01-01",
                100,
                None,
                "2024-01-01",
                None,
                None,
                None,
                "o",
                None,
            )
        )
        if i < renewed:
            rows.append(
                (
                    f"{who}b",
                    who,
                    "2025-01-01",
                    "2026-07-01",
                    100,
                    None,
                    "2025-01-01",
                    f"{who}a",
                    None,
                    None,
                    "o",
                    None,
                )
            )
    return rows


def test_probabilities_are_drawn_towards_the_whole_where_a_segment_is_small():
    rows = [*many(100, 90, "big"), *many(4, 1, "few")]
    customers = sorted({row[1] for row in rows})
    tables = {"customers": {"customer_id": customers, "segment": [name[:3] for name in customers]}}
    found = sm.renewals.forecast(book(rows, as_of="2025-12-31", **tables))
    shares = found.extra["chances"]
    shares = shares[shares["renewal"] == "first"].set_index("segment")
    whole = 91.5 / 105  # (90 + 1 + 1/2) / (104 + 1)
    k, n, p = shares["renewed"], shares["n"], shares["probability"]
    assert (n.to_dict(), k.to_dict()) == ({"big": 100, "few": 4}, {"big": 90, "few": 1})
    strength = prior_strength(k.to_numpy(), n.to_numpy(), whole)
    assert p.to_numpy() == pytest.approx(((k + strength * whole) / (n + strength)).to_numpy())
    assert 0.25 < p["few"] < whole < p["big"] < 0.9


def test_the_strength_is_the_most_likely_one_as_scipy_counts_it():
    from scipy.stats import betabinom

    k, n, mean = np.array([90, 40, 70]), np.array([100, 80, 75]), 0.78
    best = max(
        (10 ** (i / 20) for i in range(61)),
        key=lambda m: betabinom.logpmf(k, n, m * mean, m * (1 - mean)).sum(),
    )
    assert prior_strength(k, n, mean) == best


def test_first_and_later_renewals_are_told_apart_where_there_are_enough():
    rows = many(100, 60, "one")
    for i in range(60):  # the second renewal is on 2026-07-01; 57 of 60 come
        who = f"one{i:03d}"
        if i < 57:
            rows.append(
                (
                    f"{who}c",
                    who,
                    "2026-07-01",
                    "2027-07-01",
                    100,
                    None,
                    "2026-07-01",
                    f"{who}b",
                    None,
                    None,
                    "o",
                    None,
                )
            )
    found = sm.renewals.forecast(book(rows, as_of="2026-12-31"), pool=None)
    odds = found.extra["chances"].set_index("renewal")
    assert odds["n"].to_dict() == {"first": 100, "later": 60}
    share = (117 + 20 * 117.5 / 161) / 180  # one group: 20 terms of the whole beside its own
    assert odds["probability"]["first"] == pytest.approx((60 + 20 * share) / 120)
    assert odds["probability"]["later"] == pytest.approx((57 + 20 * share) / 80)


def test_a_term_that_is_overdue_is_less_likely_than_one_that_is_not_due_yet(demo_book):
    rows = sm.renewals.forecast(demo_book, pool=None).rows()
    still = rows[rows["outcome"] == "open"].sort_values("end")
    assert still["probability"].iloc[0] < 0.6 < still["probability"].iloc[-1]


def test_the_mean_of_the_distribution_is_the_expected_value(demo_book):
    for rho in (0.0, 0.1):
        found = sm.renewals.forecast(demo_book, rho=rho, target=2_000_000)
        masses, total = found.extra["distribution"], found.df.iloc[-1]
        assert (masses["value"] * masses["probability"]).sum() == pytest.approx(
            total["value"], rel=2e-4
        )
        assert total["value"] == pytest.approx(found.rows()["value"].sum())
        quarters = found.df[found.df["periods"] == 1]
        for name in ("value", "atr", "won", "open", "commit", "n"):
            assert quarters[name].sum() == pytest.approx(total[name])


def test_groups_of_the_forecast_add_up(demo_book):
    parts = sm.renewals.forecast(demo_book, by="segment").df
    whole = sm.renewals.forecast(demo_book).df
    for name in ("value", "atr", "won", "open", "commit", "n"):
        assert parts.groupby(["period", "periods"])[name].sum().to_numpy() == pytest.approx(
            whole.groupby(["period", "periods"])[name].sum().to_numpy()
        )


def test_without_history_nothing_is_forecast_and_it_says_why():
    rows = [
        (
            "K1",
            "Kim",
            "2026-01-01",
            "2027-01-01",
            100,
            None,
            "2026-01-01",
            None,
            None,
            None,
            "o",
            None,
        )
    ]
    total = sm.renewals.forecast(book(rows)).df.iloc[-1]
    assert pd.isna(total["value"])
    assert total["reason"] == "no renewal has been decided yet, so none can be forecast"


def test_the_back_test_is_the_forecast_of_that_day(demo_book):
    found = sm.renewals.accuracy(demo_book, quarters=3, horizons=[0, 90])
    assert sorted(found.df["horizon"].unique()) == [0, 90]
    row = found.df[found.df["horizon"] == 0].iloc[-1]
    day = row["period"] - pd.Timedelta(days=1)
    then = sm.renewals.forecast(demo_book.as_of(str(day.date())), quarters=1).df.iloc[0]
    assert then["period"] == row["period"]
    for ours, theirs in (("value", "value"), ("low", "p10"), ("high", "p90"), ("n", "n_open")):
        assert row[ours] == pytest.approx(then[theirs]), ours
    actual = sm.renewals.rates(demo_book).df.set_index("period")["renewed"][row["period"]]
    assert row["actual"] == actual
    assert row["error"] == pytest.approx((row["value"] - actual) / actual)


def test_the_brier_score_is_the_mean_squared_miss(demo_book):
    found = sm.renewals.accuracy(demo_book, quarters=1, horizons=[30])
    period = found.df["period"].iloc[0]
    day = str((period - pd.Timedelta(days=31)).date())
    then = sm.renewals.forecast(demo_book.as_of(day), quarters=2).rows(period=period)
    then = then[then["outcome"] == "open"].set_index("contract_id")
    came = (
        sm.renewals.rates(demo_book).rows(period=period).set_index("contract_id")["outcome"]
        == "renewed"
    )
    miss = (then["probability"] - came.reindex(then.index).astype(float)) ** 2
    assert found.df["brier"].iloc[0] == pytest.approx(miss.mean())
    assert found.extra["summary"]["brier"].iloc[0] == pytest.approx(miss.mean())
