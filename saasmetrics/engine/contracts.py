"""Contract terms: what a customer has signed for, from when until when, for how much a year.

They come from the table of contracts; where there is none, from subscriptions billed by the quarter or longer, whose
terms roll on from their first day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, encode, flags, flat, has, numbers, parents
from saasmetrics.engine.groups import sort_key
from saasmetrics.engine.service import FAR
from saasmetrics.errors import DataError
from saasmetrics.money import counted, to_micro

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

CATEGORIES = ("commit", "best", "at_risk", "omit", "unclassified")
MONTH, MULTI_YEAR = 31, 700  # days: the longest month-to-month term, the shortest multi-year one
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Terms:
    """Contract terms, one element per term; days are day numbers, money is micro-units per year.

    `arr` is the value that was signed, `due` the value that comes up for renewal; the two differ where a term grew or
    shrank on its way. `previous` is the term that this one renews; `auto` says whether it renews by itself;
    `forecast` what is expected after it, both `UNKNOWN` where nothing is said. `row` is the row of the table `source`.
    """

    source: str
    customer_ids: pa.Array
    ids: pa.Array
    row: NDArray[np.int64]
    customer: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    signed: NDArray[np.int64]
    arr: NDArray[np.int64]
    due: NDArray[np.int64]
    previous: NDArray[np.int64]
    auto: NDArray[np.int64]
    forecast: NDArray[np.int64]
    category: NDArray[np.int64]
    escalator: NDArray[np.float64]
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.row)

    @property
    def length(self) -> NDArray[np.int64]:
        """Days in each term."""
        return self.end - self.start

    @property
    def monthly(self) -> NDArray[np.bool_]:
        """Which terms run from month to month."""
        return self.length <= MONTH

    def pick(self, keep: NDArray[np.bool_]) -> Terms:
        """Return the terms that a mask selects, with what they renew numbered anew."""
        if keep.all():
            return self
        place = np.append(np.where(keep, np.cumsum(keep) - 1, UNKNOWN), UNKNOWN)
        arrays = {
            name: getattr(self, name)[keep]
            for name in ("row", "customer", "start", "end", "signed", "arr", "due")
        }
        arrays |= {n: getattr(self, n)[keep] for n in ("auto", "forecast", "category", "escalator")}
        ids = self.ids.filter(pa.array(keep))
        return replace(self, ids=ids, previous=place[self.previous[keep]], **arrays)


def contract_terms(tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str) -> Terms:
    """Return the terms of the table of contracts, all that it holds.

    Parameters
    ----------
    tables
        Normalized tables; `contracts` is one of them.
    policy
        The definition choices: who is one customer.
    as_of
        Day number of the last day known, for exchange rates.
    currency
        The reporting currency.

    Notes
    -----
    A contract without a day of signature counts as signed on its first day. Exchange rates are the latest known on
    both sides of a renewal, so that they move no rate.
    """
    data = tables["contracts"].data
    rate = currency_rates(tables, "contracts", as_of, currency)
    start, end = (days(data[name]).astype(np.int64) for name in ("start", "end"))
    who = flat(data["customer_id"])
    if policy.entity == "parent" and "customers" in tables and "parent_id" in tables["customers"]:
        who = flat(parents(who, tables["customers"].data))
    customer_ids, customer = encode(who)
    arr = to_micro(numbers(data["arr"]) * rate)
    unsigned = len(data)
    signed = start
    if has(data, "signed_at"):
        signed = days(data["signed_at"], FAR).astype(np.int64)
        unsigned = int((signed == FAR).sum())
        signed = np.where(signed == FAR, start, signed)
    previous = _previous(data)
    notes = notes_of(unsigned, *_odd_links(data, previous, end))
    found = Terms(
        source="contracts",
        customer_ids=customer_ids,
        ids=flat(data["contract_id"]).cast(pa.string()),
        row=np.arange(len(data)),
        customer=customer.astype(np.int64),
        start=start,
        end=end,
        signed=signed,
        arr=arr,
        due=arr,
        previous=previous,
        auto=_auto(data),
        forecast=_forecast(data, rate),
        category=_category(data),
        escalator=_escalator(data),
        notes=notes,
    )
    found = _in_order(found, data)
    return found.pick(found.end > found.start)


def _in_order(found: Terms, data: pa.Table) -> Terms:
    """Return the terms in the order of their ids, so that nothing depends on the order of rows."""
    ids, code = encode(data["contract_id"])
    order = np.lexsort((found.end, found.start, np.append(sort_key(ids), UNKNOWN)[code]))
    place = np.full(len(order) + 1, UNKNOWN)
    place[order] = np.arange(len(order))
    arrays = {
        each.name: getattr(found, each.name)[order]
        for each in fields(found)
        if isinstance(getattr(found, each.name), np.ndarray)
    }
    arrays["previous"] = place[arrays["previous"]]
    return replace(found, ids=found.ids.take(pa.array(order)), **arrays)


def _previous(data: pa.Table) -> NDArray[np.int64]:
    """Return the row that each row says it renews; itself, or a row that does not exist, is none."""
    out = np.full(len(data), UNKNOWN, np.int64)
    if not has(data, "previous_contract_id"):
        return out
    ids = flat(data["contract_id"])
    wanted = flat(data["previous_contract_id"]).cast(ids.type)
    at = np.asarray(pc.fill_null(pc.index_in(wanted, value_set=ids), UNKNOWN), np.int64)
    at[np.asarray(pc.is_null(wanted))] = UNKNOWN
    return np.where(at == np.arange(len(data)), UNKNOWN, at)


def _odd_links(
    data: pa.Table, previous: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[int, int]:
    """Return how many predecessors are not there, and how many end no earlier than what should renew them."""
    if not has(data, "previous_contract_id"):
        return 0, 0
    named = np.asarray(flat(pc.is_valid(data["previous_contract_id"])))
    at = np.flatnonzero(previous >= 0)
    return int((named & (previous < 0)).sum()), int((end[at] <= end[previous[at]]).sum())


def notes_of(unsigned: int, gone: int, shorter: int) -> tuple[str, ...]:
    """Return what the footnote says of contracts: unsigned, renewing one that is not there, ending too early."""
    said = []
    if unsigned:
        said.append(
            f"{counted(unsigned, 'contract')} without a day of signature: taken as signed on the first day"
        )
    if gone:
        said.append(f"{counted(gone, 'contract')} renewing one that is not in the table")
    if shorter:
        said.append(
            f"{counted(shorter, 'contract')} ending no later than the one named, which is not renewed by it"
        )
    return tuple(said)


def _auto(data: pa.Table) -> NDArray[np.int64]:
    if not has(data, "auto_renew"):
        return np.full(len(data), UNKNOWN, np.int64)
    said = np.asarray(flat(pc.is_valid(data["auto_renew"])))
    return np.where(said, flags(data["auto_renew"]).astype(np.int64), UNKNOWN)


def _forecast(data: pa.Table, rate: Any) -> NDArray[np.int64]:
    if not has(data, "forecast_arr"):
        return np.full(len(data), UNKNOWN, np.int64)
    said = np.asarray(flat(pc.is_valid(data["forecast_arr"])))
    return np.where(said, to_micro(numbers(data["forecast_arr"]) * rate), UNKNOWN)


def _escalator(data: pa.Table) -> NDArray[np.float64]:
    if not has(data, "escalator"):
        return np.zeros(len(data))
    share = numbers(data["escalator"])
    odd = np.flatnonzero(~(np.abs(share) <= 1))
    if len(odd):
        first = flat(data["contract_id"])[int(odd[0])].as_py()
        msg = (
            f"contracts.escalator is a share, 0.05 for 5 %, but {len(odd):,} rows are above 1 (the first is contract "
            f"{first}: {share[odd[0]]:g}). Divide the column by 100."
        )
        raise DataError(msg)
    return share


def _category(data: pa.Table) -> NDArray[np.int64]:
    last = len(CATEGORIES) - 1
    if not has(data, "category"):
        return np.full(len(data), last, np.int64)
    names, code = encode(data["category"])
    place = [CATEGORIES.index(name) if name in CATEGORIES else last for name in names.to_pylist()]
    return np.array([*place, last], np.int64)[code]
