"""Periods of a fiscal year have one name: in charts and sentences that of the board pack."""

from __future__ import annotations

import saasmetrics as sm


def test_the_bridge_names_a_quarter_of_a_fiscal_year_as_the_board_pack_does() -> None:
    # From February: August to October 2026 is the third quarter of the year that ends in January 2027.
    months = [f"2026-{month:02}" for month in range(5, 11)]
    rows = {"customer_id": ["a"] * 6, "month": months, "mrr": [100.0 + 10 * n for n in range(6)]}
    bridge = sm.revenue.bridge(sm.Book(mrr=rows, fiscal_start=2), freq="Q")
    assert "Q3 FY27" in bridge.text
    assert "Q3 2026" not in str(bridge.chart().to_dict())
    assert "Q3 FY27" in str(bridge.chart().to_dict())
