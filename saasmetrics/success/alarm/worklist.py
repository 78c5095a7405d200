"""What to do first: customers by what an hour of work on them is expected to save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, is_number
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import listed, made
from saasmetrics.money import counted, format_money
from saasmetrics.success.alarm.alerts import alerts
from saasmetrics.success.score.health import headline
from saasmetrics.success.score.health import health as health_of
from saasmetrics.success.score.history import in_force
from saasmetrics.success.score.panel import panel
from saasmetrics.success.score.scorer import NAMES, day_of, scorer

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

UNKNOWN = "unknown: no experiment says how much a touch helps; ranked by ARR at risk"
_WARNING = (
    "How much a touch helps is not known, so that the list is by ARR at risk: the customers most at risk are not those "
    "most helped. Give uplift from an experiment to rank by ARR saved per hour"
)
_HOURS = 1.0


@metric(
    id="worklist",
    name="Worklist",
    unit="table",
    better="neutral",
    meaning="Which customers to turn to first, by the revenue that an hour of work on them is expected to save.",
    formula="with uplift: ARR x uplift / hours, uplift being by how much a touch lowers the probability to leave; "
    "without: ARR x share of customers of the same health band who decided to leave in the 90 days after",
    missing="The uplift is missing, and said to be unknown, unless it is given; a probability is missing where no "
    "customer of the band could be watched for 90 days.",
    sources=("METRICS.md", "Ascarza 2018: retention futility"),
    options={"uplift": "ranked by {value}"},
)
def worklist(
    book: Book,
    uplift: Any = None,
    hours: Any = None,
    *,
    as_of: Any = None,
    model: Any = None,
) -> Result:
    """What to do first, customer by customer.

    Parameters
    ----------
    book
        As for `health`.
    uplift
        By how much a touch lowers the probability to leave: a number for all, or a table by customer_id or by segment
        ({"SMB": 0.02}). It comes from an experiment.
    hours
        Hours of work per customer, in the same ways; 1 by default.
    as_of, model
        As for `health`.

    Returns
    -------
    Result
        One row per customer, the first first: rank, customer_id, name, segment, csm_id where known, value (ARR saved
        per hour where the uplift is known, ARR at risk otherwise, currency units), arr, probability (to leave within
        90 days, of the health band), arr_at_risk, uplift, hours, uplift_note, score, band, below_average, nps (last
        score, 0 to 10), alerts (open ones, named), reason.

    Raises
    ------
    DataError
        If uplift or hours are no numbers, or hours not above 0.

    Notes
    -----
    Ties are broken by the lower score, then by customer_id, so that the list is the same each time.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.worklist(sm.demo(customers=200), uplift={"SMB": 0.02, "Enterprise": 0.05}, hours=2)
    >>> found.df["rank"].tolist()[:2]
    [1, 2]
    """
    day = day_of(book, as_of)
    scores = health_of(book, as_of, model)
    df = scores.df[["customer_id", *_there(scores.df, ("name", "segment", "csm_id"))]].copy()
    df["arr"], df["probability"] = scores.df["arr"], _likely(book, model, scores.df["band"], day)
    df["arr_at_risk"] = df["arr"] * df["probability"]
    for name, given in (("uplift", uplift), ("hours", _HOURS if hours is None else hours)):
        df[name] = _given(name, given, df)
    known = df["uplift"].notna()
    df["uplift_note"] = np.where(known, "given", UNKNOWN)
    df["value"] = np.where(known, df["arr"] * df["uplift"] / df["hours"], df["arr_at_risk"])
    df["score"], df["band"] = scores.df["value"], scores.df["band"]
    df["below_average"] = df["score"] < scores.extra["means"].iloc[-1]["mean"]
    df["nps"] = _answers(book, df, day)
    df["alerts"] = _open(book, df, as_of)
    df["reason"] = np.where(
        df["value"].isna(), "nobody of this health band could be watched for 90 days yet", ""
    )
    df = _ranked(df, known)
    every = bool(len(df) and known.all())
    ranked = "ARR saved per hour" if every else "ARR at risk, the uplift being unknown"
    if known.any() and not every:
        ranked = "ARR saved per hour; after them, by ARR at risk, those whose uplift is unknown"
    return made(
        book,
        "worklist",
        df,
        "worklist",
        options={"uplift": ranked},
        notes=(*(() if every else (_WARNING,)), *scores.notes),
        extra={
            "headline": _headline(df, book.currency, every),
            "health": headline(scores.extra["means"]),
        },
        tables=scorer(book).tables,
        drill=listed(df, "customer_id", "segment", "csm_id", "band"),
    )


def _ranked(df: pd.DataFrame, known: pd.Series[bool]) -> pd.DataFrame:
    """Return the list in order: what is known to help comes before what is only at risk."""
    order = ["_known", "value", "score", "customer_id"]
    up = [True, False, True, True]
    df = df.assign(_known=~known).sort_values(
        order, ascending=up, kind="stable", na_position="last"
    )
    df = df.drop(columns="_known").reset_index(drop=True)
    df.insert(0, "rank", np.arange(1, len(df) + 1))
    return df


def _there(df: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in df.columns]


def _likely(book: Book, model: Any, band: Any, day: int) -> NDArray[np.float64]:
    """Return the share of customers of each band who decided to leave within 90 days, on days that are over by then."""
    past = panel(book, "M", 90, in_force(model))
    past = past.only(~past.notice & (past.day + past.horizon <= day))
    total = np.bincount(past.band, minlength=len(NAMES))
    left = np.bincount(past.band, past.event, len(NAMES))
    share = np.divide(left, total, out=np.full(len(NAMES), np.nan), where=total > 0)
    place = {name: number for number, name in enumerate(NAMES)}
    at = np.array([place[name] for name in band], np.int64)
    return np.asarray(share[at], np.float64)


def _given(name: str, given: Any, df: pd.DataFrame) -> NDArray[np.float64]:
    least, most = (1e-9, 1e6) if name == "hours" else (-1.0, 1.0)
    if given is None:
        return np.full(len(df), np.nan)
    if is_number(given):
        return np.full(len(df), finite(name, given, "a number", least=least, most=most))
    if not isinstance(given, Mapping):
        msg = f"{name}={given!r} is neither a number nor a table of numbers by customer_id or by segment."
        raise DataError(msg)
    for key, value in given.items():
        finite(f"{name}[{key!r}]", value, "a number", least=least, most=most)
    own = df["customer_id"].map(given)
    shared = df["segment"].map(given) if "segment" in df.columns else np.nan
    found = own.fillna(shared).astype(float)
    if name == "hours":
        found = found.fillna(_HOURS)
    if len(df) and not set(given) & {*df["customer_id"], *df.get("segment", [])}:
        msg = f"No customer and no segment is called {', '.join(map(str, list(given)[:5]))}; {name} is by one of them."
        raise DataError(msg)
    out: NDArray[np.float64] = np.asarray(found, np.float64)
    return out


def _answers(book: Book, df: pd.DataFrame, day: int) -> NDArray[np.float64]:
    facts = scorer(book)
    if facts.answers is None:
        return np.full(len(df), np.nan)
    ids = followed(book.engine).spans.entity_ids
    place = {name: number for number, name in enumerate(ids.to_pylist())}
    share, _ = facts.answers.last(day, 365, facts.many)
    at = [place[each] for each in df["customer_id"]]
    out: NDArray[np.float64] = np.multiply(10.0, share[at])
    return out


def _open(book: Book, df: pd.DataFrame, as_of: Any) -> list[str]:
    found = alerts(book, as_of=as_of, kind="churn").df
    named = found.sort_values("rule").groupby("customer_id")["rule"].agg(", ".join)
    return [str(text) for text in df["customer_id"].map(named).fillna("")]


def _headline(df: pd.DataFrame, currency: str, known: bool) -> str:
    if not len(df):
        return "nobody to turn to"
    first = df.head(10)
    total = format_money(float(first["value"].sum()), currency)
    if known:
        return f"the first {counted(len(first), 'customer')} save {total} ARR per hour each, summed"
    return f"the first {counted(len(first), 'customer')} have {total} ARR at risk; how much a touch helps is unknown"
