"""How an amount stands against its target: attainment, pace by the season, and what is needed from now on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from saasmetrics.book import Book

_LEAST = 2  # past periods whose season is known


@dataclass(frozen=True)
class Pace:
    """How far a period has gone: months passed and to come, and the share of its amount that is usual by now."""

    passed: float
    total: float
    season: float
    said: str = ""

    @property
    def remaining(self) -> float:
        """Months to come."""
        return max(self.total - self.passed, 0.0)


def standing(
    target: float, actual: float, pace: Pace, *, lower: bool = False, flow: bool = True
) -> dict[str, Any]:
    """Return how an actual stands against a target.

    Parameters
    ----------
    target, actual
        In the same unit; missing where not known.
    pace
        How far the period has gone.
    lower
        Whether less is better: attainment is then target / actual.
    flow
        Whether the amount adds up over the period; a rate or a level has no pace.

    Examples
    --------
    >>> found = standing(1200, 430, Pace(5, 12, 5 / 12))
    >>> round(found["pace_ratio"], 2), round(found["required_run_rate"], 2), round(found["run_rate"], 2)
    (0.86, 110.0, 86.0)
    """
    top, bottom = (target, actual) if lower else (actual, target)
    out: dict[str, Any] = {"target": target, "value": actual, "variance": actual - target}
    out["variance_share"] = (actual - target) / target if target > 0 else np.nan
    out["impact"] = np.sign(actual - target) * (-1 if lower else 1) if target == target else np.nan
    out["attainment"] = top / bottom if bottom > 0 else np.nan
    names = ("season", "expected", "pace_ratio", "run_rate", "required_run_rate")
    out |= dict.fromkeys(names, np.nan) | {"remaining_months": pace.remaining, "pace_reason": ""}
    if not flow:
        return out | {
            "pace_reason": "a rate or a level does not add up over the period, so that it has no pace"
        }
    out |= {"season": pace.season, "expected": target * pace.season}
    out["pace_ratio"] = actual / out["expected"] if out["expected"] > 0 else np.nan
    out["run_rate"] = actual / pace.passed if pace.passed > 0 else np.nan
    if pace.remaining > 0:
        out["required_run_rate"] = (target - actual) / pace.remaining
    else:
        out["pace_reason"] = "the period is over, so that nothing can be run any more"
    return out


def months_of(book: Book, freq: str, ordinal: int) -> tuple[float, float]:
    """Return how many months of a period have passed at the as-of date, and how many it has."""
    calendar = book.calendar(freq)
    first, last = (
        int(edge(np.array([ordinal]))[0]) for edge in (calendar.first_day, calendar.last_day)
    )
    months = book.calendar("M")
    edges = months.ordinal(np.array([first, last]))
    number = np.arange(int(edges[0]), int(edges[1]) + 1)
    begin, end = (
        np.maximum(months.first_day(number), first),
        np.minimum(months.last_day(number), last),
    )
    share = np.clip((book.as_of_day - begin + 1) / (end - begin + 1), 0, 1)
    return float(share.sum()), float(len(number))


def seasonal(book: Book, column: str, freq: str, ordinal: int) -> Pace:
    """Return the pace of a movement: the share of a period's amount that past periods had by the same month."""
    passed, total = months_of(book, freq, ordinal)
    linear = passed / total
    if passed >= total or freq == "M":
        return Pace(passed, total, min(linear, 1.0), "the pace is linear" if passed < total else "")
    frame = book.movements("M")
    frame = frame[frame["complete"]]
    days = frame["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    mine = book.calendar(freq).ordinal(days)
    amount = np.abs(frame[column].to_numpy(float)) / MICRO
    whole = [p for p in np.unique(mine) if p < ordinal and (mine == p).sum() == int(total)]
    table = np.array([amount[mine == p] for p in whole])
    if len(whole) < _LEAST or not table.sum() > 0:
        return Pace(
            passed, total, linear, "the pace is linear, as too few past periods are complete"
        )
    share = np.concatenate([[0.0], np.cumsum(table.sum(axis=0)) / table.sum()])
    season = float(np.interp(passed, np.arange(int(total) + 1), share))
    return Pace(passed, total, season, f"the pace is the season of {len(whole)} past periods")
