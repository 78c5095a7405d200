"""The renewal forecast: what will be renewed of what comes up, with its distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import is_number
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.renewals import LOST, OPEN, RENEWED
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.renewals.calendar import (
    STATES,
    ahead,
    forecasts,
    quarters_ahead,
    states,
    with_people,
)
from saasmetrics.metrics.renewals.cells import EARLY, GRACE, SOURCES, TERMS
from saasmetrics.metrics.renewals.chances import Chances, chances, history
from saasmetrics.metrics.renewals.distribution import Distribution, distribution
from saasmetrics.metrics.renewals.due import coming, history_of, so_far
from saasmetrics.metrics.renewals.rates import rate_frame
from saasmetrics.metrics.renewals.shared import Desk
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.renewals.due import Summed
    from saasmetrics.result import Result

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_NO_HISTORY = "no renewal has been decided yet, so none can be forecast"
_NOTHING = "nothing comes up for renewal"


@metric(
    id="renewal_forecast",
    name="Renewal forecast",
    unit="money",
    better="higher",
    meaning="How much of the contract value that comes up in the next quarters will be renewed, and how surely.",
    formula="won + sum over open renewals of probability x expiring ARR; the probability is the share renewed of terms "
    "like it, drawn towards the whole where they are few, given that it has not renewed by now",
    missing="Missing where nothing comes up, or no renewal has been decided to learn from.",
    sources=(
        *SOURCES,
        "Gainsight renewal forecast: commit",
        "metrickittools.com renewal forecast",
    ),
    options={
        "pool": "probabilities are learnt by {value}",
        "rho": "common shock of correlation {value}",
        "target": "target of {value:,.0f}",
        "terms": TERMS,
        "grace_days": GRACE,
        "early_days": EARLY,
    },
)
def forecast(
    book: Book,
    by: str | Sequence[str] | None = None,
    quarters: int = 4,
    *,
    target: float | None = None,
    rho: float = 0.0,
    pool: str | Sequence[str] | None = "segment",
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
) -> Result:
    """What will be renewed of what comes up in the next quarters, with its distribution.

    Parameters
    ----------
    book, by, terms, grace_days, early_days
        As for `rates`.
    quarters
        As for `calendar`.
    target
        Renewed ARR over all the quarters, in currency units, whose probability is asked for.
    rho
        Common shock: how much a good or bad year moves all renewals at once, from 0 (independent) to below 1.
    pool
        Columns within which renewals are alike, as for `by`; a default that the tables do not have is left out.

    Returns
    -------
    Result
        One row per quarter and group, then one per group for all quarters (`periods` > 1): period, periods,
        by-columns, value (expected renewed ARR up to the expiring value, currency units), atr, share (value / atr, the
        expected gross renewal rate), share_p10, share_p90, won, lost, open, p10, p50, p90, commit (won and the category
        commit, at the lower of forecast and expiring value), n (terms), n_open, target, probability (of the target),
        reason. `extra` holds `distribution` (value, probability over all), `chances` (what the probabilities come from)
        and `step`, the grid of money in currency units, 0 where the distribution is exact; without groups also
        `history`, the gross renewal rate of past quarters.

    Raises
    ------
    DataError
        If `rho`, `quarters` or the target makes no sense.

    Notes
    -----
    Nothing beyond the expiring value is forecast: upsell and expansion are apart, so that they do not count twice.
    The distribution knows that renewals may fail, not that their probabilities are estimates; `rho` widens it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.forecast(sm.demo(customers=300), target=500_000)
    >>> total = found.df.iloc[-1]
    >>> bool(total["p10"] <= total["p50"] <= total["p90"] <= total["atr"])
    True
    """
    _check_target(target)
    window, quarters = (terms, grace_days, early_days), quarters_ahead(quarters)
    odds, pooled = learnt(book, pool, *window, quarters=quarters)
    desk, first = ahead(coming(book, by, quarters, *window), quarters)
    desk = desk.only(desk.due >= first)
    outlook = Outlook(desk, odds, likely(desk, pooled, odds), rho)
    df = _frame(outlook, first, quarters, target)
    whole = outlook.spread(np.ones(len(desk.kept), bool))
    extra: dict[str, Any] = {"chances": odds.frame(), "step": 0.0}
    if not desk.by:
        extra["history"] = _history(so_far(book, "Q", None, *window))
    if whole is not None:
        extra |= {
            "distribution": _masses(whole),
            "step": 0.0 if whole.exact else whole.step / MICRO,
        }
    options = {"quarters": quarters, "target": target, "rho": rho, **desk.options}
    if odds.by:
        options["pool"] = " and ".join(odds.by)

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        mask = np.ones(len(desk.kept), bool)
        if period is not None or group:
            mask = desk.mask(period, group)
        return outlook.rows(mask)

    return made(
        book,
        "renewal_forecast",
        df,
        "renewal_forecast",
        by=by,
        options=options,
        notes=(*desk.notes(), *_notes(odds, extra["step"], book.currency, rho)),
        extra=extra,
        drill=drill,
        tables=desk.tables,
    )


def _check_target(target: float | None) -> None:
    """Refuse a target that is no amount above 0."""
    if target is not None and (not is_number(target) or not 0 < target < 1e300):
        msg = f"target={target!r} is an amount of renewed ARR above 0, such as 1_000_000, or None."
        raise DataError(msg)


def _history(past: Desk | Summed) -> pd.DataFrame:
    """Return the gross renewal rate of the quarters that are decided."""
    rates = rate_frame(past, "gross", None)
    return rates.loc[rates["complete"] & rates["value"].notna(), ["period", "value", "atr"]]


def learnt(
    book: Book,
    pool: str | Sequence[str] | None,
    terms: str,
    grace_days: int,
    early_days: int,
    *,
    quarters: int | None = None,
) -> tuple[Chances, Desk]:
    """Return the probabilities learnt from decided terms, and the desk of terms grouped as they are.

    The desk is that of all terms; of those due in the next `quarters` where these suffice and others stay elsewhere.
    """
    by, window = pooled_by(book, pool), (terms, grace_days, early_days)
    asked = None if quarters is None else coming(book, by, quarters, *window)
    desk = asked or Desk.asked(book, "Q", by, *window)
    return chances(history_of(book, desk) or history(desk)), desk


def pooled_by(book: Book, pool: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns within which renewals are alike; the default is left out where customers do not have it."""
    if pool == "segment":
        table = book.tables.get("customers")
        pool = "segment" if table is not None and "segment" in table else None
    return columns(pool)


