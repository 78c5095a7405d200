"""Two sources of what a customer pays: MRR against what was billed, and against contracts, customer by customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.checks.worth import amounts_on, places
from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, encode, numbers
from saasmetrics.engine.spans import source_of, spans
from saasmetrics.errors import DataError, Problem
from saasmetrics.money import MICRO, counted, format_money, to_micro
from saasmetrics.periods import iso_day
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from saasmetrics.errors import Severity
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

__all__ = ["Side", "billed_differs", "contracts_differ", "differences", "month_ends"]

_MONTHS = 12  # the last ones are compared
APART = 0.01  # share of the larger amount from which two amounts differ
LEAST = MICRO  # and one unit of the currency
_MATTERS = 0.01  # share of MRR from which it is a warning
LEEWAY = 0.05  # of ARR, which contracts round


BILLED = (("customer_id", "month", "mrr", "billed"), "billed-differs")
CONTRACTED = (("customer_id", "start", "arr", "contracted"), "contract-differs")


@dataclass(frozen=True)
class Side:
    """What each of some customers pays, on one day or in several months one after the other."""

    customer: pa.Array
    when: npt.NDArray[np.int64]
    ours: npt.NDArray[np.int64]
    theirs: npt.NDArray[np.int64]


def billed_differs(
    tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str
) -> Iterable[Problem]:
    """Return where MRR at the end of a month is not what was billed for that month, in the last twelve full months.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy, as_of, currency
        By which both are computed.

    Returns
    -------
    iterable of Problem
        At most one; `found` holds each customer and month with both amounts. Amounts differ from 1 % of the larger one
        and one unit of the currency on; from 1 % of the MRR of those months on it is a warning, below it a note.
    """
    source = source_of(tables)
    if source == "invoices" or "invoices" not in tables or not tables["invoices"].num_rows:
        return []
    asked = policy.changed(entity="customer")
    billed = {name: table for name, table in tables.items() if name not in REVENUE[:2]}
    try:
        ours = spans({k: t for k, t in tables.items() if k != "invoices"}, asked, as_of, currency)
        theirs = spans(billed, asked, as_of, currency)
    except DataError:  # what stops it is told as a finding of its own
        return []
    ids, place = _together(ours.entity_ids, theirs.entity_ids)
    ends = month_ends(as_of, int(theirs.start.min(initial=as_of)))
    parts = []
    for day in ends:
        one = amounts_on(ours, day, len(ids))
        two = np.zeros(len(ids), np.int64)
        np.add.at(two, place, amounts_on(theirs, day, len(theirs.entity_ids)))
        apart = _apart(one, two, APART)
        rows = np.flatnonzero(apart & (one != 0) & (two != 0))
        parts.append(Side(ids.take(pa.array(rows)), np.full(len(rows), day), one[rows], two[rows]))
    whole = sum(int(amounts_on(ours, day, len(ids)).sum()) for day in ends)
    return differences(
        "invoices",
        parts,
        whole,
        currency,
        *BILLED,
    )


def contracts_differ(
    tables: Mapping[str, Table], policy: Policy, as_of: int, currency: str
) -> Iterable[Problem]:
    """Return the customers whose running contracts say another ARR than their subscriptions did on the first day.

    Parameters
    ----------
    tables
        Normalized tables by name.
    policy, as_of, currency
        By which MRR is computed.

    Returns
    -------
    iterable of Problem
        At most one; `found` holds each customer with both on the day on which the last of its contracts began, for
        what is sold later need not be in them. They differ from 5 % of the larger one on.
    """
    if source_of(tables) == "invoices" or "contracts" not in tables:
        return []
    data = tables["contracts"].data
    if not len(data):
        return []
    try:
        ours = spans(tables, policy.changed(entity="customer"), as_of, currency)
        rate = currency_rates(tables, "contracts", as_of, currency)
    except DataError:
        return []
    names, code = encode(data["customer_id"])
    ids, place = _together(ours.entity_ids, names)
    arr = numbers(data["arr"])
    runs = (days(data["start"]) <= as_of) & (days(data["end"], as_of) > as_of) & np.isfinite(arr)
    two, begun = np.zeros(len(ids), np.int64), np.full(len(ids), as_of, np.int64)
    np.add.at(two, place[code[runs]], to_micro((arr * rate)[runs]))
    begun[place[code[runs]]] = -(2**31)
    np.maximum.at(begun, place[code[runs]], days(data["start"])[runs].astype(np.int64))
    one = 12 * amounts_on(ours, begun, len(ids))
    rows = np.flatnonzero(_apart(one, two, LEEWAY) & (one != 0) & (two != 0))
    side = Side(ids.take(pa.array(rows)), begun[rows], one[rows], two[rows])
    return differences(
        "contracts",
        [side],
        int(one.sum()),
        currency,
        *CONTRACTED,
    )


_WORDS = {
    "billed-differs": (
        "billed for {many} other than MRR, {amount} apart in sum",
        "customer-month",
        "Correct the amount, the interval or the service dates that are wrong; sm.revenue.reconcile has both in sum.",
    ),
    "contract-differs": (
        "ARR of {many} other than that of subscriptions, {amount} apart in sum",
        "customer",
        "Correct arr of the contract, or the amount and interval of the subscription.",
    ),
}


def differences(
    table: str,
    parts: list[Side],
    whole: int,
    currency: str,
    columns: tuple[str, ...],
    code: str,
    counts: tuple[int, int] | None = None,
) -> list[Problem]:
    """Return the finding of two sources that differ, the largest differences first.

    Parameters
    ----------
    table, columns, code
        Of what it is, and the names of what is found.
    parts
        Who pays how much by either source.
    whole
        What all pay by the first one.
    currency
        Of all amounts.
    counts
        How many there are and what they are apart in sum, where not all of them are in `parts`.

    Returns
    -------
    list of Problem
        At most one.
    """
    ours = np.concatenate([part.ours for part in parts]) if parts else np.zeros(0, np.int64)
    if not len(ours):
        return []
    theirs = np.concatenate([part.theirs for part in parts])
    when = np.concatenate([part.when for part in parts])
    apart = np.abs(theirs - ours)
    order = pa.array(np.argsort(-apart, kind="stable"))
    values = (
        pa.concat_arrays([part.customer for part in parts]),
        pa.array([iso_day(int(day)) for day in when.tolist()]),
        pa.array(ours / MICRO),
        pa.array(theirs / MICRO),
    )
    found = pa.table(dict(zip(columns, values, strict=True))).take(order)
    many, total = counts or (len(ours), int(apart.sum()))
    words, noun, remedy = _WORDS[code]
    severity: Severity = "warning" if total >= _MATTERS * abs(whole) else "note"
    rule = words.format(many=counted(many, noun), amount=format_money(total / MICRO, currency))
    shown = tuple(found.slice(0, SHOWN).to_pylist())
    return [
        Problem(table, "amount" if table == "invoices" else "arr", rule, many, shown, remedy,
                severity, code, None, found)
    ]  # fmt: skip


def _together(ours: pa.Array, theirs: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Return the customers of both sides, ours first, and the place of each of theirs among them."""
    theirs = theirs.cast(ours.type)
    place = places(theirs, ours)
    new = place < 0
    place[new] = len(ours) + np.arange(int(new.sum()))
    return pa.concat_arrays([ours, theirs.filter(pa.array(new))]), place


def _apart(
    one: npt.NDArray[np.int64], two: npt.NDArray[np.int64], share: float
) -> npt.NDArray[np.bool_]:
    size = np.maximum(np.abs(one), np.abs(two))
    apart = np.abs(one - two)
    return np.asarray((apart >= LEAST) & (apart > size * share), np.bool_)


def month_ends(as_of: int, first: int) -> list[int]:
    """Return the last days of the last full months from the first one on."""
    month = np.datetime64(as_of + 1, "D").astype("datetime64[M]")
    months = month - np.arange(_MONTHS)
    last = months.astype("datetime64[D]").astype(np.int64) - 1
    return [int(day) for day in last[::-1] if day >= first]
