"""From billed amounts to MRR in micro-units: currency first, then interval, each rounded once to an integer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.asked import among
from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.errors import DataError, InvalidTablesError, Problem, UnknownNameError, hint
from saasmetrics.money import LARGEST, intervals_per_month, to_micro
from saasmetrics.tables.arrays import parts
from saasmetrics.tables.dressed import known_currencies
from saasmetrics.tables.runs import is_runs, lengths
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

ASSUMED = "USD"
"""The reporting currency where nobody names one."""

_ASSUMED_SAYS = f"no table names a currency, so amounts count as {ASSUMED}"


def monthly_micro(
    tables: Mapping[str, Table],
    policy: Policy,
    as_of: int,
    currency: str,
    table: str = "subscriptions",
    column: str = "amount",
) -> NDArray[np.int64]:
    """Return the amount per month of each row, in micro-units of the reporting currency."""
    data = tables[table].data
    amount = numbers(data[column])
    if column == "amount" and policy.discount == "none" and has(data, "list_amount"):
        amount = np.where(
            np.asarray(pc.is_valid(data["list_amount"])), numbers(data["list_amount"]), amount
        )
    rate = currency_rates(tables, table, as_of, currency)
    micro = to_micro(amount if isinstance(rate, float) else amount * rate)
    if not has(data, "interval"):
        return micro
    return _per_month(micro, data, policy)


def _per_month(micro: NDArray[np.int64], data: Any, policy: Policy) -> NDArray[np.int64]:
    """Turn the amounts of bills, in place, into amounts per month."""
    names, code = encode(data["interval"])
    count = np.ones(1, np.int64)
    if has(data, "interval_count"):
        values, count_code = encode(pc.fill_null(data["interval_count"], 1))
        count = np.asarray(values, dtype=np.int64)
        code = code.astype(np.int64) * len(count) + count_code
    often = [
        intervals_per_month(n, int(k), week=policy.week, day=policy.day)
        for n in names.to_pylist()
        for k in count
    ]
    for rows in parts(len(micro)):
        part, some = micro[rows], code[rows]
        for number, each in enumerate(often):
            if each != 1:
                mine = np.flatnonzero(some == number)
                part[mine] = scaled(part[mine], each.numerator, each.denominator)
    return micro


def scaled(
    micro: NDArray[np.int64], times: NDArray[np.int64] | int, parts: NDArray[np.int64] | int
) -> NDArray[np.int64]:
    """Return micro x times / parts, rounded half up, without leaving 64 bits on the way.

    Raises
    ------
    DataError
        If a result is too large to be held exactly.
    """
    if len(micro) and float(np.max(np.abs(micro) * (times / parts))) > LARGEST:
        raise month_not_held()
    whole, rest = micro // parts, micro % parts
    out: NDArray[np.int64] = whole * times + (2 * rest * times + parts) // (2 * parts)
    return out


def month_not_held() -> DataError:
    """Return the error that an amount per month cannot be held exactly."""
    return DataError(
        "An amount per month is above 9 trillion. Check amount and interval in the export."
    )


def sum_not_held(source: str, currency: str) -> DataError:
    """Return the error that the amounts of a table cannot be added up exactly."""
    return DataError(
        f"The amounts of {source} add up to more than 9 trillion {currency}, which cannot be held exactly."
    )


def currency_rates(
    tables: Mapping[str, Table], table: str, as_of: int, currency: str
) -> NDArray[np.float64] | float:
    """Return the rate of each row's currency to the reporting currency, the latest known at `as_of`.

    Raises
    ------
    InvalidTablesError
        If a currency has no rate.
    """
    data = tables[table].data
    if not has(data, "currency"):
        return 1.0
    names, code = encode(data["currency"])
    rates = [
        _latest_rate(tables, name, as_of) if name != currency else 1.0 for name in names.to_pylist()
    ]
    missing = [name for name, rate in zip(names.to_pylist(), rates, strict=True) if rate is None]
    if missing:
        rows = int(np.isin(code, [i for i, rate in enumerate(rates) if rate is None]).sum())
        raise InvalidTablesError([missing_rate(table, missing, rows, currency)])
    if all(rate == 1 for rate in rates):
        return 1.0
    return np.append(np.array(rates, np.float64), 1.0)[code]


def _latest_rate(tables: Mapping[str, Table], name: str, as_of: int) -> float | None:
    if "fx" not in tables:
        return None
    fx = tables["fx"].data
    mine = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(fx["currency"], name), False)))
    when = days(fx["date"])[mine]
    mine, when = mine[when <= as_of], when[when <= as_of]
    if not len(mine):
        return None
    return float(numbers(fx["rate"])[mine[when.argmax()]])


def missing_rate(table: str, missing: list[str], rows: int, currency: str) -> Problem:
    """Return the finding that currencies of a table have no rate."""
    return Problem(
        table=table,
        column="currency",
        rule=f"needs a rate to {currency} for {', '.join(missing)}",
        rows=rows,
        examples=tuple({"currency": name} for name in missing[:3]),
        remedy=f"Add rows (date, currency, rate to {currency}) to the table fx, or give Book(currency=...).",
        severity="error",
        code="missing-fx-rate",
    )


def reporting_currency(given: Any) -> str | None:
    """Return the code of the currency to report in, in capitals; None where none is given.

    Raises
    ------
    UnknownNameError
        If ISO 4217 has no such code.

    Examples
    --------
    >>> reporting_currency("usd")
    'USD'
    """
    if given is None:
        return None
    code, known = given.strip().upper() if isinstance(given, str) else given, known_currencies()
    if not among(code, known):
        msg = f"currency={given!r} is no currency: three letters of ISO 4217, such as USD."
        raise UnknownNameError(msg + hint(code, sorted(known)))
    return str(code)


def main_currency(tables: Mapping[str, Table]) -> str:
    """Return the currency of most rows that is not converted by fx, or USD."""
    quoted = tables["fx"].data["currency"].unique().to_pylist() if "fx" in tables else []
    for name in REVENUE:
        there = name in tables and "currency" in tables[name].data.column_names
        if there and (found := most_used(_counts(tables[name].data), quoted)):
            return found
    return ASSUMED


def with_assumed(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return tables of which the first notes the currency that is assumed, where none of them names one.

    Examples
    --------
    >>> from saasmetrics.tables import normalize_all
    >>> rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]}
    >>> with_assumed(normalize_all({"mrr": rows}))["mrr"].notes[-1]
    'no table names a currency, so amounts count as USD; say another: sm.read(..., currency="EUR")'
    """
    paid = [name for name in REVENUE if name in tables]
    names = any(
        "currency" in (data := tables[name].data).column_names
        and data["currency"].null_count < data.num_rows
        for name in paid
    )
    if names or not paid:
        return dict(tables)
    first = tables[paid[0]]
    note = f'{_ASSUMED_SAYS}; say another: sm.read(..., currency="EUR")'
    return {**tables, paid[0]: replace(first, notes=(*first.notes, note))}


