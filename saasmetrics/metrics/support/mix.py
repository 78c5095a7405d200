"""What customers ask about, where and who: tables of tickets with what differs from chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, encode, has
from saasmetrics.engine.tally import tally
from saasmetrics.metrics.made import ratio
from saasmetrics.metrics.support.counted import counted_inbox
from saasmetrics.metrics.support.exposure import Paying
from saasmetrics.money import format_part
from saasmetrics.survival.estimate import p_text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.support.inbox import Inbox
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

STATES = ("trial", "prospect", "lost prospect", "new", "long-standing", "dismissed")
_FAR = 2**30
_FEW = 5.0  # expected tickets in a cell below which the test is rough


@metric(
    id="ticket_mix",
    name="Ticket mix",
    unit="ratio",
    better="neutral",
    meaning="Which questions come through which channel, or any two columns of tickets against each other.",
    formula="tickets of a cell / tickets of its row; residual: (tickets - expected) / standard error",
    missing="Missing where a row has no tickets.",
    sources=("Pearson 1900, chi-square", "Haberman 1973, adjusted residuals", "METRICS.md"),
    options={"rows": "rows are {value}", "columns": "columns are {value}"},
)
def mix(book: Book, rows: str = "tag", columns: str = "channel", *, zone: str = "UTC") -> Result:
    """Which questions come through which channel, and which cells are no chance.

    Parameters
    ----------
    book
        With the table tickets; `book.between` chooses the time.
    rows, columns
        Two columns of tickets, customers or people, such as "tag" and "channel", or "priority_source" and "priority"
        for how customers and agents judge urgency.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        One row per cell: the two columns, value (share of the row), numerator (tickets), denominator (tickets of the
        row), n, expected, residual_adjusted (beyond 2 or -2 is unlikely by chance); `extra` has chi2, dof and
        p_value of the table. `rows` has the tickets of a cell.

    Raises
    ------
    UnknownNameError
        If a column does not exist.
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=50)
    >>> found = sm.support.mix(book)
    >>> bool(found.df["numerator"].sum() == len(book.frame("tickets")))
    True
    """
    text("rows", rows, "a column of tickets")
    text("columns", columns, "a column of tickets")
    inbox = counted_inbox(book, "M", (rows, columns), zone)
    (row_labels, row), (column_labels, col) = inbox.columns
    table = Table(inbox, (rows, columns), (row_labels, column_labels), (row, col), inbox.since)
    return table.result("ticket_mix", {"rows": rows, "columns": columns, "zone": zone})


@metric(
    id="support_voice",
    name="Voice by segment",
    unit="ratio",
    better="neutral",
    meaning="What trials, prospects, new, long-standing and dismissed customers each ask about.",
    formula="tickets of customers in a state about a topic / tickets of customers in that state",
    missing="Missing where customers in a state have no tickets.",
    sources=("Zendesk, voice of the customer by segment", "METRICS.md"),
    options={
        "new_days": "new is paying for less than {value} days",
        "columns": "topics are {value}",
    },
)
def voice(book: Book, columns: str = "tag", *, new_days: int = 90, zone: str = "UTC") -> Result:
    """What trials, new, long-standing and former customers each ask about.

    Parameters
    ----------
    book
        With the table tickets, and trials for those on trial.
    columns
        The column of topics.
    new_days
        Days since the first payment in which a customer is new.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        As of `mix`, with rows by voice: "trial", "prospect" (never paid, no trial on record), "lost prospect" (trial
        over, never paid), "new", "long-standing" and "dismissed" (paid before, not on that day).

    Raises
    ------
    MissingTableError
        If the book has no tickets.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.voice(sm.demo(customers=100)).df
    >>> "long-standing" in set(df["voice"])
    True
    """
    limit = whole("new_days", new_days, 1, "a number of days")
    text("columns", columns, "a column of tickets")
    inbox = counted_inbox(book, "D", columns, zone)
    ((labels, col),) = inbox.columns
    state = states(inbox, limit)
    table = Table(inbox, ("voice", columns), (list(STATES), labels), (state, col), inbox.since)
    return table.result("support_voice", {"new_days": limit, "columns": columns, "zone": zone})


def states(inbox: Inbox, new_days: int) -> Ints:
    """Return the state of the customer of each ticket on its day, as an index of `STATES`."""
    paying = Paying.of(inbox.book)
    customer = paying.of_tickets(inbox)
    day = inbox.days
    known = np.maximum(customer, 0)
    before = np.where(customer >= 0, paying.paid_days(known, day), 0)
    now = np.where(customer >= 0, paying.paid_days(known, day + 1), 0) > before
    first = paying.first_day()[known] if len(paying.ids) else np.full(len(day), _FAR)
    start, end = _trials(inbox)
    on_trial = (start <= day) & (day <= end)
    unpaid = np.where(on_trial, 0, np.where(end < day, 2, 1))
    paid = np.where(now, np.where(day - first < new_days, 3, 4), 5)
    return np.where(now | (before > 0), paid, unpaid).astype(np.int64)


def _trials(inbox: Inbox) -> tuple[Ints, Ints]:
    """Return the first and the last day of the trials of the customer of each ticket; far ahead without one."""
    many = len(inbox.customer_ids)
    start, end = np.full(many, _FAR, np.int64), np.full(many, -_FAR, np.int64)
    if "trials" in inbox.book.tables:
        data = inbox.book.tables["trials"].data
        ids, code = encode(data["customer_id"])
        place = pc.index_in(ids, value_set=inbox.customer_ids.cast(ids.type))
        at = np.append(np.asarray(pc.fill_null(place, -1)), -1)[code]
        over = [days(data[name], _FAR) for name in ("ended_at", "converted_at") if has(data, name)]
        last = np.minimum.reduce(over) if over else np.full(len(data), _FAR)
        mine = at >= 0
        np.minimum.at(start, at[mine], days(data["start"])[mine])
        np.maximum.at(end, at[mine], last[mine])
    end[end == -_FAR] = _FAR
    return start[inbox.customer], end[inbox.customer]


class Table:
    """A table of counts of tickets with expected counts and adjusted residuals."""

    def __init__(
        self,
        inbox: Inbox,
        names: tuple[str, str],
        labels: tuple[list[Any], list[Any]],
        codes: tuple[NDArray[Any], NDArray[Any]],
        kept: NDArray[np.bool_],
    ) -> None:
        self.inbox, self.names, self.labels, self.kept = inbox, names, labels, kept
        self.row, self.column = (code.astype(np.int64) for code in codes)
        shape = (len(labels[0]), len(labels[1]))
        cell = self.row[kept] * shape[1] + self.column[kept]
        self.counts = tally(cell, inbox.n[kept], shape[0] * shape[1]).reshape(shape)

    def frame(self) -> pd.DataFrame:
        """Return one row per cell of rows and columns that have tickets."""
        import pandas as pd

        rows, columns = (np.flatnonzero(self.counts.sum(axis=a)) for a in (1, 0))
        counts = self.counts[np.ix_(rows, columns)]
        total = counts.sum(axis=1, keepdims=True)
        expected, residual = residuals(counts)
        first, second = (
            [labels[i] for i in at] for labels, at in zip(self.labels, (rows, columns), strict=True)
        )
        data = {
            self.names[0]: np.repeat(np.array([*first, None], object)[:-1], len(second)),
            self.names[1]: np.tile(np.array([*second, None], object)[:-1], len(first)),
            "value": ratio(counts, total).ravel(),
            "numerator": counts.ravel(),
            "denominator": np.broadcast_to(total, counts.shape).ravel(),
            "n": counts.ravel(),
            "expected": expected.ravel(),
            "residual_adjusted": residual.ravel(),
        }
        return pd.DataFrame(data)

    def result(self, id: str, options: dict[str, Any]) -> Result:
        """Return the table as a Result."""
        df = self.frame()
        shape = tuple(int((self.counts.sum(axis=a) > 0).sum()) for a in (1, 0))
        chi2 = float(((df["n"] - df["expected"]) ** 2 / df["expected"]).sum()) if len(df) else 0.0
        dof = max(shape[0] - 1, 0) * max(shape[1] - 1, 0)
        extra: dict[str, Any] = {"chi2": chi2, "dof": dof, "p_value": _p_value(chi2, dof)}
        notes = []
        if dof:
            notes.append(
                f"Chi-square {chi2:.1f}, {dof} degrees of freedom, p {p_text(extra['p_value'])}"
            )
        few = int((df["expected"] < _FEW).sum())
        if few:
            notes.append(f"{few} cells expect fewer than {_FEW:g} tickets: the test is rough")
        found = self.inbox.result(
            id, df, "mix", options=options, notes=notes, extra=extra | _told(df, self.names)
        )
        from dataclasses import replace

        return replace(found, by=self.names, drill=self._drill())

    def _drill(self) -> Any:
        def rows(**group: Any) -> pd.DataFrame:
            mine = self.kept.copy()
            for name, labels, code in zip(
                self.names, self.labels, (self.row, self.column), strict=True
            ):
                if name in group:
                    wanted = labels.index(group[name]) if group[name] in labels else -1
                    mine &= code == wanted
            return self.inbox.shown(mine, numerator=np.ones(int(mine.sum()), int))

        return rows


def residuals(counts: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each cell of a table expects if rows and columns are independent, and its adjusted residual.

    Examples
    --------
    >>> expected, residual = residuals(np.array([[30, 10], [10, 30]]))
    >>> expected.tolist(), residual.round(3).tolist()
    ([[20.0, 20.0], [20.0, 20.0]], [[4.472, -4.472], [-4.472, 4.472]])
    """
    total = max(int(counts.sum()), 1)
    rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    expected = rows * columns / total
    spread = np.sqrt(expected * (1 - rows / total) * (1 - columns / total))
    out = np.full(counts.shape, np.nan)
    np.divide(counts - expected, spread, out=out, where=spread > 0)
    return expected, out


def _p_value(chi2: float, dof: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(dof, chi2)) if dof else 1.0


def _told(df: pd.DataFrame, names: tuple[str, str]) -> dict[str, str]:
    known = df[df["residual_adjusted"].notna()]
    if not len(known):
        return {}
    top = known.iloc[int(known["residual_adjusted"].to_numpy().argmax())]
    return {
        "headline": f"{top[names[0]]} most with {top[names[1]]} ({format_part(top['value'], 0)})"
    }


def customer_place(inbox: Inbox, ids: pa.Array) -> Ints:
    """Return the place of the customer of each ticket in some ids; -1 where it is not there."""
    names = inbox.customer_ids
    at = pc.fill_null(pc.index_in(names, value_set=ids.cast(names.type)), -1)
    return np.append(np.asarray(at).astype(np.int64), -1)[inbox.customer]