def likely(desk: Desk, pooled: Desk, odds: Chances) -> NDArray[np.float64]:
    """Return the probability of each term of a desk: 1 where won, 0 where lost, else as learnt."""
    assert pooled.groups.of_entity is not None
    group = pooled.groups.of_entity[desk.kept].astype(np.int64)
    outcome = desk.found.outcome[desk.kept]
    waited = desk.as_of - desk.found.terms.end[desk.kept]
    learned = odds.of(group, desk.found.number[desk.kept], waited)
    return np.select([outcome == RENEWED, outcome == LOST], [1.0, 0.0], learned)


class Outlook:
    """The terms of a desk with their probabilities."""

    def __init__(self, desk: Desk, odds: Chances, chance: NDArray[np.float64], rho: float) -> None:
        self.desk, self.odds, self.chance, self.rho = desk, odds, chance, rho
        self.due = desk.found.terms.due[desk.kept]
        self.kept = desk.found.kept[desk.kept]
        self.outcome = desk.found.outcome[desk.kept]
        self._seen: dict[bytes, Distribution] = {}

    def spread(self, mask: NDArray[np.bool_]) -> Distribution | None:
        """Return the distribution of the renewed ARR of some terms; None without history or terms."""
        still = mask & (self.outcome == OPEN)
        if not mask.any() or np.isnan(self.chance[still]).any():
            return None
        key = np.packbits(mask).tobytes()  # the row of all quarters and the chart ask for the same
        if key not in self._seen:
            won = int(self.kept[mask & (self.outcome == RENEWED)].sum())
            self._seen[key] = distribution(
                self.due[still], self.chance[still], certain=won, rho=self.rho
            )
        return self._seen[key]

    def commit(self, mask: NDArray[np.bool_]) -> int:
        """Return what is won, and what is in the category commit at the lower of forecast and expiring value."""
        said = forecasts(self.desk)
        hoped = np.where(said < 0, self.due, np.minimum(said, self.due))
        sure = states(self.desk) == STATES.index("commit")
        counted = np.select([self.outcome == RENEWED, sure], [self.kept, hoped], 0)
        return int(counted[mask].sum())

    def expected(self, mask: NDArray[np.bool_]) -> float:
        """Return won plus probability x expiring ARR, in micro-units; missing without history."""
        value = np.where(self.outcome == OPEN, self.chance * self.due, self.kept)
        return float(value[mask].sum())

    def rows(self, mask: NDArray[np.bool_]) -> pd.DataFrame:
        """Return contracts with their probability and what is expected of them."""
        value = np.where(self.outcome == OPEN, self.chance * self.due, self.kept)[mask] / MICRO
        return with_people(self.desk, mask, probability=self.chance[mask], value=value)


