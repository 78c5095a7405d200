"""The Result of every "from A to B": steps and customers whose parts sum to the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.money import format_change, format_difference, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.result import Result

_CANCEL = 0.5  # of the larger of two steps: where so much is taken back, neither says much alone
_CENT_DUST, _RATIO_DUST = 5e-7, 1e-13  # half a micro-unit; what sums of doubles leave


@dataclass(frozen=True)
class Step:
    """One step of the way: a short name, which is a column, and what it says in plain words."""

    name: str
    label: str
    told: Mapping[str, Any]


def explanation(
    base: Result,
    customers: pd.DataFrame,
    parts: NDArray[np.float64],
    steps: Sequence[Step],
    first_order: NDArray[np.float64],
    between: tuple[float, float],
    labels: tuple[str, str],
    *,
    period: str,
    unit: str | None = None,
    notes: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
    drill: Callable[..., pd.DataFrame] | None = None,
) -> Result:
    """Return the result of kind "explanation" for parts per step and customer.

    Parameters
    ----------
    base
        A result of the metric, for its definition and its context.
    customers
        customer_id and what else is told of each customer.
    parts
        Steps x customers.
    steps
        The steps, in the order of `parts`.
    first_order
        What each step does alone.
    between
        The number at A and at B.
    labels
        The names of A and B.
    period
        The period looked at, in words.
    unit
        Of the number; by default that of the metric.
    notes, extra, drill
        As for a Result.
    """
    start, end = between
    unit, currency = unit or base.metric.unit, base.context.currency
    parts = _without_dust(parts, unit)
    by_step = _by_step(parts, steps, first_order)
    drawn = by_step[(by_step["value"] != 0) | (by_step["customers"] > 0)]
    against = cancelling(parts, steps)
    headline = in_words(between, unit, currency, f", {labels[0]} to {labels[1]}")
    if against:
        headline += f"; {against}"
    df = _by_customer(customers, parts, steps)
    return replace(
        base,
        df=df,
        kind="explanation",
        by=(),
        notes=tuple(notes),
        extra={
            "from": start,
            "to": end,
            "difference": end - start,
            "labels": labels,
            "unit": unit,
            "period": period,
            "steps": by_step,
            "drawn": drawn["step"].tolist(),
            "cancels": against,
            "tables": {"Step by step": _worded(drawn, unit, currency)} if len(drawn) else {},
            "headline": headline,
            **(extra or {}),
        },
        drill=drill or _of_step(df, [step.name for step in steps]),
    )


def _of_step(df: pd.DataFrame, names: list[str]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: the customers that a step touches, or all of them."""

    def rows(step: str | None = None) -> pd.DataFrame:
        if step is None:
            return df.copy()
        one_of("step of this difference", step, names)
        return df[df[step] != 0].reset_index(drop=True)

    return rows


def in_words(between: tuple[float, float], unit: str, currency: str, more: str = "") -> str:
    """Return both numbers and how far apart they are.

    Examples
    --------
    >>> in_words((0.75312, 0.75334), "ratio", "USD")
    '75.31% → 75.33% (+0.022 pp)'
    >>> in_words((12.0, 12.0), "money", "USD", ", then to now")
    'unchanged at $12, then to now'
    """
    start, end = between
    one, other = format_change(start, end, unit, currency)
    if start == end or (one == other and abs(end - start) < _dust(unit)):
        return f"unchanged at {one}{more}"
    return f"{one} → {other} ({format_difference(end - start, unit, currency)}){more}"


def cancelling(parts: NDArray[np.float64], steps: Sequence[Step]) -> str:
    """Return in words that two steps take back from the same customers what they add; "" where that is little."""
    if len(steps) < 2:
        return ""
    sums = parts.sum(axis=1)
    up, down = int(sums.argmax()), int(sums.argmin())
    pair = parts[[up, down]]
    gone = (np.abs(pair).sum(axis=0) - np.abs(pair.sum(axis=0))).sum() / 2
    if sums[up] <= 0 or sums[down] >= 0 or gone < _CANCEL * max(sums[up], -sums[down]):
        return ""
    one, other = (inside(steps[at].label) for at in (up, down))
    return f"{one} and {other} partly cancel, customer by customer"


def _dust(unit: str) -> float:
    return _CENT_DUST if unit == "money" else _RATIO_DUST


def _without_dust(parts: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    """Return parts with exact zeros where averaging over orders leaves only what doubles cannot hold."""
    return np.where(np.abs(parts) < _dust(unit), 0.0, parts)


def _by_customer(
    customers: pd.DataFrame, parts: NDArray[np.float64], steps: Sequence[Step]
) -> pd.DataFrame:
    """Return the customers that add something, those that add most first."""
    import pandas as pd

    told = np.flatnonzero((parts != 0).any(axis=0)) if len(steps) else np.zeros(0, np.int64)
    parts, customers = parts[:, told], customers.iloc[told]
    total = parts.sum(axis=0)
    out = {"customer_id": customers["customer_id"].to_numpy(), "value": total}
    for number, step in enumerate(steps):
        out[step.name] = parts[number]
    for name in customers.columns.drop("customer_id"):
        out[name] = customers[name].to_numpy()
    order = np.argsort(-np.abs(total), kind="stable")
    return pd.DataFrame({name: values[order] for name, values in out.items()})


def _worded(steps: pd.DataFrame, unit: str, currency: str) -> pd.DataFrame:
    """Return the steps as people read them: differences with their sign, those of ratios in percentage points."""
    shown = steps[["label"]].rename(columns={"label": "step"})
    shown["adds"] = [format_difference(value, unit, currency) for value in steps["value"]]
    if steps["first_order"].notna().any():
        alone = [format_difference(value, unit, currency) for value in steps["first_order"]]
        shown["switched alone"] = alone
    told = steps.columns.drop(["step", "label", "value", "first_order"])
    return shown.join(steps[told])


def _by_step(
    parts: NDArray[np.float64], steps: Sequence[Step], first_order: NDArray[np.float64]
) -> pd.DataFrame:
    import pandas as pd

    data: dict[str, Any] = {
        "step": [step.name for step in steps],
        "label": [step.label for step in steps],
        "value": parts.sum(axis=1) if len(steps) else [],
        "first_order": first_order,
        "customers": (parts != 0).sum(axis=1) if len(steps) else [],
    }
    for name in steps[0].told if steps else ():
        data[name] = [step.told[name] for step in steps]
    return pd.DataFrame(data)
