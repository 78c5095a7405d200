"""Health at the end of past periods, each scored by the model in force and by what was known then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.periods import day_number, iso_day
from saasmetrics.success.score.scorer import NAMES, model_of, scorer

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.success.score.model import HealthModel
    from saasmetrics.success.score.scorer import Snapshot


@metric(
    id="health_history",
    name="Health over time",
    unit="table",
    better="higher",
    meaning="The health score of every customer at the end of past periods, with what was known and the model in force "
    "at that time.",
    formula="the health score as of the last day of each period, by the version of the model with the latest effective "
    "date up to that day",
    missing="As for the health score; a period before the first model's effective date has no rows.",
    sources=("METRICS.md", "Poster POS: in use since January 2019, being improved"),
    options={
        "freq": {"W": "weekly", "M": "monthly", "Q": "quarterly", "D": "daily", "Y": "yearly"}
    },
)
def health_history(book: Book, freq: str = "M", models: Any = None, last: int = 24) -> Result:
    """The health of every customer at the end of past periods, each by the model in force.

    Parameters
    ----------
    book
        As for `health`.
    freq
        "M" by default; also "W", "Q", "D", "Y".
    models
        One `HealthModel` or several versions; for each day counts the one with the latest `effective_from` up to it.
    last
        How many of the last complete periods.

    Returns
    -------
    Result
        By period and customer_id: period, customer_id, value (score), band, coverage, arr, version; `extra["means"]`
        has per period customers, scored, mean, mean_by_arr, red_share.

    Raises
    ------
    DataError
        If two versions take effect on one day, or none was in force.

    Notes
    -----
    Scoring again with the versions of then gives what was stored then: nothing that became known later enters.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.health_history(sm.demo(customers=100), last=3)
    >>> found.df["period"].nunique()
    3
    """
    import pandas as pd

    versions = in_force(models)
    snapshots = past(book, freq, versions, whole("last", last, 1, "a number of periods"))
    if not snapshots:
        msg = f"No complete period ends on or after {versions[0].effective_from}, when the first model takes effect."
        raise DataError(msg)
    starts = book.calendar(freq).starts(
        book.calendar(freq).ordinal(np.array([each.day for each in snapshots]))
    )
    ids = followed(book.engine).spans.entity_ids
    frames = [_rows(each, start, ids) for each, start in zip(snapshots, starts, strict=True)]
    df = pd.concat(frames, ignore_index=True)
    means = pd.DataFrame([_mean(each, s) for each, s in zip(snapshots, starts, strict=True)])
    told = "; ".join(f"{m.name} v{m.version} from {m.effective_from}" for m in versions)
    facts = scorer(book)
    return made(
        book,
        "health_history",
        df,
        "health_history",
        options={"freq": freq},
        notes=(f"Models: {told}", *facts.notes()),
        extra={"means": means, "headline": _headline(means)},
        tables=facts.tables,
        trace=lambda **_: "a mean of scores is no sum over customers",
    )


def in_force(models: Any) -> list[HealthModel]:
    """Return the versions of a model in the order in which they take effect."""
    many = isinstance(models, Iterable) and not isinstance(models, (str, dict, bytes))
    found = [model_of(each) for each in models] if many else [model_of(models)]
    found.sort(key=lambda model: day_number(model.effective_from))
    days = [day_number(model.effective_from) for model in found]
    twice = [found[i].effective_from for i in range(1, len(days)) if days[i] == days[i - 1]]
    if not found or twice:
        msg = (
            f"Two models take effect on {twice[0]}; give them different days."
            if twice
            else "There is no model."
        )
        raise DataError(msg)
    return found


def past(book: Book, freq: str, versions: list[HealthModel], last: int) -> list[Snapshot]:
    """Return the scores at the ends of the last complete periods, by the model in force."""
    first, _, full = book.engine.extent(freq)
    ordinals = np.arange(max(first, full - last + 1), full + 1)
    ends = book.calendar(freq).last_day(ordinals).tolist()
    return scored(book, ends, versions)


def scored(book: Book, days: list[int], versions: list[HealthModel]) -> list[Snapshot]:
    """Return the scores on some days, in order, by the model in force; days before the first are left out."""
    since = np.array([day_number(model.effective_from) for model in versions])
    facts, out = scorer(book), []
    for day in days:
        at = int(np.searchsorted(since, day, side="right")) - 1
        if at >= 0:
            out.append(facts.at(int(day), versions[at]))
    return out


def _rows(each: Snapshot, start: Any, ids: pa.Array) -> pd.DataFrame:
    import pandas as pd

    rows = {
        "period": pd.Timestamp(start),
        "customer_id": ids.take(pa.array(each.entity)).to_pandas(),
        "value": each.score,
        "band": NAMES[each.band],
        "coverage": each.coverage,
        "arr": each.arr,
        "version": each.model.version,
        "as_of": pd.Timestamp(iso_day(each.day)),
    }
    return pd.DataFrame(rows).sort_values("customer_id", kind="stable", ignore_index=True)


def _mean(each: Snapshot, start: Any) -> dict[str, Any]:
    import pandas as pd

    known = ~np.isnan(each.score)
    arr = each.arr[known]
    counts = {"customers": len(known), "scored": int(known.sum())}
    mean = float(each.score[known].mean()) if known.any() else np.nan
    by_arr = float(ratio((each.score[known] * arr).sum(), arr.sum()))
    shares = {
        f"{NAMES[b]}_share": float(ratio((each.band == b).sum(), len(known)))
        for b in range(len(NAMES))
    }
    first = {"period": pd.Timestamp(start), "version": each.model.version}
    return {**first, **counts, "mean": mean, "mean_by_arr": by_arr, **shares}


def _headline(means: pd.DataFrame) -> str:
    then, now = means["mean"].iloc[0], means["mean"].iloc[-1]
    return f"average health {then:.0f} → {now:.0f} over {len(means)} periods"