def assumed_words(tables: Mapping[str, Table]) -> str:
    """Return in words which currency is assumed; "" where a table names one, or the user did.

    Examples
    --------
    >>> from saasmetrics.tables import normalize_all
    >>> rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]}
    >>> assumed_words(with_assumed(normalize_all({"mrr": rows})))
    'No table names a currency, so amounts count as USD.'
    """
    notes = (note for table in tables.values() for note in table.notes)
    said = any(note.startswith(_ASSUMED_SAYS) for note in notes)
    return f"{_ASSUMED_SAYS[0].upper()}{_ASSUMED_SAYS[1:]}." if said else ""


def _counts(data: pa.Table) -> dict[str | None, int]:
    """Return how many rows each currency has."""
    if not is_runs(data):
        counts = pc.value_counts(data["currency"]).to_pylist()
        return {each["values"]: each["counts"] for each in counts}
    names, code = encode(data["currency"])
    held = np.bincount(code + 1, lengths(data), len(names) + 1)[1:]
    return dict(zip(names.to_pylist(), held.astype(int).tolist(), strict=True))


def most_used(counts: Mapping[str | None, int], quoted: Collection[str | None]) -> str:
    """Return the currency with most rows among those without a rate, "" where there is none."""
    known = {name: many for name, many in counts.items() if name and name not in quoted}
    return str(max(known, key=lambda name: known[name])) if known else ""
