"""How many customers take up a feature on their own after a message, and who is left for a person to help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import listed, text, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.money import counted, format_part, format_ratio
from saasmetrics.success.score.events import FAR, Events, events
from saasmetrics.success.uptake.ladder import first_use, watched
from saasmetrics.survival.estimate import check_level, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

OUTCOMES = ("on its own", "with help", "not yet")


@metric(
    id="self_serve_rate",
    name="Self-serve rate",
    unit="ratio",
    better="higher",
    meaning="Of the customers told of a feature by a message, how many started to use it without anybody's help.",
    formula="customers that first used the feature within the window after their first message, with no activity of a "
    "person in between / customers messaged whose window is over",
    missing="Missing where the window of no message is over.",
    sources=("METRICS.md", "Poster POS: up to 70 % started using the new features themselves"),
    options={
        "window_days": "within {value} days of the first message",
        "kind": "messages are activities of kind {value}",
    },
)
def self_serve_rate(
    book: Book,
    feature: str | Sequence[str],
    kind: str = "message",
    window_days: int = 30,
    *,
    interval: float = 0.95,
) -> Result:
    """How many customers took up a feature on their own after a message.

    Parameters
    ----------
    book
        The company's tables, with usage and activities.
    feature
        The feature, or several of which one is enough.
    kind
        The kind of activity that is the message.
    window_days
        Within how many days they must start.
    interval
        Coverage of the interval (Wilson).

    Returns
    -------
    Result
        One row: value, low, high, numerator, denominator, n (messaged), with_help, not_yet, already (used it
        before, not counted), open (window not over, not counted), reason. `extra["remaining"]` lists those not
        yet using it, the most ARR first; `.rows()` has everybody counted.

    Raises
    ------
    MissingTableError
        If usage or activities is missing.
    UnknownNameError
        If there is no such feature or kind.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.self_serve_rate(sm.demo(customers=300), "automation", kind="training").df
    >>> bool(0 <= found["value"].iloc[0] <= 1)
    True
    """
    import pandas as pd

    check_level(interval)
    window = whole("window_days", window_days, 1, "a number of days")
    facts, usage = watched(book, "The self-serve rate")
    features = _features(usage.names, feature)
    told = events(book, "activities", "at")
    message, helped = _first(told, text("kind", kind, "a kind of activity"), facts.many)
    began = first_use(facts, usage, features)
    message, began = (_by(book.as_of_day, day) for day in (message, began))
    sent = message < FAR
    already = sent & (began <= message)
    over = sent & ~already & (message + window <= book.as_of_day)
    adopted = over & (began <= message + window)
    with_help = adopted & _between(helped, message, np.where(adopted, began, message))
    alone = adopted & ~with_help
    k, n = int(alone.sum()), int(over.sum())
    low, high = (float(edge) for edge in wilson(k, n, interval))
    row: dict[str, Any] = {"value": k / n if n else np.nan, "low": low, "high": high}
    row |= {"numerator": k, "denominator": n, "n": n, "with_help": int(with_help.sum())}
    row["not_yet"] = int((over & ~adopted).sum())
    row |= {"already": int(already.sum()), "open": int((sent & ~already & ~over).sum())}
    row["reason"] = "" if n else "the window of no message is over"
    people = _people(book, over, np.select([alone, with_help], [0, 1], 2), message, began)
    rest = people[people["outcome"] == OUTCOMES[2]].sort_values(
        ["arr", "customer_id"], ascending=[False, True]
    )

    return made(
        book,
        "self_serve_rate",
        pd.DataFrame([row]),
        "self_serve",
        options={"window_days": window, "kind": kind},
        notes=(f"Feature: {' or '.join(features)}", _left_out(row)),
        extra={"remaining": rest.reset_index(drop=True), "headline": _headline(row)},
        drill=lambda: people,
        tables=("usage", "activities"),
    )


def _features(known: list[str], given: str | Sequence[str]) -> list[str]:
    if isinstance(given, str):
        given = [given]
    features = [str(name) for name in listed("feature", given, "features")]
    for name in features:
        if name not in known:
            raise UnknownNameError.of("feature", name, known)
    return features


def _left_out(row: dict[str, Any]) -> str:
    before = counted(row["already"], "customer")
    return f"Not counted: {before} who used it before the message, {row['open']:,} whose window is not over"


def _by(last: int, day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return days, far off where they come after the last one: such have not happened yet."""
    return np.where(day > last, np.int64(FAR), day)


def _first(told: Events, kind: str, many: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the day of the first message to each customer, and customer and day of each touch by a person, as one."""
    kinds, code = told.codes("kind")
    known = [str(each) for each in kinds]
    if kind not in known:
        raise UnknownNameError.of("kind of activity", kind, known)
    mine = code == known.index(kind)
    out = np.full(many, FAR, np.int64)
    np.minimum.at(out, told.entity[mine], told.day[mine])
    person = ~mine
    if told.has("csm_id"):
        person &= told.codes("csm_id")[1] >= 0
    key = (told.entity[person].astype(np.int64) << 32) + told.day[person]
    return out, np.sort(key)


def _between(
    key: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for each customer whether there is a touch from the day of the message to that of the first use."""
    base = np.arange(len(first), dtype=np.int64) << 32
    begin = np.searchsorted(key, base + first)
    return np.asarray(np.searchsorted(key, base + last, side="right") > begin)


def _people(book: Book, over: Any, outcome: Any, message: Any, began: Any) -> pd.DataFrame:
    import pandas as pd

    who = np.flatnonzero(over)
    mrr, _ = followed(book.engine).entities.state(book.as_of_day)
    ids = followed(book.engine).spans.entity_ids.take(pa.array(who)).to_pandas()
    first = pd.Series(pd.to_datetime(np.minimum(began[who], 60_000).astype("datetime64[D]")))
    data = {"customer_id": ids, "messaged": pd.to_datetime(message[who].astype("datetime64[D]"))}
    data |= {
        "first_use": first.where(began[who] < FAR),
        "outcome": np.array(OUTCOMES, object)[outcome[who]],
    }
    data |= {"arr": 12 * mrr[who] / 1e6}
    return pd.DataFrame(data)


def _headline(row: dict[str, Any]) -> str:
    if not row["denominator"]:
        return str(row["reason"])
    said = f"{format_part(row['value'], 0)} on their own ({format_ratio(row['low'])} to {format_ratio(row['high'])})"
    return f"{said}, {row['with_help']:,} with help, {row['not_yet']:,} not yet"