def _frame(outlook: Outlook, first: int, quarters: int, target: float | None) -> pd.DataFrame:
    """Return a row per quarter and group, then one per group for all quarters."""
    import pandas as pd

    desk = outlook.desk
    starts = desk.book.calendar("Q").starts(np.arange(first, first + quarters))
    rows = []
    code = desk.code()
    spans = [(first + i, 1) for i in range(quarters)] + (
        [(first, quarters)] if quarters > 1 else []
    )
    for number, label in enumerate(desk.groups.labels):
        mine = code == number
        for start, many in spans:
            mask = mine & (desk.due >= start) & (desk.due < start + many)
            row = {"period": starts[start - first], "periods": many}
            row |= dict(zip(desk.by, label, strict=True))
            goal = target if many == quarters and not desk.by else None
            rows.append(row | _row(outlook, mask, goal))
    return pd.DataFrame(rows)


def _row(outlook: Outlook, mask: NDArray[np.bool_], target: float | None) -> dict[str, Any]:
    due, outcome = outlook.due, outlook.outcome
    total = int(due[mask].sum())
    row: dict[str, Any] = {"value": np.nan, "atr": total / MICRO}
    row |= dict.fromkeys(("share", "share_p10", "share_p90"), np.nan)
    row["won"] = outlook.kept[mask & (outcome == RENEWED)].sum() / MICRO
    row["lost"] = due[mask & (outcome == LOST)].sum() / MICRO
    row["open"] = due[mask & (outcome == OPEN)].sum() / MICRO
    row |= dict.fromkeys(QUANTILES, np.nan)
    row["commit"] = outlook.commit(mask) / MICRO
    row["n"], row["n_open"] = int(mask.sum()), int((mask & (outcome == OPEN)).sum())
    row["target"] = np.nan if target is None else target
    row["probability"] = np.nan
    row["reason"] = "" if mask.any() else _NOTHING
    found = outlook.spread(mask)
    if found is None:
        row["reason"] = row["reason"] or _NO_HISTORY
        return row
    row["value"] = outlook.expected(mask) / MICRO
    row["share"] = float(ratio(row["value"], row["atr"]))
    row |= {name: found.quantile(share) for name, share in QUANTILES.items()}
    row |= {f"share_{name}": float(ratio(row[name], row["atr"])) for name in ("p10", "p90")}
    if target is not None:
        row["probability"] = found.reaches(target)
    return row


def _masses(found: Distribution) -> pd.DataFrame:
    """Return the sums that can occur with their probabilities."""
    import pandas as pd

    likely = found.mass > 1e-12
    return pd.DataFrame({"value": found.sums[likely], "probability": found.mass[likely]})


def _notes(odds: Chances, step: float, currency: str, rho: float) -> tuple[str, ...]:
    decided, won = int(odds.decided.sum()), int(odds.renewed.sum())
    if not decided:
        return ()
    learned = (
        f"Probabilities come from {decided:,} decided terms, {won:,} of them renewed, whose grace is over; each group "
        f"counts beside {odds.strength:.0f} terms at the share of the whole"
    )
    said = [learned]
    if rho == 0:
        said.append(
            "P10 to P90 take renewals as independent; sm.renewals.accuracy says how often such a range held"
        )
    if step:
        said.append(f"The distribution is on a grid of {currency} {step:,.2f}; the mean is exact")
    return tuple(said)
