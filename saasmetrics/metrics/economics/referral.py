"""How many new customers come because others recommended us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.engine.groups import NONE, columns, unreserved
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError, hint
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

UNKNOWN = {
    "counted": "customers of unknown source count as not referred",
    "left_out": "customers of unknown source are left out",
}


@metric(
    id="referral_share",
    name="Referral share",
    unit="ratio",
    better="higher",
    meaning="Of the customers won, the share who came on the recommendation of others.",
    formula="new customers whose source is a referral / new customers",
    missing="Missing where nobody was won, or nobody of known source.",
    sources=("METRICS.md", "Poster POS: about 60 % of new users", "Wilson 1927 (interval)"),
    options={
        "referral": "referrals: {value}",
        "unknown": UNKNOWN,
        "interval": "coverage {value:.0%}, Wilson",
    },
)
def referral_share(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    referral: str | Sequence[str] = "referral",
    unknown: str = "counted",
    interval: float | None = 0.95,
) -> Result:
    """Share of new customers who were referred, by period and group.

    Parameters
    ----------
    book
        The company's tables; needs `customers` with source.
    freq
        D, W, M, Q or Y.
    by
        Columns of customers.
    referral
        The values of customers.source that are referrals.
    unknown
        Customers without a source: "counted" as not referred, or "left_out".
    interval
        Coverage, None for no interval.

    Returns
    -------
    Result
        period, by-columns, value, numerator (referred), denominator and n (new customers), unknown (new customers
        without a source), reason, complete, low, high. `.rows` are the new customers of a cell.

    Raises
    ------
    MissingTableError
        If there is no table customers.
    DataError
        If it has no sources, or none of them is a referral.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.economics.referral_share(sm.demo(customers=300), "Y")
    >>> bool(made.df["value"].dropna().between(0, 1).all())
    True
    """
    import pandas as pd

    one_of("treatment of unknown sources", unknown, UNKNOWN)
    check_interval(interval)
    names = columns(by)
    _not_by_source(names)
    wanted = _wanted(book, referral)
    cube = book.engine.movements(freq, (*names, "customers.source"))
    new = cube.measures["customers_new"]
    sources = np.array([str(label[-1]) for label in cube.groups.labels], object)
    labels = sorted({label[:-1] for label in cube.groups.labels}, key=str)
    at = np.array([labels.index(label[:-1]) for label in cube.groups.labels], np.int64)
    shape = (len(labels), new.shape[1])
    top, lost, all_new = (np.zeros(shape) for _ in range(3))
    for out, mine in ((top, np.isin(sources, wanted)), (lost, sources == NONE)):
        np.add.at(out, at[mine], new[mine])
    np.add.at(all_new, at, new)
    bottom = all_new - lost if unknown == "left_out" else all_new
    first, periods, full = book.engine.extent(freq)
    period = np.arange(first, first + periods)
    df = pd.DataFrame({"period": np.tile(book.calendar(freq).starts(period), shape[0])})
    for number, name in enumerate(names):
        df[name] = np.repeat(np.array([label[number] for label in labels], object), periods)
    df["value"], df["numerator"] = ratio(top, bottom).ravel(), top.ravel()
    df["denominator"], df["n"] = bottom.ravel(), bottom.ravel().astype(int)
    df["unknown"] = lost.ravel().astype(int)
    df["reason"] = np.where(df["value"].isna(), "nobody was won", "")
    df["complete"] = np.tile(period <= full, shape[0])
    if interval is not None:
        low, high = wilson(top, bottom, interval)
        df["low"], df["high"] = low.ravel(), high.ravel()
    said = {
        "referral": " and ".join(wanted),
        "unknown": unknown,
        "freq": freq,
        "interval": interval,
    }
    drill = _New(book, freq, names, wanted, unknown == "left_out")
    return made(book, "referral_share", df, "series", by=by, options=said, drill=drill)


def _not_by_source(names: tuple[str, ...]) -> None:
    unreserved(names, ("unknown",))
    if "source" in names:
        msg = "The share of referrals is over all sources; group by another column than source."
        raise DataError(msg)


def _wanted(book: Book, referral: str | Sequence[str]) -> list[str]:
    if "customers" not in book.tables:
        raise MissingTableError.of("customers", "The share of referrals")
    data = book.tables["customers"].data
    if not has(data, "source"):
        msg = "The share of referrals needs customers.source, how each customer heard of us; add the column."
        raise DataError(msg)
    given = [referral] if isinstance(referral, str) else listed("referral", referral, "sources")
    there = {str(value) for value in data["source"].drop_null().unique().to_pylist()}
    for name in given:
        if str(name) not in there:
            known = ", ".join(sorted(there)[:12])
            msg = f"No customer has the source {name!r}; there are {known}."
            raise UnknownNameError(msg + hint(str(name), sorted(there)))
    return [str(name) for name in given]


@dataclass(frozen=True)
class _New:
    """The customers won in one cell, and which of them were referred."""

    book: Book
    freq: str
    by: tuple[str, ...]
    wanted: list[str]
    known_only: bool

    def __call__(self, period: Any = None, **group: Any) -> pd.DataFrame:
        """Return the new customers of a cell."""
        from saasmetrics.metrics.made import period_drill

        by = (*self.by, "customers.source")
        rows = period_drill(self.book, "movements", self.freq, self.by)(period, **group)
        rows = rows[rows["customers_new"] > 0]
        of = self._sources(by)
        rows = rows[["customer_id"]].assign(source=rows["customer_id"].map(of))
        if self.known_only:
            rows = rows[rows["source"] != NONE]
        referred = rows["source"].isin(self.wanted).astype(float)
        return rows.assign(numerator=referred, denominator=1.0).reset_index(drop=True)

    def _sources(self, by: tuple[str, ...]) -> dict[Any, str]:
        engine = self.book.engine
        labels = np.array([str(label[-1]) for label in engine.grouping(by).labels], object)
        code: NDArray[np.int32] = engine.origin(by)
        return dict(zip(engine.spans.entity_ids.to_pylist(), labels[code], strict=True))
