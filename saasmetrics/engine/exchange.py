"""Exchange rates that move: of each currency the factor of any day against the constant rate, which is the latest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates
from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans
    from saasmetrics.periods import Calendar
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Curve = tuple[NDArray[np.int32], NDArray[np.float64]]

ROUNDING = 10  # millionths that valuing leaves where a customer changes its currency at the rate of the day


class Dated(Protocol):
    """What says of which day a period's rates are: any engine."""

    policy: Policy
    as_of: int

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency."""

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last one observed in full."""


@dataclass(frozen=True, eq=False)
class Valuation:
    """The currency of each span, and how the rates of each moved against the constant ones.

    Currency 0 is every one whose rate does not move; `curves` has the days and factors of the others, `begin` the day
    of the first span.
    """

    of_span: NDArray[np.int32]
    names: tuple[str, ...]
    curves: tuple[Curve, ...]
    begin: int

    @property
    def count(self) -> int:
        """How many currencies there are, those that do not move as one."""
        return len(self.curves) + 1

    def at(self, day: NDArray[Any]) -> NDArray[np.float64]:
        """Return the factor of each currency at some days, as currencies x days."""
        out = np.ones((self.count, len(day)))
        for number, curve in enumerate(self.curves, 1):
            out[number] = _factor(curve, day)
        return out

    def each(self, currency: NDArray[np.int32], day: NDArray[Any]) -> NDArray[np.float64]:
        """Return the factor of one currency and day per element."""
        moments, place = np.unique(day, return_inverse=True)
        found: NDArray[np.float64] = self.at(moments)[currency, place.reshape(-1)]
        return found

    @property
    def note(self) -> str:
        """Which rates were used, in words."""
        ranges = [
            f"{name} {float(factor.min()):.2%} to {float(factor.max()):.2%}"
            for name, (_, factor) in zip(self.names, self.curves, strict=True)
        ]
        early = [
            f"{name} before {iso_day(int(since_day[0]))} at its first rate"
            for name, (since_day, _) in zip(self.names, self.curves, strict=True)
            if since_day[0] > self.begin
        ]
        said = "; ".join([", ".join(ranges), *early])
        return f"Exchange rates of the day, against the latest known: {said}"


def valuation(
    tables: Mapping[str, Table], spans: Spans, as_of: int, currency: str
) -> Valuation | None:
    """Return the moving rates of a book; None where no rate moves."""
    data = tables[spans.source].data
    if "fx" not in tables or not has(data, "currency"):
        return None
    names, code = encode(data["currency"])
    curves = moving(tables["fx"].data, names.to_pylist(), as_of, currency)
    if not curves:
        return None
    number = {name: place for place, name in enumerate(curves, 1)}
    of_name = np.array([*(number.get(name, 0) for name in names.to_pylist()), 0], np.int32)
    of_row = np.append(of_name[code], np.int32(0))  # the last for spans without a row
    begin = int(spans.start.min()) if len(spans) else as_of
    return Valuation(of_row[spans.lines()], tuple(curves), tuple(curves.values()), begin)


def monthly_rates(
    engine: Dated, tables: Mapping[str, Table], table: str, currency: str
) -> NDArray[np.float64] | float:
    """Return the rate of each row of a table by month: of the last day of its month, as balances are at its end.

    Where rates are constant it is the latest one, as it is for MRR.

    Raises
    ------
    InvalidTablesError
        If a currency has no rate.
    """
    latest, data = currency_rates(tables, table, engine.as_of, currency), tables[table].data
    if engine.policy.fx == "constant" or "fx" not in tables or not has(data, "currency"):
        return latest
    names, code = encode(data["currency"])
    calendar = engine.calendar("M")
    day = np.minimum(calendar.last_day(calendar.ordinal(days(data["month"]))), engine.as_of)
    factor = np.ones(len(day))
    curves = moving(tables["fx"].data, names.to_pylist(), engine.as_of, currency)
    for number, name in enumerate(names.to_pylist()):
        if name in curves:
            mine = code == number
            factor[mine] = _factor(curves[name], day[mine])
    return latest * factor


def _factor(curve: Curve, day: NDArray[Any]) -> NDArray[np.float64]:
    """Return the factor of a currency at some days; before its first rate it is that one."""
    since_day, factor = curve
    found: NDArray[np.float64] = factor[
        np.maximum(np.searchsorted(since_day, day, side="right") - 1, 0)
    ]
    return found


def moving(fx: Any, names: Iterable[str], as_of: int, currency: str) -> dict[str, Curve]:
    """Return the factors of the currencies whose rates move, in the order of their names."""
    found = {name: factors(fx, name, as_of) for name in sorted(names) if name != currency}
    return {name: curve for name, curve in found.items() if curve is not None}


def factors(fx: Any, name: str, as_of: int) -> Curve | None:
    """Return the days from which factors hold, and the factors; None where the rate does not move."""
    mine = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(fx["currency"], name), False)))
    when, rate = days(fx["date"])[mine], numbers(fx["rate"])[mine]
    order = np.argsort(when, kind="stable")
    order = order[when[order] <= as_of]
    if not len(order) or (rate[order] == rate[order[-1]]).all():
        return None
    return when[order], rate[order] / rate[order[-1]]


def ends(engine: Dated, freq: str, first: int, periods: int) -> NDArray[np.int64]:
    """Return the last known day of each of so many periods."""
    return ends_of(engine, freq, np.arange(first, first + periods))


def ends_of(engine: Dated, freq: str, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last known day of some periods."""
    last = engine.calendar(freq).last_day(ordinals)
    return np.minimum(np.asarray(last, np.int64), engine.as_of)
