"""How good the renewal forecast was: what it said before past quarters, against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.due import Before, Question
from saasmetrics.engine.renewals import LOST, OPEN, RENEWED
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.renewals.calendar import quarters_ahead
from saasmetrics.metrics.renewals.cells import EARLY, GRACE, SOURCES, TERMS
from saasmetrics.metrics.renewals.chances import chances, history
from saasmetrics.metrics.renewals.distribution import distribution
from saasmetrics.metrics.renewals.due import every, known_before, settled
from saasmetrics.metrics.renewals.forecast import pooled_by
from saasmetrics.metrics.renewals.shared import Desk
from saasmetrics.money import format_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.metrics.renewals.due import Summed
    from saasmetrics.result import Result

HORIZONS = (0, 30, 90, 180)
_NO_HISTORY = "no renewal had been decided by then"


@metric(
    id="renewal_accuracy",
    name="Forecast accuracy of renewals",
    unit="money",
    better="neutral",
    meaning="What the renewal forecast would have said before each past quarter, and what was renewed in the end.",
    formula="(forecast so many days before the quarter - actual) / actual; Brier score: mean of (probability - "
    "renewed or not) squared",
    missing="Missing where no renewal had been decided by then to learn from.",
    sources=(*SOURCES, "Brier 1950"),
    options={
        "pool": "probabilities are learnt by {value}",
        "rho": "common shock of correlation {value}",
        "terms": TERMS,
        "grace_days": GRACE,
        "early_days": EARLY,
    },
)
def accuracy(
    book: Book,
    quarters: int = 8,
    horizons: Sequence[int] = HORIZONS,
    *,
    rho: float = 0.0,
    pool: str | Sequence[str] | None = "segment",
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
) -> Result:
    """What the renewal forecast would have said before past quarters, against what came.

    Parameters
    ----------
    book, rho, pool, terms, grace_days, early_days
        As for `forecast`.
    quarters
        How many of the last quarters whose grace is over.
    horizons
        Days before the first day of a quarter; each forecast knows only what was signed by then.

    Returns
    -------
    Result
        One row per quarter and horizon: period, horizon, value (forecast of renewed ARR, currency units), low and
        high (P10 and P90), actual, error ((value - actual) / actual), inside (actual between low and high), brier, n
        (open terms), reason. `extra["summary"]` has per horizon quarters, bias (mean error), error (mean absolute
        error), coverage (share inside; 80 % is right) and brier (over all terms).

    Raises
    ------
    DataError
        If quarters or horizons are not whole numbers of at least 1 and 0.

    Notes
    -----
    Of subscriptions, what comes up is what was paid at the end of the term, also in the forecasts before it.
    Forecast categories have no history in the tables, so the commit of a past quarter cannot be judged. Where far fewer
    than 80 % of the quarters are inside, renewals move together: take `rho` from what brings the coverage near it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.accuracy(sm.demo(customers=300), quarters=4, horizons=[90])
    >>> len(found.df)
    4
    """
    import pandas as pd

    days, quarters = _days(horizons), quarters_ahead(quarters)
    window = (terms, grace_days, early_days)
    now = every(book, *window)
    numbers = settled(now, quarters)
    asked = [(number, horizon) for number in numbers.tolist() for horizon in days]
    renewed = now.sums()["renewed"].sum(axis=(0, 1))
    questions = [_question(book, *each) for each in asked]
    rows, misses = [], []
    for (number, horizon), then in zip(asked, _before(book, now, pool, questions), strict=True):
        row, miss = _row(then, int(renewed[number - now.span()[0]]), rho)
        period = book.calendar("Q").starts(np.array([number]))[0]
        rows.append({"period": period, "horizon": horizon, **row})
        misses.append((horizon, miss))
    df = pd.DataFrame(rows, columns=["period", "horizon", *_COLUMNS])
    summary = _summary(df, days, misses)
    options = {"quarters": quarters, "horizons": days, "rho": rho, **now.options}
    if pool is not None:
        options["pool"] = pool if isinstance(pool, str) else " and ".join(pool)
    return made(
        book,
        "renewal_accuracy",
        df,
        "renewal_accuracy",
        options=options,
        notes=(*now.notes(), *_said(summary)),
        extra={"summary": summary},
        tables=now.tables,
    )


_COLUMNS = ("value", "low", "high", "actual", "error", "inside", "brier", "n", "reason")


def _days(horizons: Any) -> list[int]:
    meaning = "numbers of days before the quarter, such as [0, 90]"
    days = [
        whole("horizons", day, 0, f"a list of {meaning}")
        for day in listed("horizons", horizons, meaning)
    ]
    if not days:
        msg = f"horizons={horizons!r} are {meaning}."
        raise DataError(msg)
    return days


def _question(book: Book, number: int, horizon: int) -> Question:
    """Return what is asked of a quarter so many days before it."""
    calendar, quarter = book.calendar("Q"), np.array([number])
    first, last = (int(at(quarter)[0]) for at in (calendar.first_day, calendar.last_day))
    return Question(first - 1 - horizon, first, last)


def _before(
    book: Book, now: Desk | Summed, pool: Any, questions: Sequence[Question]
) -> Iterator[Before]:
    """Return what was known on days before: of terms that are elsewhere with one question, of others day by day."""
    if isinstance(now, Desk):
        window, truth = (now.which, now.window.grace, now.window.early), _outcomes(now)
        yield from (_known(book, pool, window, question, truth) for question in questions)
    else:
        yield from known_before(now, pooled_by(book, pool), questions)


def _outcomes(now: Desk) -> tuple[Any, Any]:
    """Return a key of each term and whether it was renewed, sorted by key."""
    terms = now.found.terms
    key = (terms.row << 32) + terms.start
    order = np.argsort(key)
    return key[order], (now.found.outcome == RENEWED)[order]


def _known(
    book: Book, pool: Any, window: tuple[str, int, int], asked: Question, truth: tuple[Any, Any]
) -> Before:
    """Return what was known at the end of a day."""
    desk = Desk.asked(book, "Q", pooled_by(book, pool), *window, as_of=asked.day)
    terms, past = desk.found.terms, history(desk)
    end = terms.end[desk.kept]
    at = desk.kept[(end >= asked.first) & (end <= asked.last)]
    came = truth[1][np.searchsorted(truth[0], (terms.row[at] << 32) + terms.start[at])]
    assert desk.groups.of_entity is not None
    return Before(
        past,
        group=desk.groups.of_entity[at].astype(np.int64),
        again=(desk.found.number[at] > 1).astype(np.int64),
        waited=desk.as_of - terms.end[at],
        due=terms.due[at],
        kept=desk.found.kept[at],
        outcome=desk.found.outcome[at],
        came=came.astype(np.int64),
    )


def _row(then: Before, actual: int, rho: float) -> tuple[dict[str, Any], Any]:
    """Return a row of the back-test, and the squared misses of its probabilities."""
    learned = chances(then.past).of(then.group, then.again + 1, then.waited)
    outcome, still = then.outcome, then.outcome == OPEN
    chance = np.select([outcome == RENEWED, outcome == LOST], [1.0, 0.0], learned)
    row: dict[str, Any] = dict.fromkeys(_COLUMNS, np.nan)
    row |= {"actual": actual / 1e6, "n": int(still.sum()), "inside": None, "reason": ""}
    if not len(outcome) or np.isnan(chance[still]).any():
        return row | {"reason": _NO_HISTORY}, np.zeros(0)
    won = int(then.kept[outcome == RENEWED].sum())
    found = distribution(then.due[still], chance[still], certain=won, rho=rho)
    miss = (chance - then.came)[still] ** 2
    value = float(np.where(still, chance * then.due, then.kept).sum()) / 1e6
    low, high = found.quantile(0.1), found.quantile(0.9)
    row |= {"value": value, "low": low, "high": high}
    step = found.step / 1e6  # by which a quantile may be off
    row["inside"] = bool(low - step <= row["actual"] <= high + step)
    if actual:
        row["error"] = (value - row["actual"]) / row["actual"]
    if len(miss):
        row["brier"] = float(miss.mean())
    return row, miss


def _summary(df: pd.DataFrame, days: list[int], misses: list[tuple[int, Any]]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for horizon in days:
        mine = df[(df["horizon"] == horizon) & df["value"].notna()]
        miss = np.concatenate([np.zeros(0), *(m for h, m in misses if h == horizon)])
        rows.append(
            {
                "horizon": horizon,
                "quarters": len(mine),
                "bias": mine["error"].mean(),
                "error": mine["error"].abs().mean(),
                "coverage": mine["inside"].astype(float).mean(),
                "brier": float(miss.mean()) if len(miss) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _said(summary: pd.DataFrame) -> tuple[str, ...]:
    known = summary[summary["quarters"] > 0]
    return tuple(
        f"{int(row['horizon'])} days ahead: mean error {row['bias']:+.1%}, {format_part(row['coverage'], 0)} of "
        f"{int(row['quarters'])} quarters within P10 to P90, Brier {row['brier']:.3f}"
        for row in known.to_dict("records")
    )
