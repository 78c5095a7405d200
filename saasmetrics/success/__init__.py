"""Customer success: who is in danger, what to do first, where targets stand, who adopts what, and what it is all worth.

- HealthModel: how signals become a score, as data with a version
- health, health_history: the score of every customer, now and at the end of past periods
- alerts, alert_record, worklist: who to call today, how good alerts were, and what to do first
- targets, league: where retention, renewals, expansion and churn stand; owners compared fairly
- arr_per_csm, cost_ratio, csm_coverage: what customer success carries, costs and needs
- adoption, self_serve_rate, usage_daily: how deep customers use the product, alone or with help, day by day
- lifecycle, growth: how far new customers get; renewals, add-ons and referrals
- backtest, learn, validate: whether a score, learnt weights or a survey foretell churn
- assign, detectable: draw who gets a programme first; the smallest effect that a test of a size can show
- attribution: the effect of a programme on retention, NRR or expansion, by the best design that the data allow
- balance, event_study: whether those compared were alike; the effect by months since the start, and before it
- value_of: the effect in money, less what the programme costs
- levers: which of several levers is worth more in the first year
- touched_expansion: touched customers that expand in the same quarter; an association
- handoff: how long it takes from the signed contract to the first contact with customer success
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "HealthModel": "score.model",
    "adoption": "uptake.adoption",
    "alert_record": "alarm.record",
    "alerts": "alarm.alerts",
    "arr_per_csm": "goals.staffing",
    "assign": "effect.assignment",
    "attribution": "effect.ladder",
    "backtest": "score.past",
    "balance": "effect.diagnostics",
    "cost_ratio": "goals.staffing",
    "csm_coverage": "goals.staffing",
    "detectable": "effect.power",
    "event_study": "effect.diagnostics",
    "growth": "uptake.growth",
    "handoff": "effect.handoff",
    "health": "score.health",
    "health_history": "score.history",
    "league": "goals.league",
    "learn": "score.learning",
    "levers": "effect.levers",
    "lifecycle": "uptake.lifecycle",
    "self_serve_rate": "uptake.selfserve",
    "targets": "goals.targets",
    "touched_expansion": "effect.touched",
    "usage_daily": "uptake.daily",
    "validate": "score.validation",
    "value_of": "effect.worth",
    "worklist": "alarm.worklist",
}

__all__ = sorted(_HOME)  # noqa: PLE0605 (one table names everything, loaded on first use)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'saasmetrics.success' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"saasmetrics.success.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
