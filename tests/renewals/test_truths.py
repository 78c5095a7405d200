"""The renewal rates of the demo company hold the probabilities that it was made with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.sample import lifecycle
from saasmetrics.sample.company import found

SEEDS = (7, 11, 23)
YEARS = (2023, 2024, 2025)
_YEAR_LONG = 12


def true_rates(seed: int) -> dict[int, float]:
    """Mean of the true probability to stay at the end of every term of a year or more, by year of the end."""
    history = lifecycle.simulate(found(2000, seed, "2026-10-31"))
    company, made = history.company, history.decisions
    day = company.calendar.day(made["month"], company.anchor[made["customer"]])
    due = (made["chance"] > 0) & (company.term[made["customer"]] >= _YEAR_LONG)
    stays = pd.Series(1 - made["chance"][due]).groupby(pd.DatetimeIndex(day[due]).year).mean()
    return {int(year): float(rate) for year, rate in stays.items()}


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    rows = []
    for seed in SEEDS:
        rates = sm.renewals.rates(sm.demo(2000, seed), freq="Y", measure="logo").df.set_index(
            "period"
        )
        wide = sm.renewals.rates(
            sm.demo(2000, seed), freq="Y", measure="logo", interval=0.999
        ).df.set_index("period")
        truth = true_rates(seed)
        for year in YEARS:
            at = pd.Timestamp(f"{year}-01-01")
            rows.append(
                {
                    "true": truth[year],
                    "low": rates["low"][at],
                    "high": rates["high"][at],
                    "lowest": wide["low"][at],
                    "highest": wide["high"][at],
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_true_renewal_rates_are_inside_the_intervals(cells: pd.DataFrame) -> None:
    # Nine intervals of 95 %: fewer than seven hits would happen in one of 119 companies (binomial).
    assert cells["true"].between(cells["low"], cells["high"]).sum() >= 7
    assert cells["true"].between(cells["lowest"], cells["highest"]).all()


def test_renewal_rates_vary_around_the_truth_and_not_beside_it(cells: pd.DataFrame) -> None:
    middle = (cells["low"] + cells["high"]) / 2
    error = (cells["high"] - cells["low"]) / 4  # half of a half-width is one standard error
    assert abs(((middle - cells["true"]) / error).mean()) < 3 / np.sqrt(len(cells))
