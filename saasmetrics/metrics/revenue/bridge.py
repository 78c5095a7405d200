"""The bridge of MRR, and its movements one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.movements import FLOWS, NOUNS
from saasmetrics.errors import UnknownNameError
from saasmetrics.metrics.made import made, money, period_drill
from saasmetrics.metrics.revenue import subtypes as reasons
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NEVER = "Never missing: without subscriptions it is 0."


@metric(
    id="bridge",
    name="MRR bridge",
    unit="money",
    better="higher",
    meaning="How MRR went from the opening to the closing of a period: who came, returned, grew, shrank, paused, left.",
    formula="opening + new + reactivation + expansion + contraction + churn + pause + fx + transfer = closing",
    missing=_NEVER,
    sources=("METRICS.md",),
    choices=("view", "pause"),
)
def bridge(book: Book, freq: str = "M", by: str | Sequence[str] | None = None) -> Result:
    """The MRR bridge of every period; it closes with a residual of 0.

    Parameters
    ----------
    book
        The company's tables.
    freq
        D, W, M, Q or Y.
    by
        Columns of the customers or the subscriptions to group by; what a customer moves between groups is `transfer`,
        so that the groups add up to the company.

    Returns
    -------
    Result
        period, by-columns, opening, new, reactivation, expansion, contraction, churn, pause, fx, transfer, closing,
        residual in currency units (losses negative), and complete (false for a period still open).
        `rows(period, movement)` has the customers of a movement; their numerator sums to it.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.

    Notes
    -----
    Where exchange rates move, the opening and the closing are at the rates of the ends of periods and a movement at
    those of its day: of the last change of the customer in the period, or, under view="event", of its own. The
    difference is `fx`; under the policy fx="spot" it counts as expansion or contraction of each customer and currency.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> sm.revenue.bridge(book).df[["opening", "new", "contraction", "closing"]].values.tolist()
    [[0.0, 100.0, 0.0, 100.0], [100.0, 0.0, -20.0, 80.0]]
    """
    by = columns(by)
    cube = book.movements(freq, by)
    df = cube[["period", *by]].copy()
    for name in ("opening", *FLOWS, "closing"):
        df[name] = money(cube[name])
    df["residual"] = money(cube["opening"] + sum(cube[name] for name in FLOWS) - cube["closing"])
    df["complete"] = cube["complete"]
    drill = period_drill(book, "movements", freq, by)
    return made(
        book,
        "bridge",
        df,
        "bridge",
        by=by,
        options={"freq": freq},
        notes=_of_which_rates(book),
        drill=_rows(drill),
        trace=_trace(drill),
    )


@metric(
    id="movements",
    name="MRR movements",
    unit="money",
    better="higher",
    meaning="What each kind of movement added to or took from MRR in a period, and how many customers it was.",
    formula="change of each customer's MRR, by its reason",
    missing=_NEVER,
    sources=("METRICS.md",),
    options={
        "subtypes": {
            True: "expansion and contraction are told by their reason, churn by its cause",
            False: "",
        }
    },
    choices=("view", "pause", "price_volume", "churn_cause"),
)
def movements(
    book: Book,
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    subtypes: bool = False,
) -> Result:
    """The movements of MRR in long form, with the customers behind each.

    Parameters
    ----------
    book, freq, by
        As for `bridge`.
    subtypes
        Tell expansion and contraction by their reason (seats, price, plan, cross-sell, interval, discounts,
        contracted uplifts, usage) and churn by its cause.

    Returns
    -------
    Result
        period, by-columns, movement, value in currency units (losses negative), customers, complete; with `subtypes`
        also subtype, for expansion, contraction and churn.

    Raises
    ------
    UnknownNameError
        If a column or frequency does not exist.
    DataError
        If subtypes are asked for by a column that differs between the subscriptions of one customer.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> df = sm.revenue.movements(book).df
    >>> df.loc[df["value"] != 0, ["movement", "value", "customers"]].values.tolist()
    [['new', 100.0, 1], ['contraction', -20.0, 1]]
    """
    import pandas as pd

    by = columns(by)
    if subtypes:
        return reasons.subtypes(book, freq, by)
    cube = book.movements(freq, by)
    parts = []
    for name in FLOWS:
        part = cube[["period", *by]].assign(movement=name, value=money(cube[name]))
        part["customers"] = cube[NOUNS[name]] if name in NOUNS else pd.NA
        parts.append(part.assign(complete=cube["complete"]))
    df = pd.concat(parts, ignore_index=True).sort_values(
        [*by, "period"], kind="stable", ignore_index=True
    )
    drill = period_drill(book, "movements", freq, by)
    return made(
        book,
        "movements",
        df,
        "movements",
        by=by,
        options={"freq": freq},
        notes=_of_which_rates(book),
        drill=_rows(drill),
        trace=_trace(drill),
    )


def _of_which_rates(book: Book) -> tuple[str, ...]:
    """Return at which exchange rates MRR and its movements are, where any moves."""
    if not book.engine.rates_move:
        return ()
    day = "their day" if book.policy.view == "event" else "the customer's last change in the period"
    if book.policy.fx == "spot":
        rest = "what rates did counts as expansion or contraction of each customer and currency"
    else:
        rest = "fx is the difference"
    return (
        f"Opening and closing are at the exchange rates of the ends of periods, movements at those of {day}; {rest}",
    )


def _rows(drill: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: all customers of a period, or those with one movement."""

    def rows(period: Any = None, movement: str | None = None, **group: Any) -> pd.DataFrame:
        found = drill(period=period, **group)
        if movement is None:
            return found
        if movement not in ("opening", *FLOWS, "closing"):
            raise UnknownNameError.of("movement", movement, ("opening", *FLOWS, "closing"))
        found = found[found[movement] != 0].reset_index(drop=True)
        found.insert(1, "numerator", found[movement])
        return found

    return rows


def _trace(drill: Callable[..., pd.DataFrame]) -> Callable[..., Trace]:
    """Return how a movement follows from customers, and closing from the opening and all movements."""

    def trace(period: Any, movement: str, **group: Any) -> Trace:
        rows = drill(period=period, **group)
        if movement == "closing":
            steps = ["opening", *(name for name in FLOWS if (rows[name] != 0).any())]
            closing = " + ".join(steps)
            return Trace(rows, closing, dict.fromkeys(steps, "sum"), {"closing": closing})
        rows = rows[rows[movement] != 0].reset_index(drop=True)
        rows.insert(1, "numerator", rows[movement])
        return Trace.of_sides(rows, {"numerator": movement})

    return trace
