"""How deep customers use the product, and how they move between levels of use from period to period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import listed, made
from saasmetrics.money import MICRO, format_part
from saasmetrics.periods import iso_day
from saasmetrics.success.score.health import about
from saasmetrics.success.score.scorer import day_of
from saasmetrics.success.uptake.ladder import NONE, Ladder, ladder_of, levels_on, watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.success.score.scorer import Scorer
    from saasmetrics.success.score.signals import Usage

LEFT = "left"
UNKNOWN = "use unknown"


@metric(
    id="adoption",
    name="Adoption",
    unit="table",
    better="higher",
    meaning="Which level of use each customer has kept up, from basic features to the whole solution, and how "
    "customers move between levels.",
    formula="the highest level of which a feature was used in at least so many of the last weeks; from one period's "
    "end to the next, the share of the customers of a level that are on each level then, or have left",
    missing="Missing for customers without any use on record, whose use is unknown.",
    sources=("METRICS.md", "Udesk: basic functions, advanced functions, the whole solution"),
    options={
        "weeks": "a level counts when kept up in {value} weeks",
        "of": "of the last {value}",
        "freq": {
            "M": "moves from month to month",
            "Q": "moves from quarter to quarter",
            "Y": "moves from year to year",
        },
    },
)
def adoption(
    book: Book,
    ladder: Any = None,
    *,
    weeks: int = 3,
    of: int = 6,
    freq: str = "Q",
    last: int = 8,
    as_of: Any = None,
) -> Result:
    """The level of use of every customer that pays, and the moves between levels.

    Parameters
    ----------
    book
        The company's tables, with usage.
    ladder
        Level -> features, the lowest level first; by default thirds of the features by how many customers use them.
    weeks, of
        A level is kept up where one of its features was used in `weeks` of the last `of` weeks (3 of 6).
    freq
        "Q" by default; also "M" and "Y".
    last
        Over how many of the last complete periods the moves are counted.
    as_of
        As for `health`.

    Returns
    -------
    Result
        One row per customer: customer_id, name, segment, csm_id where known, value (level, 0 is none), level (its
        name), arr, reason. `extra["transitions"]` has start, end (levels; "left" for those who no longer pay),
        customers and share (of those that started there; each start sums to 1); `extra["periods"]` the same per period;
        `extra["outcomes"]` per level customers, left, expanded and the shares of both a period later.

    Raises
    ------
    MissingTableError
        If there is no table usage.
    UnknownNameError
        If the ladder names a feature that there is not.

    Notes
    -----
    That customers of a level leave less often does not say that the level keeps them: those who like the product do
    both.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.adoption(sm.demo(customers=200))
    >>> totals = found.extra["transitions"].groupby("start")["share"].sum()
    >>> bool((abs(totals - 1) < 1e-12).all())
    True
    """
    need, span = (
        whole("weeks", weeks, 1, "a number of weeks"),
        whole("of", of, 1, "a number of weeks", 520),
    )
    if need > span:
        msg = f"weeks={need} cannot be kept up in the last of={span} weeks; take no more weeks than there are."
        raise DataError(msg)
    day = day_of(book, as_of)
    periods = _periods(book, freq, whole("last", last, 1, "a number of periods"), day)
    ends = book.calendar(freq).last_day(periods).tolist()
    watching = watched(book, "Adoption", min([*ends, day]) - 7 * span + 1)
    rungs = ladder_of(*watching, ladder)
    usage = watching[1]
    df = _now(book, watching, rungs, day, (need, span))
    starts = book.calendar(freq).starts(periods)
    moves = _moves(watching, rungs, starts, ends, (need, span))
    transitions = _shares(moves, rungs)
    notes = (f"{rungs.said[0].upper()}{rungs.said[1:]}: {_told(rungs)}", *usage.events.notes())
    notes = (*notes, *(() if day == book.as_of_day else (f"As of {iso_day(day)}",)))
    return made(
        book,
        "adoption",
        df,
        "adoption",
        options={"weeks": need, "of": span, "freq": freq},
        notes=notes,
        drill=listed(df, "customer_id", "segment", "csm_id", "level"),
        extra={
            "transitions": transitions,
            "periods": moves,
            "outcomes": _outcomes(moves),
            "ladder": rungs.features,
            "headline": _headline(df, rungs),
        },
        tables=("usage",),
        trace=lambda **_: "a level is a state of a customer, not a sum",
    )


def _periods(book: Book, freq: str, last: int, until: int) -> NDArray[np.int64]:
    """Return the last complete periods and the one before them."""
    first, _, full = book.engine.extent(freq)
    full = min(full, int(book.calendar(freq).ordinal(np.array([until + 1]))[0]) - 1)
    return np.arange(max(first, full - last), full + 1)


def _now(
    book: Book, watching: tuple[Scorer, Usage], rungs: Ladder, day: int, rule: tuple[int, int]
) -> pd.DataFrame:
    """Return the level of each customer that pays on a day."""
    import pandas as pd

    facts, usage = watching
    level, ever = levels_on(facts, usage, rungs, day, *rule)
    mrr, _ = facts.ledger.state(day)
    who = np.flatnonzero(mrr > 0)
    names, known = np.array([NONE, *rungs.names], object), ever[who]
    ids = followed(book.engine).spans.entity_ids.take(pa.array(who)).to_pandas()
    data: dict[str, Any] = {"customer_id": ids, **about(book, who, ("name", "segment", "csm_id"))}
    data["value"] = np.where(known, level[who], np.nan)
    data["level"] = np.where(known, names[level[who]], UNKNOWN)
    data["arr"] = 12 * mrr[who] / MICRO
    data["reason"] = np.where(known, "", "no use is on record, so that it is unknown")
    return pd.DataFrame(data).sort_values("customer_id", kind="stable", ignore_index=True)


def _told(rungs: Ladder) -> str:
    return "; ".join(f"{name}: {', '.join(found[:6])}" for name, found in rungs.features.items())


def _moves(
    watching: tuple[Scorer, Usage],
    rungs: Ladder,
    starts: Any,
    ends: Sequence[int],
    rule: tuple[int, int],
) -> pd.DataFrame:
    """Return customers, and those who left or pay more, per period, level at its start and level at its end."""
    import pandas as pd

    facts, usage = watching
    names = [NONE, *rungs.names, UNKNOWN, LEFT]
    rows: list[dict[str, Any]] = []
    before: tuple[NDArray[Any], NDArray[Any]] | None = None
    for at, day in enumerate(ends):
        level, ever = levels_on(facts, usage, rungs, int(day), *rule)
        mrr, paused = facts.ledger.state(int(day))
        code = np.where(ever, level, len(names) - 2)
        code = np.where(mrr + paused > 0, code, len(names) - 1)
        if before is not None:
            then, paid = before
            there = paid > 0
            cell = then[there] * len(names) + code[there]
            count = np.bincount(cell, minlength=len(names) ** 2)
            more = np.bincount(cell, mrr[there] > paid[there], len(names) ** 2)
            rows += [
                {
                    "period": pd.Timestamp(starts[at]),
                    "start": names[c // len(names)],
                    "end": names[c % len(names)],
                }
                | {"customers": int(count[c]), "expanded": int(more[c])}
                for c in np.flatnonzero(count).tolist()
            ]
        before = code, mrr
    return pd.DataFrame(rows, columns=["period", "start", "end", "customers", "expanded"])


def _shares(moves: pd.DataFrame, rungs: Ladder) -> pd.DataFrame:
    """Return the moves of all periods together as shares of those that started on a level, for every pair of levels."""
    import pandas as pd

    starts = [name for name in (NONE, *rungs.names, UNKNOWN) if name in set(moves["start"])]
    ends = [*[n for n in (NONE, *rungs.names, UNKNOWN) if n in {*starts, *moves["end"]}], LEFT]
    wide = moves.pivot_table(
        index="start", columns="end", values="customers", aggfunc="sum", fill_value=0
    )
    wide = wide.reindex(index=starts, columns=ends, fill_value=0)
    counts = wide.to_numpy(np.int64)
    rows = [
        {
            "start": s,
            "end": e,
            "customers": int(counts[i, j]),
            "share": float(counts[i, j] / max(counts[i].sum(), 1)),
        }
        for i, s in enumerate(starts)
        for j, e in enumerate(ends)
    ]
    return pd.DataFrame(rows, columns=["start", "end", "customers", "share"])


def _outcomes(moves: pd.DataFrame) -> pd.DataFrame:
    """Return what became of the customers of each level a period later."""
    import pandas as pd

    if not len(moves):
        return pd.DataFrame(
            columns=["level", "customers", "left", "expanded", "left_share", "expanded_share"]
        )
    gone = moves[moves["end"] == LEFT].groupby("start")["customers"].sum()
    sums = moves.groupby("start", sort=False)[["customers", "expanded"]].sum()
    sums.insert(1, "left", gone.reindex(sums.index).fillna(0).astype(int))
    sums["left_share"] = sums["left"] / sums["customers"]
    sums["expanded_share"] = sums["expanded"] / sums["customers"]
    return sums.rename_axis("level").reset_index()


def _headline(df: pd.DataFrame, rungs: Ladder) -> str:
    known = df[df["value"].notna()]
    if not len(known):
        return "no customer has any use on record"
    top = float((known["value"] == len(rungs.names)).mean())
    unknown = len(df) - len(known)
    more = f"; of {unknown:,} the use is unknown" if unknown else ""
    return f"{format_part(top, 0)} of customers use the level {rungs.names[-1]!r}{more}"
