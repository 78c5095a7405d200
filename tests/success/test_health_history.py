"""Versions of the model: history is what was said then, and stays so."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.success import HealthModel


@pytest.mark.row("P23")
def test_scoring_again_with_the_first_version_gives_what_was_stored(company, tmp_path):
    first = HealthModel(effective_from="2025-01-01")
    stored = sm.success.health_history(company.as_of("2025-12-31"), models=first, last=12).df
    second = first.changed(effective_from="2026-01-01", stop_days=14)
    versions = [HealthModel.load(m.save(tmp_path / f"v{m.version}.json")) for m in (second, first)]
    now = sm.success.health_history(company, models=versions, last=22).df
    before = now[now["period"] < "2026-01-01"].reset_index(drop=True)
    both = stored.merge(before, on=["period", "customer_id"], suffixes=("_then", "_now"))
    # rows of subscriptions recorded late make a few customers known only now
    assert len(both) == len(stored)
    assert (both["version_now"] == 1).all()
    assert (both["value_then"] - both["value_now"]).abs().max() < 0.6
    assert set(now.loc[now["period"] >= "2026-01-01", "version"]) == {2}


@pytest.mark.row("P23")
def test_a_new_version_changes_nothing_before_its_day(company):
    first = HealthModel(effective_from="2025-01-01")
    alone = sm.success.health_history(company, models=first, last=20).df
    second = first.changed(effective_from="2026-06-01", stopped=0.2)
    both = sm.success.health_history(company, models=[first, second], last=20).df
    early = both["period"] < "2026-06-01"
    pd.testing.assert_frame_equal(alone[early], both[early])
    assert not alone[~early]["value"].equals(both[~early]["value"])


def test_history_is_health_as_of_the_end_of_each_period(company):
    found = sm.success.health_history(company, "Q", last=3).df
    for period, rows in found.groupby("period"):
        day = (period + pd.offsets.QuarterEnd(0)).date()
        then = sm.success.health(company, as_of=str(day)).df
        assert rows["value"].tolist() == pytest.approx(then["value"].tolist(), nan_ok=True)


def test_two_models_of_one_day_are_refused(company):
    with pytest.raises(sm.DataError, match="Two models take effect on 1970-01-01"):
        sm.success.health_history(company, models=[HealthModel(), HealthModel()])


def test_a_model_that_is_misspelt_is_refused():
    with pytest.raises(sm.DataError, match="Did you mean 'stop_days'"):
        HealthModel.from_dict({"stop_day": 3})
