"""The Result of every "from A to B": steps and customers whose parts sum to the difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.money import format_difference, format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.result import Result


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
    by_step = _by_step(parts, steps, first_order)
    change = f"{format_value(start, unit, currency)} → {format_value(end, unit, currency)}"
    return replace(
        base,
        df=_by_customer(customers, parts, steps),
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
            "tables": {"Step by step": _worded(by_step, unit, currency)} if len(steps) else {},
            "headline": f"{change}, {labels[0]} to {labels[1]}",
            **(extra or {}),
        },
        drill=drill,
    )


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
