"""The benchmark's subscriptions: a made-up company of any size over five years, the same for the same seed.

60 months of growing sign-ups; phases of 9, 14, 20 and 28 months on average by segment; a phase that ends is followed
by another price, by a gap of 1 to 6 months, or by nothing; some later lines are add-ons that overlap the first. 43 % of
the lines still run; a million rows belong to about 660 thousand customers; the rows are shuffled.

Amounts are in the reporting currency. `billing_currency` says what was billed and no way reads it: converting
three currencies is three numbers and one multiplication, and would only blur what is compared.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

FIRST = np.datetime64("2021-01-01").astype(int)
AS_OF = np.datetime64("2025-12-31").astype(int)
SEGMENTS = ("Self-serve", "SMB", "Mid-market", "Enterprise")
SEGMENT_SHARE = (0.45, 0.30, 0.17, 0.08)
PHASE_MONTHS = np.array([9.0, 14.0, 20.0, 28.0])
PRICE = np.array([29.0, 119.0, 640.0, 3900.0])
PLANS = ("Starter", "Team", "Business", "Enterprise")
INTERVALS = ("month", "quarter", "year")
INTERVAL_SHARE = (0.60, 0.10, 0.30)
MONTHS = np.array([1, 3, 12])
CURRENCIES = ("USD", "EUR", "GBP")
CURRENCY_SHARE = (0.6, 0.25, 0.15)
CONTINUES = 0.54  # of the phases that end, so that a customer has 1.5 lines on average
GAP_SHARE, ADD_ON_SHARE = 0.07, 0.15
GROWTH = 2.8  # exponent of the number of customers over time
MONTH = 30.4375  # days
EXTRA = 0.78  # customers drawn per row asked for; the first ones that fill the rows are kept

Columns = dict[str, "NDArray[np.generic]"]


def _phase(
    rng: np.random.Generator, segment: NDArray[np.int64], start: NDArray[np.int64]
) -> Columns:
    """Draw one line for each customer: how long it lasts and what it costs."""
    days = np.maximum(rng.exponential(PHASE_MONTHS[segment]) * MONTH, 20).astype(np.int64)
    interval = rng.choice(3, len(start), p=INTERVAL_SHARE)
    month = PRICE[segment] * rng.lognormal(0.0, 0.5, len(start))
    amount = np.round(month * MONTHS[interval] * np.where(interval == 2, 0.85, 1.0), 2)
    return {"start": start, "end": start + days, "interval": interval, "amount": amount}


def _lines(rng: np.random.Generator, customers: int) -> Columns:
    """Draw phase after phase until no customer goes on."""
    segment = rng.choice(4, customers, p=SEGMENT_SHARE)
    start = FIRST + (rng.random(customers) ** (1 / GROWTH) * (AS_OF - FIRST)).astype(np.int64)
    start[: customers // 200 + 1] = FIRST  # the customers that were there when the records begin
    customer = np.arange(customers)
    rounds: list[Columns] = []
    while len(customer):
        phase = _phase(rng, segment[customer], start)
        rounds.append({"customer": customer, "segment": segment[customer], **phase})
        draw = rng.random((4, len(customer)))
        gap = np.where(draw[1] < GAP_SHARE, rng.integers(31, 184, len(customer)), 0)
        inside = (draw[3] * (np.minimum(phase["end"], AS_OF) - start)).astype(np.int64)
        following = np.where(draw[2] < ADD_ON_SHARE, start + 1 + inside, phase["end"] + gap)
        goes_on = (draw[0] < CONTINUES) & (following <= AS_OF)
        customer, start = customer[goes_on], following[goes_on]
    return {name: np.concatenate([r[name] for r in rounds]) for name in rounds[0]}


def subscriptions(rows: int, seed: int = 7, *, text_ids: bool = False) -> pa.Table:
    """Return the table of subscriptions of a made-up company.

    Parameters
    ----------
    rows
        How many subscriptions.
    seed
        Of the random numbers.
    text_ids
        Whether customer ids are text ("cus_00001234") instead of integers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rng = np.random.default_rng(seed)
    lines = _lines(rng, int(rows * EXTRA) + 10)
    whole = np.argsort(lines["customer"], kind="stable")[:rows]
    mixed = whole[rng.permutation(len(whole))]
    line = {name: values[mixed] for name, values in lines.items()}
    names = rng.permutation(int(line["customer"].max()) + 1)[line["customer"]] + 1
    customer = pa.array(names)
    if text_ids:
        customer = pc.binary_join_element_wise(
            "cus", pc.utf8_lpad(customer.cast("string"), 10, "0"), "_"
        )
    ends = pa.array(line["end"].astype(np.int32), mask=line["end"] > AS_OF).cast(pa.date32())

    def text(codes: NDArray[np.generic], words: tuple[str, ...]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(codes.astype(np.int32), list(words)).cast("string")

    plan = np.minimum(line["segment"] + rng.integers(0, 2, len(mixed)), 3)
    return pa.table(
        {
            "subscription_id": np.arange(1, len(mixed) + 1),
            "customer_id": customer,
            "segment": text(line["segment"], SEGMENTS),
            "plan": text(plan, PLANS),
            "start": pa.array(line["start"].astype(np.int32)).cast(pa.date32()),
            "end": ends,
            "amount": line["amount"],
            "interval": text(line["interval"], INTERVALS),
            "billing_currency": text(rng.choice(3, len(mixed), p=CURRENCY_SHARE), CURRENCIES),
        }
    )


def write(path: Path, rows: int, *, text_ids: bool = False) -> None:
    """Write the subscriptions to a Parquet file."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(subscriptions(rows, text_ids=text_ids), path)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), text_ids=sys.argv[3:] == ["text"])
