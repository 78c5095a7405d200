from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from saasmetrics import sample

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF = pd.Timestamp("2026-10-31")
INTERVAL_MONTHS = {"month": 1, "quarter": 3, "year": 12}
MANY = 20_000


@pytest.fixture(scope="session")
def company() -> dict[str, pa.Table]:
    """The company that `sm.demo()` shows."""
    return sample.tables()


@pytest.fixture(scope="session")
def large() -> dict[str, pd.DataFrame]:
    """Ten times the customers, so that effects stand out from chance."""
    return {name: frame_of(table) for name, table in sample.tables(MANY, seed=11).items()}


@pytest.fixture(scope="session")
def truths() -> sample.Truths:
    """What is true of `large`."""
    return sample.truths(MANY, seed=11)


def frame_of(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    for field in table.schema:
        if str(field.type) == "date32[day]":
            frame[field.name] = pd.to_datetime(frame[field.name])
    return frame


def months_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """Whole months, counted on days that exist in every month (1 to 28) or on the last day."""
    whole = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    return whole - (end.dt.day < start.dt.day)


@pytest.fixture(scope="session")
def spells(large: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per unbroken time as a customer, read from the core lines alone."""
    lines = large["subscriptions"].query("product == 'Core'")
    lines = lines.sort_values(["customer_id", "start"], kind="stable")
    follows = (lines.customer_id == lines.customer_id.shift()) & (lines.start == lines.end.shift())
    spell = (~follows).cumsum().rename("spell")
    spells = lines.groupby(spell).agg(
        customer_id=("customer_id", "first"),
        start=("start", "first"),
        end=("end", lambda ends: ends.iloc[-1]),
        interval=("interval", "first"),
        cause=("churn_cause", "last"),
    )
    spells["left"] = spells.end.notna()
    spells["lived"] = months_between(spells.start, spells.end.fillna(AS_OF))
    two_years = large["contracts"].query("(end - start).dt.days > 400").customer_id
    spells["term"] = spells.interval.map(INTERVAL_MONTHS)
    spells.loc[spells.customer_id.isin(two_years), "term"] = 24
    traits = ["customer_id", "segment", "icp", "csm_id", "onboarding_arm"]
    return spells.merge(large["customers"][traits], on="customer_id")


@pytest.fixture(scope="session")
def decisions(spells: pd.DataFrame, truths: sample.Truths) -> pd.DataFrame:
    """One row per end of term, with the true rate before any hazard ratio as `rate`."""
    ends = spells.loc[spells.index.repeat(spells.lived // spells.term)]
    tenure = (ends.groupby(level=0).cumcount() + 1) * ends.term
    ends = ends.assign(tenure=tenure, left=ends.left & (tenure == ends.lived))
    month = (ends.start.dt.year - 2021) * 12 + ends.start.dt.month - 11
    band = pd.cut(tenure, [0, 3, 12, np.inf], labels=["1-3", "4-12", "13+"]).astype(str)
    rate = ends.term * ends.segment.map(truths.base_rate) * ends.term.map(truths.term_factor)
    rate *= band.map(truths.tenure_factor)
    rate *= np.where(ends.icp, truths.icp_hazard_ratio, 1.0)
    return ends.assign(month=month + tenure, started=month, rate=rate).reset_index(drop=True)
