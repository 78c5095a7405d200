"""Sales and marketing spend by month, cut like the customers it won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.engine.exchange import monthly_rates
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import group_code, in_currency
from saasmetrics.survival.bootstrap import BAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book

ACQUISITION = ("sales", "marketing")
APART = "(none)"  # the engine's label for customers without a value, too
_MONTH_DAYS = 365.25 / 12
Label = tuple[Any, ...]
SHARED = "Spend that names no group is shared out by new customers"
_NAMED = 5  # groups


@dataclass(frozen=True, eq=False)
class Spend:
    """Spend per key and month; a key has None where the table does not say whom the spend was for.

    Parameters
    ----------
    keys
        One tuple of by-values per row of `amount`.
    amount
        Keys x months, in the reporting currency.
    recorded
        Whether a month has any row of the functions asked for.
    first
        Ordinal of the first month.
    """

    keys: tuple[Label, ...]
    amount: NDArray[np.float64]
    recorded: NDArray[np.bool_]
    first: int

    def labels(self, known: Sequence[Label]) -> tuple[Label, ...]:
        """Return the groups of the customers, then those that only spend has."""
        named = {tuple(APART if value is None else value for value in key) for key in self.keys}
        return (*known, *sorted(named - set(known), key=str))

    def shared_notes(self, known: Sequence[Label]) -> tuple[str, ...]:
        """Return what must be said where spend names no group, and where it does not name one of the customers'."""
        if not any(None in key for key in self.keys):
            return ()
        without = [", ".join(map(str, key)) for key in known if key not in self.keys]
        if len(self.keys) == 1 or not without:
            return (SHARED,)
        more = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
        return (f"{SHARED}; no spend names {'; '.join(without[:_NAMED])}{more}",)

    def over(self, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the spend per key over spans of months, both ends included; nan before the table."""
        months = self.amount.shape[1]
        total = np.concatenate([np.zeros((len(self.keys), 1)), self.amount.cumsum(axis=1)], axis=1)
        known = np.concatenate([[0], self.recorded.cumsum()])
        low = np.clip(first - self.first, 0, months)
        high = np.clip(last - self.first + 1, 0, months)
        out = total[:, high] - total[:, low]
        missing = known[high] - known[low] < last - first + 1
        out[:, missing] = np.nan
        return np.asarray(out)


def monthly_spend(
    book: Book, functions: Sequence[str], by: Sequence[str] = (), *, table: str = "spend"
) -> Spend:
    """Return what some functions spent, per month and by-values, in the reporting currency.

    Raises
    ------
    MissingTableError
        If the book has no table of spend.
    UnknownNameError
        If a function is not one of the table's.
    DataError
        If spend cannot be cut by a column.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]},
    ...     spend={"month": ["2026-01"], "function": ["sales"], "amount": [500]})
    >>> monthly_spend(book, ["sales"]).amount.tolist()
    [[500.0]]
    """
    data = _table(book, table).data
    _check_functions(data, functions)
    _check_cut(book, by)
    names, code = encode(data["function"])
    wanted = [i for i, name in enumerate(names.to_pylist()) if name in functions]
    month = book.calendar("M").ordinal(days(data["month"]))
    first, months, _ = book.engine.extent("M")
    first, end = min(first, int(month.min(initial=first))), first + months
    mine = np.flatnonzero(np.isin(code, wanted) & (month < end))
    amount = numbers(data["amount"]) * monthly_rates(book.engine, book.tables, table, book.currency)
    keys, of_row = _keys(data, by, mine)
    total = np.zeros((len(keys), end - first))
    np.add.at(total, (of_row, month[mine] - first), amount[mine])
    recorded = np.zeros(end - first, bool)
    recorded[month[mine] - first] = True
    return Spend(keys, total, recorded, first)


def shared_out(
    spend: Spend, amount: NDArray[np.float64], labels: Sequence[Label], won: NDArray[Any]
) -> NDArray[np.float64]:
    """Return spend per group: what is its own, and its part of what was spent on several.

    Parameters
    ----------
    spend
        Whose keys `amount` has.
    amount
        Keys x spans.
    labels
        The groups.
    won
        New customers, ... x groups x spans: shared spend is divided in proportion to them.

    Returns
    -------
    numpy.ndarray
        ... x groups x spans. Spend on several groups of which none won a customer stays with the
        group "(none)".

    Examples
    --------
    >>> spend = Spend((("SMB",), (None,)), np.zeros((2, 1)), np.ones(1, bool), 0)
    >>> labels, won = [("SMB",), ("Enterprise",), ("(none)",)], np.array([[3.0], [1.0], [0.0]])
    >>> shared_out(spend, np.array([[100.0], [40.0]]), labels, won).tolist()
    [[130.0], [10.0], [0.0]]
    """
    counts = np.asarray(won, np.float64)
    out = np.zeros(counts.shape)
    for key, values in zip(spend.keys, amount, strict=True):
        fits = np.array([_fits(key, label) for label in labels])
        part = np.where(fits[:, None], counts, 0.0)
        total = part.sum(axis=-2, keepdims=True)
        share = np.divide(part, total, out=np.zeros_like(part), where=total > 0)
        rest = labels.index(tuple(APART if v is None else v for v in key)) if key else 0
        share[..., rest, :] += total[..., 0, :] == 0
        out += share * values
    return out


def with_spend(spent: NDArray[np.float64], known: int) -> NDArray[np.int64]:
    """Return the numbers of the groups to show: those of customers, and others that spend was left with.

    Parameters
    ----------
    spent
        Draws x groups x ...
    known
        How many groups the customers have; they come first.

    Examples
    --------
    >>> with_spend(np.array([[0.0, 5.0, 0.0, 7.0]]), known=1).tolist()
    [0, 1, 3]
    """
    total = np.nansum(spent[0].reshape(spent.shape[1], -1), axis=1)
    return np.flatnonzero((np.arange(len(total)) < known) | (total > 0))


def lag_months(book: Book, lag: int | None) -> tuple[int, str]:
    """Return how many months spend leads the customers it wins, and where that is known from.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> lag_months(sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}), None)
    (0, '0 months: the sales cycle is not known')
    """
    if lag is None:
        lag = book.policy.lag
    if lag is not None:
        meaning = "how many months spend leads the customers it wins"
        lag = whole("lag", lag, 0, meaning)
        return lag, _months(lag)
    cycle = _sales_cycle(book)
    if cycle is None:
        return 0, "0 months: the sales cycle is not known"
    months = max(round(cycle / _MONTH_DAYS), 0)
    return (
        months,
        f"{_months(months)}: the median from sign-up to first payment is {cycle:.0f} days",
    )


def new_per_month(
    book: Book, by: Sequence[str], names: Sequence[str], *, bagged: bool
) -> dict[str, NDArray[np.int64]]:
    """Return measures of the movements as groups x bags x months; one bag when not `bagged`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> new_per_month(book, (), ["customers_new"], bagged=False)["customers_new"].tolist()
    [[[1]]]
    """
    cube = book.engine.movements("M", tuple(by), BAGS if bagged else 0)
    if cube.bags:
        return {name: cube.bagged(name) for name in names}
    return {name: cube.measures[name][:, None, :] for name in names}


def new_customer_rows(
    book: Book, by: tuple[str, ...], months_of: Callable[[Any], tuple[int, int]]
) -> Callable[..., pd.DataFrame]:
    """Return the function that lists the customers won in the months behind a cell.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> new_customer_rows(book, (), lambda period: (672, 672))()["customer_id"].tolist()
    ['a']
    """

    def rows(period: Any = None, **group: Any) -> pd.DataFrame:
        import pandas as pd

        first, last = months_of(period)
        label = tuple(group.get(name) for name in by)
        if APART in label and label not in book.engine.grouping(by).labels:
            return pd.DataFrame(
                {"customer_id": [], "new": [], "month": []}
            )  # spend without customers
        code = group_code(book, by, group)
        parts = []
        for month in range(first, last + 1):
            found = book.engine.rows("movements", period=month, freq="M", by=by, group=code)
            found = in_currency(found[found["new"] != 0][["customer_id", "new"]])
            parts.append(found.assign(month=book.calendar("M").starts(np.array([month]))[0]))
        return pd.concat(parts, ignore_index=True)

    return rows


def _table(book: Book, table: str) -> Any:
    if table not in book.tables:
        raise MissingTableError.of(table, "Acquisition cost")
    return book.tables[table]


def _check_functions(data: Any, functions: Sequence[str]) -> None:
    from saasmetrics.tables import SCHEMA

    choices = SCHEMA["spend"].columns["function"].choices
    for name in functions:
        one_of("function of spend", name, choices)
    there = set(data["function"].unique().to_pylist())
    if not there & set(functions):
        listed = ", ".join(sorted(str(name) for name in there))
        msg = f"The table spend has no rows of {', '.join(functions)}; it has {listed}."
        raise DataError(msg)


def _check_cut(book: Book, by: Sequence[str]) -> None:
    book.engine.grouping(tuple(by))
    data = book.tables["spend"].data
    for name in by:
        if not has(data, name):
            known = set(
                book.tables["customers"].data.column_names if "customers" in book.tables else ()
            )
            both = sorted(known & {c for c in data.column_names if has(data, c)} - {"currency"})
            there = f"can be cut by {', '.join(both)}" if both else "cannot be cut at all"
            msg = (
                f"Spend is not known by {name!r}: cost and customers must be cut the same way, and "
                f"here they {there}. Add the column {name!r} to the table spend."
            )
            raise DataError(msg)


def _keys(
    data: Any, by: Sequence[str], rows: NDArray[np.int64]
) -> tuple[tuple[Label, ...], NDArray[np.int64]]:
    if not by:
        return ((),), np.zeros(len(rows), np.int64)
    columns = [data[name].to_pylist() for name in by]
    found = [tuple(column[row] for column in columns) for row in rows.tolist()]
    keys = tuple(dict.fromkeys(found))
    number = {key: i for i, key in enumerate(keys)}
    return keys, np.array([number[key] for key in found], np.int64)


def _fits(key: Label, label: Label) -> bool:
    return all(wanted is None or wanted == value for wanted, value in zip(key, label, strict=True))


def _sales_cycle(book: Book) -> float | None:
    """Return the median days from sign-up to first payment; None where sign-ups are not known."""
    found = book.engine.waits()
    return None if found is None else float(np.median(np.repeat(*found)))


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"
