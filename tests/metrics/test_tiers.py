"""Migration between ARR bands, and what comes up for renewal."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saasmetrics as sm
from tests.metrics.test_committed_everywhere import of_case
from tests.properties.ledgers import Case, cases
from tests.properties.profile import quick


def cube() -> sm.Book:
    """MRR in January and February: a grows past 1,000 of ARR, b stays, c leaves, d comes, e halves."""
    then = {"a": 50, "b": 200, "c": 10, "e": 900}
    now = {"a": 100, "b": 210, "d": 5, "e": 400}
    rows = [(who, "2026-01", mrr) for who, mrr in then.items()]
    rows += [(who, "2026-02", mrr) for who, mrr in now.items()]
    return sm.Book(mrr=pd.DataFrame(rows, columns=["customer_id", "month", "mrr"]))


def cells(result: sm.Result) -> dict[tuple[str, str], int]:
    df = result.df[result.df["customers"] > 0]
    return dict(zip(zip(df["then"], df["now"], strict=True), df["customers"], strict=True))


def test_customers_are_counted_by_band_then_and_now() -> None:
    result = sm.revenue.tiers(cube(), window=1)
    assert cells(result) == {
        ("under 1k", "1k to 5k"): 1,  # a: 600 to 1,200
        ("1k to 5k", "1k to 5k"): 1,  # b: 2,400 to 2,520
        ("under 1k", "left"): 1,  # c: 120
        ("not a customer", "under 1k"): 1,  # d: 60
        ("5k to 25k", "1k to 5k"): 1,  # e: 10,800 to 4,800
    }
    assert result.text.startswith(
        "Of 4 customers 1 moved to a higher band of ARR, 1 stayed, 1 moved"
    )
    df = result.df.set_index(["then", "now"])
    assert df.loc[("under 1k", "left"), "share"] == 0.5
    assert df.loc[("5k to 25k", "1k to 5k"), ["arr_then", "arr_now"]].tolist() == [10_800, 4_800]
    assert pd.isna(df.loc[("25k to 100k", "left"), "share"])
    assert df.loc[("25k to 100k", "left"), "reason"] == "nobody was in this band"


def test_a_cell_opens_to_its_customers() -> None:
    rows = sm.revenue.tiers(cube(), window=1).rows(then="5k to 25k", now="1k to 5k")
    assert rows["customer_id"].tolist() == ["e"]


def test_bands_can_be_given() -> None:
    result = sm.revenue.tiers(cube(), window=1, bands=[2_500])
    assert cells(result)[("under $2.5k", "$2.5k and more")] == 1  # b
    with pytest.raises(sm.DataError, match="that rise"):
        sm.revenue.tiers(cube(), bands=[5_000, 1_000])


@quick
@given(cases(), st.sampled_from((1, 3, 12)), st.integers(0, 23))
def test_the_matrix_counts_every_customer_once_and_sums_to_arr(
    case: Case, window: int, place: int
) -> None:
    found = of_case(case)
    first, periods, _ = found.engine.extent("M")
    period = np.datetime64(first + place % periods, "M").astype("datetime64[D]")
    result = sm.revenue.tiers(found, period, window, bands=(60, 300, 600))
    ledger, place = found.engine.periodic("M"), first + place % periods
    then, now = (ledger.state(at)[0] * 12 / 1e6 for at in (place - window, place))

    def band(arr: float, outside: str) -> str:
        if arr <= 0:
            return outside
        return ["under $60", "$60 to $300", "$300 to $600", "$600 and more"][
            int(arr >= 60) + int(arr >= 300) + int(arr >= 600)
        ]

    expected = Counter(
        (band(a, "not a customer"), band(b, "left"))
        for a, b in zip(then, now, strict=True)
        if a > 0 or b > 0
    )
    assert cells(result) == dict(expected)
    assert result.df["arr_then"].sum() == pytest.approx(then.clip(min=0).sum())
    assert result.df["arr_now"].sum() == pytest.approx(now.clip(min=0).sum())


def deals(**changes: Any) -> sm.Book:
    """k1 runs in 2025, k2 follows it; k3 runs from July 2025 to June 2026."""
    lines = {"subscription_id": [1], "customer_id": ["a"], "start": ["2025-01-01"]}
    contracts = {
        "contract_id": ["k1", "k2", "k3"],
        "customer_id": ["a", "a", "b"],
        "start": ["2025-01-01", "2026-01-01", "2025-07-01"],
        "end": ["2026-01-01", "2027-01-01", "2026-07-01"],
        "arr": [1200, 1800, 600],
    }
    return sm.Book(
        subscriptions=lines | {"amount": [100], "interval": ["month"]},
        contracts=contracts,
        customers={"customer_id": ["a", "b"], "segment": ["SMB", "Enterprise"]},
        as_of="2026-03-31",
    )


def test_the_renewal_base_is_what_ends_in_the_next_periods() -> None:
    df = sm.revenue.renewal_base(deals(), "Q").df.set_index("period")
    # k1 ends on 1 January 2026, in the quarter after Q4 2025; k3 on 1 July 2026, two quarters after Q1.
    assert df["value"].to_dict() == {
        pd.Timestamp("2025-01-01"): 0,
        pd.Timestamp("2025-04-01"): 0,
        pd.Timestamp("2025-07-01"): 0,
        pd.Timestamp("2025-10-01"): 100,
        pd.Timestamp("2026-01-01"): 0,
    }
    half = sm.revenue.renewal_base(deals(), "Q", ahead=2).df.set_index("period")["value"]
    assert half.tolist() == [0, 0, 100, 100, 50]


def test_without_contracts_there_is_no_renewal_base() -> None:
    with pytest.raises(sm.DataError, match="needs the table 'contracts'"):
        sm.revenue.renewal_base(cube())


def test_the_renewal_base_opens_to_contracts_by_segment() -> None:
    result = sm.revenue.renewal_base(deals(), "Q", "segment", ahead=2)
    rows = result.rows(period="2026-01", segment="Enterprise")
    assert rows[["contract_id", "numerator"]].values.tolist() == [["k3", 50]]
    assert result.rows(period="2026-01", segment="SMB").empty
