"""Credits for days of an invoice that is for whole months fall into the months that it falls into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saasmetrics.importers.same_months import in_same_months
from tests.importers.exports import imported, mrr

HEAD = "Invoice Number|Customer|Invoice Date|Net|Service Start|Service End|Document Type|Bezug"


def ledger(place: Path, *lines: str, as_of: str = "2026-05-31") -> list[float]:
    return mrr(imported(place, list="\n".join([HEAD, *lines])), as_of)


@pytest.mark.parametrize("named", ["A-4", ""], ids=["named", "unnamed"])
def test_half_of_april_is_half_of_its_invoice(tmp_path: Path, named: str) -> None:
    # By its days the credit would be 150 * 365 / (12 * 15) = 304.17 a month, and leave -4.17.
    bill = "A-4|Ada|2026-04-01|300|2026-04-01|2026-04-30|Invoice|"
    note = f"N-1|Ada|2026-04-20|-150|2026-04-16|2026-04-30|Credit Note|{named}"
    assert ledger(tmp_path, bill, note) == [150.0, 0.0]


def test_the_rest_of_a_year_is_taken_from_its_months_and_none_is_below_zero(tmp_path: Path) -> None:
    # 107 of 365 days of 1200 are 351.78: three months of 100, and of September what is left.
    bill = "A-1|Ada|2026-01-01|1200|2026-01-01|2026-12-31|Invoice|"
    note = "N-1|Ada|2026-09-15|-351.78|2026-09-16|2026-12-31|Credit Note|A-1"
    found = ledger(tmp_path, bill, note, as_of="2026-12-31")
    assert found == [100.0] * 8 + [48.22, 0.0, 0.0, 0.0]


def test_a_discount_for_some_days_is_spread_by_the_days_of_each_month(tmp_path: Path) -> None:
    # 15 of 31 days of March and all of April and May: 25 in the proportion 15/31 : 1 : 1.
    bill = "A-1|Ada|2026-03-01|300|2026-03-01|2026-05-31|Invoice|"
    note = "N-1|Ada|2026-05-30|-25|2026-03-17|2026-05-31|Credit Note|A-1"
    whole = 25 / (15 / 31 + 2)
    wanted = [round(100 - whole * 15 / 31, 2), *[round(100 - whole, 2)] * 2]
    assert ledger(tmp_path, bill, note) == wanted


def test_a_credit_for_days_of_an_invoice_of_days_stays_by_its_days(tmp_path: Path) -> None:
    bill = "A-4|Ada|2026-04-11|200|2026-04-11|2026-04-30|Invoice|"
    note = "N-1|Ada|2026-04-20|-100|2026-04-21|2026-04-30|Credit Note|A-4"
    assert ledger(tmp_path, bill, note, as_of="2026-04-30") == [0.0]


def test_the_last_day_may_be_the_first_that_is_not_served() -> None:
    lines = _lines((300.0, "2026-04-01", "2026-05-01"), (-150.0, "2026-04-16", "2026-05-01"))
    out, _ = in_same_months(lines)
    period = out.iloc[1][["service_start", "service_end"]]
    assert [f"{day:%m-%d}" for day in period] == ["04-01", "05-01"]


def _lines(*rows: tuple[float, str, str]) -> pd.DataFrame:
    amount, begin, until = zip(*rows, strict=True)
    return pd.DataFrame({
        "number": [f"D-{n}" for n in range(len(rows))],
        "cancels": None,
        "customer_id": "a",
        "currency": "EUR",
        "amount": amount,
        "service_start": pd.to_datetime(list(begin)),
        "service_end": pd.to_datetime(list(until)),
        "kind": np.where(np.array(amount) < 0, "credit", "recurring"),
    })  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(
    months=st.integers(1, 24),
    days=st.lists(st.integers(0, 720), min_size=2, max_size=2, unique=True),
    part=st.floats(0.01, 1.0),
)
def test_the_credit_keeps_its_amount_and_no_month_loses_more_than_it_has(
    months: int, days: list[int], part: float
) -> None:
    begin = pd.Timestamp("2024-02-01")
    until = begin + pd.DateOffset(months=months) - pd.Timedelta(1, "D")
    billed, length = 100.0 * months, (until - begin).days + 1
    first, last = (begin + pd.Timedelta(n % length, "D") for n in sorted(d % length for d in days))
    assume(first.day not in (1, (last + pd.Timedelta(1, "D")).day))
    taken = round(part * billed * ((last - first).days + 1) / length, 2)
    out, said = in_same_months(
        _lines((billed, str(begin), str(until)), (-taken, str(first), str(last)))
    )
    back = out[out["kind"] == "credit"]
    assert back["amount"].sum() == pytest.approx(-taken, abs=1e-5)
    assert said
    # 31 days of an invoice of 28 and 31 are more than half of it, and nothing is left that they could be taken from.
    assert back["amount"].between(-100.0 * 2 * 31 / (28 + 31), 0.0).all()
