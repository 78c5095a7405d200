"""Turns generated arrays into Arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.sample.company import Bools, Company, Days, Floats, Ints


def identifiers(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Give ids such as C00042, counted from 1."""
    digits = pa.array(numbers + 1).cast(pa.string())
    padded = pc.utf8_lpad(digits, width, padding="0")
    return pc.binary_join_element_wise(prefix, padded, "")


def width_of(count: int) -> int:
    """Give the digits that ids need for a number of rows, at least five."""
    return max(5, len(str(count)))


def names(options: Sequence[str], picks: Ints, missing: Bools | None = None) -> pa.Array:
    """Give the text of each pick; missing where told."""
    return pa.array(list(options)).take(pa.array(picks, mask=missing))


def pick(values: pa.Array, rows: Ints, missing: Bools | None = None) -> pa.Array:
    """Give values by row number; missing where told."""
    return values.take(pa.array(rows, mask=missing))


def dates(days: Days) -> pa.Array:
    """Give dates; NaT becomes missing."""
    return pa.array(days.astype("datetime64[D]"), pa.date32())


def moments(times: NDArray[np.datetime64]) -> pa.Array:
    """Give UTC timestamps; NaT becomes missing."""
    return pa.array(times.astype("datetime64[us]"), pa.timestamp("us"))


def money(amounts: Floats, missing: Bools | None = None) -> pa.Array:
    """Give amounts rounded to the cent; missing where told."""
    return pa.array(np.round(amounts, 2), pa.float64(), mask=missing)


def numbers(values: Floats | Ints, missing: Bools | None = None) -> pa.Array:
    """Give plain numbers; missing where told."""
    return pa.array(values.astype(np.float64), pa.float64(), mask=missing)


def counts(values: Ints, missing: Bools | None = None) -> pa.Array:
    """Give whole numbers; missing where told."""
    return pa.array(values.astype(np.int64), pa.int64(), mask=missing)


def nothing(length: int, kind: Any) -> pa.Array:
    """Give a column in which every value is missing."""
    return pa.nulls(length, kind)


def currency(company: Company, who: Ints) -> pa.Array:
    """Give the billing currency of customers."""
    return names(("USD", "EUR"), company.euro[who].astype(np.int64))


def customer_ids(company: Company, who: Ints, missing: Bools | None = None) -> pa.Array:
    """Give the ids of customers."""
    every = identifiers("C", np.arange(company.size), width_of(company.size))
    return pick(every, who, missing)


def csm_ids(csm: Ints, missing: Bools | None = None) -> pa.Array:
    """Give the person ids of customer success managers by their seat."""
    every = identifiers("csm-", np.arange(int(csm.max(initial=0)) + 1), 2)
    return pick(every, csm, missing)


def pod_ids(pod: Ints, missing: Bools | None = None) -> pa.Array:
    """Give pod ids."""
    every = identifiers("pod-", np.arange(int(pod.max(initial=0)) + 1), 2)
    return pick(every, pod, missing)
