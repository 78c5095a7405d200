"""Results made by hand, so that a chart is tested on numbers that a person can see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Definition:
    id: str
    name: str
    abbr: str
    unit: str
    meaning: str = "Of the MRR at the start of the window, what the same customers pay at its end."
    better: str = "higher"


@dataclass(frozen=True)
class Context:
    as_of: str = "2026-03-31"
    currency: str = "USD"
    options: dict[str, Any] = field(default_factory=dict)
    fiscal_start: int = 1


@dataclass(frozen=True)
class Made:
    kind: str
    df: pd.DataFrame
    definition: Definition
    by: tuple[str, ...] = ()
    context: Context = field(default_factory=Context)
    footnote: str = "Policy default v1."
    extra: dict[str, Any] = field(default_factory=dict)


NRR = Definition("nrr", "Net revenue retention", "NRR", "ratio")
MRR = Definition(
    "mrr", "Monthly recurring revenue", "MRR", "money", "Recurring revenue of a month."
)
BRIDGE = Definition("bridge", "MRR bridge", "MRR", "money", "How MRR came from opening to closing.")
LOGOS = Definition(
    "cohorts", "Cohort retention", "", "ratio", "Share of each starting cohort still paying."
)
SURVIVAL = Definition(
    "survival", "Customer survival", "", "curve", "Share of customers that stay a given time."
)
LTV_CAC = Definition(
    "ltv_cac", "LTV to CAC", "LTV:CAC", "multiple", "Lifetime gross profit per dollar of CAC."
)
PAYBACK = Definition(
    "payback", "CAC payback", "", "months", "Months until gross profit pays back the CAC.", "lower"
)
CAKE = Definition(
    "layers", "MRR by cohort", "", "money", "MRR by the year in which the customers started."
)


def bridge(months: int = 24, scale: float = 1.0, opening: float = 250_000.0, by: str = "") -> Made:
    rng = np.random.default_rng(5)
    rows = []
    for group in ("SMB", "Mid-market") if by else ("",):
        level = opening
        for number, period in enumerate(pd.date_range("2024-04-01", periods=months, freq="MS")):
            parts = scale * rng.uniform(
                [9e3, 500, 5e3, 1e3, 2e3, 100], [22e3, 3e3, 16e3, 7e3, 12e3, 900]
            )
            move = dict(
                zip(
                    ("new", "reactivation", "expansion", "contraction", "churn", "pause"),
                    parts * [1, 1, 1, -1, -1, -1],
                    strict=True,
                )
            )
            closing = level + sum(move.values())
            row = {
                "period": period,
                "opening": level,
                **move,
                "fx": 0.0,
                "transfer": 0.0,
                "closing": closing,
                "residual": 0.0,
                "complete": number < months - 1,
            }
            rows.append({by: group, **row} if by else row)
            level = closing
    return Made("bridge", pd.DataFrame(rows), BRIDGE, (by,) if by else ())


def rates(
    groups: tuple[str, ...] = (), months: int = 36, *, level: float = 1.06, intervals: bool = True
) -> Made:
    rng = np.random.default_rng(3)
    rows = []
    for k, group in enumerate(groups or ("",)):
        walk = level - 0.05 * k + np.cumsum(rng.normal(0, 0.006, months))
        for number, period in enumerate(pd.date_range("2023-04-01", periods=months, freq="MS")):
            missing = number < 3
            value = np.nan if missing else walk[number]
            row = {
                "period": period,
                "value": value,
                "numerator": 1.0,
                "denominator": 1.0,
                "n": 100 - k,
                "reason": "nobody paid twelve months earlier" if missing else None,
                "complete": number < months - 1,
            }
            if intervals:
                row.update(low=value - 0.03, high=value + 0.03)
            rows.append({"segment": group, **row} if groups else row)
    return Made(
        "ratio",
        pd.DataFrame(rows),
        NRR,
        ("segment",) if groups else (),
        Context(options={"window": 12, "freq": "M"}),
    )


def triangle(
    cohorts: int = 12,
    freq: str = "QS",
    *,
    growth: float = 0.0,
    size: int = 40,
    measure: str = "logos",
) -> Made:
    rows = []
    for c, cohort in enumerate(pd.date_range("2018-01-01", periods=cohorts, freq=freq)):
        for age in range(cohorts):
            observed = c + age < cohorts
            base = size + 3 * c
            left = round(base * (0.93 - 0.002 * c) ** age * (1 + growth * age)) if observed else 0
            rows.append(
                {
                    "cohort": cohort,
                    "age": age,
                    "value": left / base if observed else np.nan,
                    "numerator": left,
                    "denominator": base,
                    "observed": observed,
                }
            )
    context = Context(options={"measure": measure, "freq": freq[0]})
    return Made("cohorts", pd.DataFrame(rows), LOGOS, (), context)


def survival(groups: dict[str, float] | None = None, months: int = 48, n: int = 400) -> Made:
    rows = []
    for group, hazard in (groups or {"": 0.03}).items():
        alive, at_risk = 1.0, float(n)
        for age in range(months + 1):
            events = round(at_risk * hazard) if age else 0
            alive *= 1 - events / at_risk if at_risk else 1
            width = 1.96 * np.sqrt(alive * (1 - alive) / max(at_risk, 1))
            row = {
                "age": age,
                "value": alive,
                "low": max(alive - width, 0),
                "high": min(alive + width, 1),
                "at_risk": at_risk,
                "events": events,
                "censored": round(at_risk * 0.03),
            }
            rows.append({"segment": group, **row} if groups else row)
            at_risk = max(at_risk - events - round(at_risk * 0.03 + 0.6), 0)
            if not at_risk:
                break
    return Made(
        "curve",
        pd.DataFrame(rows),
        SURVIVAL,
        ("segment",) if groups else (),
        Context(options={"freq": "M"}),
    )


def ltv_cac() -> Made:
    frame = pd.DataFrame(
        {
            "segment": [
                "Enterprise",
                "Mid-market",
                "SMB",
                "Self-serve with a long name",
                "Nonprofit",
            ],
            "value": [5.2, 3.6, 1.9, 3.1, np.nan],
            "low": [3.9, 2.4, 1.5, 1.2, np.nan],
            "high": [7.1, 4.9, 2.4, 19.0, np.nan],
            "numerator": 1.0,
            "denominator": 1.0,
            "n": [120, 310, 900, 40, 3],
            "target": 3.0,
            "verdict": ["pass", "not proven", "fail", "not proven", "not proven"],
            "reason": [None, None, None, None, "no spend is booked for this segment"],
        }
    )
    return Made("verdict", frame, LTV_CAC, ("segment",))


def payback() -> Made:
    frame = pd.DataFrame(
        {
            "segment": ["Enterprise", "Mid-market", "SMB"],
            "value": [17.2, 11.0, np.nan],
            "low": [14.0, 9.5, np.nan],
            "high": [np.nan, 12.6, np.nan],
            "n": [120, 310, 900],
            "target": 12.0,
            "verdict": ["fail", "not proven", "fail"],
            "reason": [None, None, "never within the horizon of 60 months"],
        }
    )
    return Made("verdict", frame, PAYBACK, ("segment",))


def cake(months: int = 60, freq: str = "MS") -> Made:
    starts = pd.date_range("2021-04-01", periods=months, freq=freq)
    rows = [
        {"cohort": cohort, "period": period, "value": 9_000 * 0.985 ** (p - c) * (1 + c / 40)}
        for c, cohort in enumerate(starts)
        for p, period in enumerate(starts)
        if p >= c
    ]
    return Made("layers", pd.DataFrame(rows), CAKE)


REASONS = Definition("movements", "MRR movements", "", "money", "What each movement added to MRR.")
CMRR = Definition("committed", "Committed MRR", "CMRR", "money", "What MRR will be.")
UNDER = Definition("balances", "Balances under MRR", "", "money", "What stands under MRR.")
TIERS = Definition("tiers", "Migration between ARR bands", "", "table", "Who moves to which band.")
ALONE = Definition("sensitivity", "Sensitivity to single customers", "", "ratio", "Without one.")


def reasons(months: int = 14) -> Made:
    rng = np.random.default_rng(8)
    names = [("expansion", "seats"), ("expansion", "price"), ("contraction", "seats")]
    names += [("churn", "voluntary"), ("churn", "unknown")]
    rows = [
        {
            "period": period,
            "movement": movement,
            "subtype": subtype,
            "value": (1 if movement == "expansion" else -1) * rng.uniform(500, 9_000),
            "customers": 3,
            "complete": number < months - 1,
        }
        for number, period in enumerate(pd.date_range("2025-02-01", periods=months, freq="MS"))
        for movement, subtype in names
    ]
    return Made("subtypes", pd.DataFrame(rows), REASONS)


def committed(months: int = 30) -> Made:
    periods = pd.date_range("2023-10-01", periods=months, freq="MS")
    rng = np.random.default_rng(9)
    parts = rng.uniform(0, 20_000, (months, 5)) * [1, 0.3, 0.5, -0.2, -1]
    names = ["not_started", "resuming", "discounts_ending"]
    names += ["scheduled_downgrades", "scheduled_churn"]
    frame = pd.DataFrame(parts, columns=names).assign(period=periods, live=500_000.0, n=90)
    frame["gap"] = frame[names].sum(axis=1)
    frame["value"] = frame["live"] + frame["gap"]
    frame["complete"] = periods < periods[-1]
    return Made("committed", frame, CMRR)


def balances(months: int = 30) -> Made:
    found = committed(months)
    frame = found.df.assign(paused=900.0, past_due=2_500.0, committed=found.df["value"])
    lost = ["scheduled_downgrades", "scheduled_churn"]
    frame[lost] = -frame[lost]
    return Made("balances", frame.drop(columns=["value", "gap", "n"]), UNDER)


def tiers() -> Made:
    bands = ["under 1k", "1k to 5k", "100k and more"]
    rows = [
        {"then": then, "now": now, "customers": (7 * i + 3 * j) % 11, "share": (i + j) / 6}
        | {"arr_then": 1e4 * i, "arr_now": 2e4 * j}
        for i, then in enumerate([*bands, "not a customer"])
        for j, now in enumerate([*bands, "left"])
        if (then, now) != ("not a customer", "left")
    ]
    extra = {"headline": "Of 40 customers 5 moved to a higher band of ARR"}
    return Made("tiers", pd.DataFrame(rows), TIERS, extra=extra)


def sensitivity() -> Made:
    rows = [("as it is", 1.02), ("without the largest", 0.97), ("without nobody", np.nan)]
    rows += [(f"without a customer with a long name, number {n}", 1.02 + n / 200) for n in range(8)]
    frame = pd.DataFrame(rows, columns=["scenario", "value"])
    extra = {"headline": "One customer changes the story", "metric": "nrr"}
    return Made("sensitivity", frame, ALONE, extra=extra)


def compared(policies: dict[str, float], groups: tuple[str, ...] = (), months: int = 30) -> Made:
    """NRR under policies that stand so far above 100 %; the last month is not over."""
    rows = []
    for k, group in enumerate(groups or ("",)):
        for policy, above in policies.items():
            for number, period in enumerate(pd.date_range("2023-10-01", periods=months, freq="MS")):
                value = 1 + above + 0.02 * np.sin(number / 3 + k)
                row = {"policy": policy, "period": period, "value": value, "numerator": 1e6 * value}
                row |= {"denominator": 1e6, "n": 200, "complete": number < months - 1}
                rows.append({"segment": group, **row} if groups else row)
    return Made("comparison", pd.DataFrame(rows), NRR, ("segment",) if groups else ())


def explained(
    start: float, parts: dict[str, float], unit: str = "ratio", customers: int = 30
) -> Made:
    """A number from `start`, step by step; customer k adds half of what customer k - 1 does, the last all the rest."""
    end = start + sum(parts.values())
    share = 0.5 ** np.arange(1, customers + 1)
    share[-1:] *= 2
    steps = pd.DataFrame({"label": list(parts), "value": list(parts.values())})
    steps = steps.assign(step=steps["label"], first_order=np.nan, customers=customers)
    names = [f"C{number:04}" for number in range(customers)]
    df = pd.DataFrame({"customer_id": names, "value": (end - start) * share})
    extra = {"from": start, "to": end, "difference": end - start, "labels": ("default", "stripe")}
    extra |= {"unit": unit, "period": "2026-03-01", "steps": steps}
    definition = NRR if unit == "ratio" else MRR
    return Made("explanation", df, definition, extra=extra)
