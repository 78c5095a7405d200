"""What an effect is worth: the recurring revenue it keeps, at the margin, less what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.margin import gross_margin
from saasmetrics.metrics.made import made
from saasmetrics.money import format_money
from saasmetrics.success.effect.treatments import NEVER

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result
    from saasmetrics.success.effect.ladder import Attribution
    from saasmetrics.success.effect.question import Question

_HOURS = 160.0  # paid hours in a month of one full-time person
_YEAR = 12


@dataclass(frozen=True)
class _Cost:
    amount: float
    said: str


@metric(
    id="attribution_value",
    name="Worth of customer success",
    unit="money",
    better="higher",
    meaning="What a programme of customer success brings in a year less what it costs.",
    formula="effect x ARR of the customers in the programme x gross margin - cost of the programme",
    missing="Missing where there is no effect, or nobody is in the programme.",
    sources=("METRICS.md",),
    options={"margin": "gross margin {value}", "cost": "cost {value}", "rung": "rung {value}"},
)
def value_of(result: Attribution, margin: float | None = None, cost: float | None = None) -> Result:
    """What an effect is worth in money: ARR kept or won, at the margin, less the cost of the programme.

    Parameters
    ----------
    result
        What `attribution` returned.
    margin
        Gross margin as a share; by default that of the tables finance or spend.
    cost
        Cost of the programme over the horizon, in the currency of the book; by default the minutes of its activities
        over as many months, at the cost of the people who did them.

    Returns
    -------
    Result
        One row per step: step (ARR in the programme, ARR kept, gross profit, cost, net), value, low, high, words.

    Raises
    ------
    DataError
        If the result is not of an effect (an association is worth nothing), or margin or cost cannot be known.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.attribution(sm.demo(customers=300), "success_plan", cluster="csm_id", randomized=True)
    >>> sm.success.value_of(found, margin=0.8, cost=1000).df["step"].tolist()
    ['ARR in the programme', 'ARR kept', 'gross profit', 'cost', 'net']
    """
    asked, used = _asked(result)
    share, said = gross_margin(asked.book, margin)
    spent = (
        _Cost(finite("cost", cost, "an amount of money", least=0), "as given")
        if cost is not None
        else _of_minutes(asked)
    )
    opening = _in_programme(asked)
    effect = [used[name] for name in ("value", "low", "high")]
    kept = [opening * e for e in effect]
    profit = [share * k for k in kept]
    steps = {
        "ARR in the programme": [opening] * 3,
        "ARR kept" if asked.outcome == "retained" else "ARR kept and won": kept,
        "gross profit": profit,
        "cost": [-spent.amount] * 3,
        "net": [p - spent.amount for p in profit],
    }
    df = _frame(steps, asked)
    net = steps["net"]
    currency = asked.book.currency
    between = f"{format_money(net[1], currency)} to {format_money(net[2], currency)}"
    verdict = "pays" if net[1] > 0 else "does not pay" if net[2] < 0 else "is not proven to pay"
    headline = (
        f"{asked.treatment.name} {verdict}: net {format_money(net[0], currency)} over {asked.horizon} months "
        f"({asked.interval:.0%} {between})"
    )
    notes = [
        f"The effect is that of rung {used['rung']}, {used['name']}: the {used['estimand']}",
        f"It assumes that {used['assumes']}",
        "The interval is that of the effect; ARR, margin and cost are taken as known",
    ]
    if asked.outcome == "retained":
        notes.append("A customer kept is taken to pay the mean ARR of those in the programme")
    if used["label"] == "local effect":
        notes.append("The effect at the cut-off is taken to hold for all in the programme")
    options = {"margin": said, "cost": spent.said, "rung": f"{used['rung']}, {used['name']}"}
    tables = [name for name in ("activities", "people") if name in asked.book.tables]
    return made(
        asked.book,
        "attribution_value",
        df,
        "attribution_value",
        options=options,
        notes=notes,
        extra={"headline": headline, "verdict": verdict},
        drill=asked.customers,
        tables=tables,
    )


def _asked(result: Attribution) -> tuple[Question, dict[str, Any]]:
    asked = getattr(result, "question", None)
    if asked is None:
        msg = "value_of takes what sm.success.attribution returned."
        raise DataError(msg)
    used = result.used
    if used["label"] == "association":
        msg = (
            "An association is not an effect, so it has no worth: risky accounts get more touches. Ask attribution "
            "for a higher rung; its footnote says why the others were not possible."
        )
        raise DataError(msg)
    return asked, used


def _in_programme(asked: Question) -> float:
    """Return the ARR of the customers in the programme at the end of the last complete month."""
    panel = asked.plain
    last = panel.month == panel.month.max()
    inside = last & (panel.treated | panel.begins) & (panel.closing > 0)
    if not inside.any():
        msg = f"No customer that pays is in {asked.treatment.name} at the end of the last complete month."
        raise DataError(msg)
    return float(panel.closing[inside].sum()) * _YEAR


def _of_minutes(asked: Question) -> _Cost:
    """Return the minutes of the last months of the horizon at the mean cost of an hour of customer success."""
    book, found = asked.book, asked.treatment
    if "people" not in book.tables or np.isnan(found.minutes).all():
        msg = (
            "The cost of the programme is not known: pass cost=, or give activities with minutes and the table people "
            "(person_id, role, cost_month)."
        )
        raise DataError(msg)
    people = book.frame("people")
    mine = people[people["role"].astype(str).str.lower() == "csm"]
    mine = mine if len(mine) else people
    month = float(mine["cost_month"].mean()) if "cost_month" in mine else np.nan
    if np.isnan(month):
        msg = "The table people has no cost_month: add it, or pass cost=."
        raise DataError(msg)
    months = book.calendar("M").ordinal(found.day)
    last = int(asked.plain.month.max())
    recent = (months <= last) & (months > last - asked.horizon) & (found.day < NEVER)
    minutes = float(np.nansum(found.minutes[recent]))
    unknown = int(np.isnan(found.minutes[recent]).sum())
    hour = month / _HOURS
    left = f", {unknown:,} touches without minutes left out" if unknown else ""
    said = (
        f"{minutes / 60:,.0f} hours of {int(recent.sum()):,} touches in {asked.horizon} months at "
        f"{format_money(hour, book.currency)} an hour ({format_money(month, book.currency)} a month of "
        f"{_HOURS:.0f} hours){left}"
    )
    return _Cost(minutes / 60 * hour, said)


def _frame(steps: dict[str, list[float]], asked: Question) -> pd.DataFrame:
    import pandas as pd

    currency = asked.book.currency
    rows = []
    for step, (value, low, high) in steps.items():
        sure = low == high
        between = (
            "" if sure else f" ({format_money(low, currency)} to {format_money(high, currency)})"
        )
        rows.append(
            {
                "step": step,
                "value": value,
                "low": np.nan if sure else low,
                "high": np.nan if sure else high,
                "words": f"{step}: {format_money(value, currency)}{between}",
            }
        )
    return pd.DataFrame(rows)
