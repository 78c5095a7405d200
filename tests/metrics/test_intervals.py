"""What intervals of rates may be: around the value, and never where no customers could bring it."""

from __future__ import annotations

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.metrics.made import bootstrap_ratio


@pytest.mark.parametrize("by", [None, "segment", "plan"])
def test_the_interval_of_gross_retention_stays_between_none_and_all(
    demo_book: sm.Book, by: str | None
) -> None:
    found = sm.retention.grr(demo_book, by=by).df.dropna(subset=["low", "high"])
    assert len(found)
    assert found["low"].min() >= 0
    assert found["high"].max() <= 1
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()


def test_many_groups_have_intervals_as_wide_as_those_of_few(demo_book: sm.Book) -> None:
    """Of 200 bags the width is known to 5 %, and of 1,000 resamples as well."""
    rates = []
    for bags in (200, 1000):
        cube = demo_book.engine.pairs(12, "M", ("segment",), bags)
        sides = (cube.bagged("closing"), cube.bagged("opening"))
        low, high = bootstrap_ratio(*sides, 0.95)
        rates.append((high - low)[:, -12:])
    assert np.median(rates[0] / rates[1]) == pytest.approx(1, abs=0.1)
