"""From a number of unit economics back to what it is made of: spend, customers won, and other numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.metrics.economics.spend import APART, Spend, new_per_month, shared_out
from saasmetrics.metrics.made import group_code, in_currency
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.paths import Path
    from saasmetrics.metrics.economics.spend import Label
    from saasmetrics.metrics.economics.worth import Worth

INPUTS = "inputs"


def won_trace(
    book: Book,
    cost: Spend,
    cut: tuple[str, ...],
    lag: int,
    months_of: Callable[[Any], tuple[int, int]],
    measures: Sequence[str],
    times: int = 1,
    among: Callable[[Label], bool] = lambda _: True,
) -> Callable[..., Trace]:
    """Return how spend per customer or per ARR won follows from months of spend and from customers.

    Parameters
    ----------
    book, cost, lag
        The book, what was spent, and how many months before.
    cut
        The columns that spend and customers are cut by; a cell may name only the first of them.
    months_of
        The months behind a period.
    measures, times
        What of each customer counts, and how often: movements of MRR, or "customers_new".
    among
        Which groups of the cut count.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"], "mrr": [9, 9]},
    ...     spend={"month": ["2026-01"], "function": ["sales"], "amount": [500]})
    >>> sm.economics.cac(book).proof().rows["denominator"].tolist()
    [0.0, 1.0, 1.0]
    """

    def trace(period: Any = None, **group: Any) -> Trace:
        import pandas as pd

        first, last = months_of(period)
        begin = max(first, since_month(book))
        known = book.engine.grouping(cut).labels
        labels = cost.labels(known)
        mine = [g for g, label in enumerate(labels) if _named(cut, label, group) and among(label)]
        won = _won(book, cut, labels, begin, last)
        parts = [_spent(book, cost, cut, labels, won, g, first - lag, last - lag) for g in mine]
        parts += [
            _customers(book, cut, dict(zip(cut, labels[g], strict=True)), month, measures, times)
            for g in mine
            if labels[g] in known
            for month in range(begin, last + 1)
        ]
        parts = [part for part in parts if len(part)] or parts
        rows = pd.concat(parts, ignore_index=True)
        sides = dict.fromkeys(("numerator", "denominator"), "sum")
        made = {"numerator": "amount * share"}
        return Trace(rows, "numerator / denominator", sides, made, "inputs and customers")

    return trace


def inputs_trace(value: str, items: Mapping[str, tuple[str, float]], *notes: str) -> Trace:
    """Return how a number follows from a few others, each of which adds to one column.

    Examples
    --------
    >>> inputs_trace("numerator / denominator", {"LTV": ("numerator", 6.0), "CAC": ("denominator", 2.0)}).sums
    {'numerator': 6.0, 'denominator': 2.0}
    """
    import pandas as pd

    columns = list(dict.fromkeys(column for column, _ in items.values()))
    rows = pd.DataFrame({"item": list(items)})
    for name in columns:
        rows[name] = [amount if name == column else 0.0 for column, amount in items.values()]
    return Trace(rows, value, dict.fromkeys(columns, "sum"), {}, INPUTS, notes=notes)


def customers_of_month(
    book: Book, by: tuple[str, ...], group: Mapping[str, Any], month: int
) -> pd.DataFrame:
    """Return what every customer of a group did in a month, in currency units.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> customers_of_month(book, (), {}, 672)["closing"].tolist()
    [10.0]
    """
    code = group_code(book, by, group)
    return in_currency(book.engine.rows("movements", period=month, freq="M", by=by, group=code))


def since_month(book: Book) -> int:
    """Return the first month in which a book looks at customers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]})
    >>> since_month(book), since_month(book.between("2026-02", "2026-02"))
    (672, 673)
    """
    start = book.engine.extent("M")[0]
    if book.since_day is None:
        return start
    return max(start, int(book.calendar("M").ordinal(np.array([book.since_day]))[0]))


def _named(cut: tuple[str, ...], label: Label, group: Mapping[str, Any]) -> bool:
    return all(group.get(name, value) == value for name, value in zip(cut, label, strict=True))


def _won(
    book: Book, cut: tuple[str, ...], labels: Sequence[Label], first: int, last: int
) -> NDArray[np.float64]:
    """Return the customers that each group won in some months."""
    start = book.engine.extent("M")[0]
    counts = new_per_month(book, cut, ["customers_new"], bagged=False)["customers_new"][:, 0]
    found = counts[:, max(first - start, 0) : last - start + 1].sum(axis=1).astype(float)
    return np.pad(found, (0, len(labels) - len(found)))


def _spent(
    book: Book,
    cost: Spend,
    cut: tuple[str, ...],
    labels: Sequence[Label],
    won: NDArray[np.float64],
    group: int,
    first: int,
    last: int,
) -> pd.DataFrame:
    """Return what was spent on a group, one line per month: its own, and its share of what several have in common."""
    import pandas as pd

    months = np.arange(max(first, cost.first), last + 1)
    parts = []
    for number, key in enumerate(cost.keys):
        one = np.eye(len(cost.keys))[:, number : number + 1]
        share = float(shared_out(cost, one, labels, won[:, None])[group, 0])
        amount = cost.amount[number, months - cost.first]
        if share:
            part = pd.DataFrame({"item": [_said(cut, key)] * len(months)})
            part["month"] = book.calendar("M").starts(months)
            part["amount"], part["share"] = amount, share
            part["numerator"], part["denominator"] = amount * share, 0.0
            parts.append(part[amount != 0])
    names = ["item", "month", "amount", "share", "numerator", "denominator"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _customers(
    book: Book,
    cut: tuple[str, ...],
    group: Mapping[str, Any],
    month: int,
    measures: Sequence[str],
    times: int,
) -> pd.DataFrame:
    found = customers_of_month(book, cut, group, month)
    counted = found[list(measures)].sum(axis=1) * float(times)
    rows = found[["customer_id"]].rename(columns={"customer_id": "item"})
    rows["month"] = book.calendar("M").starts(np.array([month]))[0]
    rows["amount"], rows["share"], rows["numerator"] = 0.0, 0.0, 0.0
    rows["denominator"] = counted
    return rows[counted != 0]


def _said(cut: tuple[str, ...], key: Label) -> str:
    """Return on whom money was spent, in words."""
    named = [f"{name} {value}" for name, value in zip(cut, key, strict=True) if value is not None]
    shared = [name for name, value in zip(cut, key, strict=True) if value is None]
    own = f"spend on {', '.join(named)}" if named else "spend"
    return own + (f", shared out by new customers ({APART} {', '.join(shared)})" if shared else "")


def worth_trace(book: Book, worth: Worth) -> Callable[..., Trace | str]:
    """Return how a lifetime value follows from customers' MRR, the margin and the lifetime.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]}
    >>> sm.economics.ltv(sm.Book(mrr=rows), margin=0.5, discount=0).proof().formula
    'mrr / customers × margin × lifetime = 8 / 1 × 0.5 × 2 = 8.00 USD'
    """

    def trace(**group: Any) -> Trace | str:
        import pandas as pd

        at = worth.labels.index(tuple(group[name] for name in worth.by))
        lifetime = float(worth.lifetime[0, at])
        if not np.isfinite(lifetime):
            return "the lifetime has no end, or is not known"
        if worth.trail is not None:
            return path_trace(worth.trail, at)
        new = worth.options["arpa"] == "new"
        money, heads = ("new", "customers_new") if new else ("closing", "customers_closing")
        months = range(worth.months.first if new else worth.months.last, worth.months.last + 1)
        found = pd.concat([customers_of_month(book, worth.by, group, month) for month in months])
        found = found[(found[money] != 0) | (found[heads] != 0)]
        rows = found[["customer_id", money, heads]].set_axis(["item", "mrr", "customers"], axis=1)
        names = ["gross margin", "lifetime in months, by the method"]
        more = pd.DataFrame({"item": names, "margin": [worth.margin[at], 0.0]})
        more["lifetime"] = [0.0, lifetime]
        rows = pd.concat([rows, more], ignore_index=True)
        rows = rows.fillna(dict.fromkeys(rows.columns[1:], 0.0))
        value = "mrr / customers * margin * lifetime"
        columns = dict.fromkeys(("mrr", "customers", "margin", "lifetime"), "sum")
        return Trace(rows, value, columns, {}, "customers and inputs")

    return trace


def path_trace(path: Path, at: int) -> Trace:
    """Return how a lifetime value follows from the ages of a path: one line each.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]}
    >>> sm.economics.ltv(sm.Book(mrr=rows), method="paths", margin=0.5, discount=0).proof().rows["value"].tolist()
    [2.5, 4.0]
    """
    import pandas as pd

    ages = np.arange(int(path.until[at]))
    alive, each, gained = (side[0, at, ages] for side in (path.alive, path.each, path.gained))
    said = np.where(ages >= path.curves.seen[at], ", projected", "")
    rows = pd.DataFrame(
        {"item": [f"age {age}{more}" for age, more in zip(ages, said, strict=True)]}
    )
    rows = rows.assign(alive=alive, mrr=np.nan_to_num(each), value=gained)
    note = "value: alive * mrr * gross margin, discounted"
    return Trace(rows, "value", {"value": "sum"}, {}, INPUTS, unit="money", notes=(note,))


def sides_trace(
    df: pd.DataFrame, by: Sequence[str], items: tuple[str, str], note: str
) -> Callable[..., Trace | str]:
    """Return how a quotient follows from two numbers of its own frame, by group.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"value": [3.0], "numerator": [6.0], "denominator": [2.0]})
    >>> sides_trace(df, (), ("LTV", "CAC"), "")().rows["item"].tolist()
    ['LTV', 'CAC']
    """

    def trace(**group: Any) -> Trace | str:
        row = df[np.all([df[name] == group[name] for name in by], axis=0) if by else slice(None)]
        top, bottom = (float(row[name].iloc[0]) for name in ("numerator", "denominator"))
        if not (np.isfinite(top) and np.isfinite(bottom)):
            return f"{' or '.join(items)} is not known"
        parts = {items[0]: ("numerator", top), items[1]: ("denominator", bottom)}
        return inputs_trace("numerator / denominator", parts, note)

    return trace
