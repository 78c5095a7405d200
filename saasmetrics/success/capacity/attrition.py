"""How many people leave the team a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.staff import staff
from saasmetrics.metrics.made import made, ratio
from saasmetrics.success.capacity.load import said_roles
from saasmetrics.success.capacity.shared import (
    ROLES,
    by_cell,
    coverage,
    grid,
    month_edges,
    poisson_interval,
    span_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="attrition",
    name="Attrition of the team",
    unit="ratio",
    better="lower",
    meaning="How many of a hundred people leave the team in a year.",
    formula="people who left / years worked by all",
    missing="Missing where nobody worked.",
    sources=(
        "METRICS.md",
        "Garwood 1936 (interval)",
        "Zendesk: attrition above that of the industry",
    ),
    options={
        "roles": ROLES,
        "benchmark": "against {value:.0%} a year",
        "interval": "coverage {value:.0%}, exact for a Poisson count",
    },
)
def attrition(
    book: Book,
    freq: str = "Y",
    by: str | Sequence[str] | None = None,
    *,
    roles: str | Sequence[str] | None = None,
    benchmark: float | None = None,
    interval: float = 0.95,
) -> Result:
    """People who left over years worked, with an interval that few people make wide.

    Parameters
    ----------
    book
        The company's tables; needs `people` with start and end.
    freq
        M, Q or Y; always a rate per year.
    by
        Columns of people: role, team, pod, tier, manager_id.
    roles
        Roles of people to count; None for all.
    benchmark
        Attrition a year of your industry, to be warned of (0.3 is 30 %).
    interval
        Coverage.

    Returns
    -------
    Result
        period, by-columns, value (a year), numerator (people who left), denominator (years worked), n (people who
        left), verdict against the benchmark ("above", "below", "not proven"), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If there is no table people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.capacity.attrition(sm.demo(customers=300), roles="agent").df
    >>> bool((df["low"] <= df["value"]).all() and (df["value"] <= df["high"]).all())
    True
    """
    level = coverage(interval)
    meant = None if benchmark is None else finite("benchmark", benchmark, "a rate a year", least=0)
    names, span = columns(by), span_of(book, freq)
    people = staff(book.tables, book.as_of_day, roles, "Attrition")
    labels, code = people.groups(names)
    starts, ends, period = month_edges(book, span)
    worked = people.months(starts, ends) * ((ends - starts) / 365.25)[None, :]
    shape = (len(labels), span.count)
    years, left = by_cell(worked, code, period, shape), np.zeros((shape[0], span.count + 1))
    gone = people.end <= book.as_of_day
    np.add.at(left, (code[gone], span.period_of(people.end[gone] - 1)), 1)
    left = left[:, : span.count]
    low, high = poisson_interval(left, level)
    lowest, highest = ratio(low, years).ravel(), ratio(high, years).ravel()
    df = grid(span, names, labels).assign(
        value=ratio(left, years).ravel(),
        numerator=left.ravel(),
        denominator=years.ravel(),
        n=left.ravel().astype(int),
        verdict=_verdict(lowest, highest, meant),
        reason=np.where(years.ravel() > 0, "", "nobody worked"),
        complete=np.tile(span.complete, shape[0]),
        low=lowest,
        high=highest,
    )
    options = {
        "freq": freq,
        "roles": said_roles(roles),
        "benchmark": meant,
        "interval": level,
    }
    return made(
        book,
        "attrition",
        df,
        "series",
        by=by,
        options=options,
        notes=people.notes,
        tables=["people"],
    )


def _verdict(low: NDArray[np.float64], high: NDArray[np.float64], benchmark: float | None) -> Any:
    if benchmark is None:
        return ""
    return np.select([low > benchmark, high < benchmark], ["above", "below"], "not proven")
