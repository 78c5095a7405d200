"""Customer success: who is in danger, what to do first, how the year stands against its targets, who adopts what.

- HealthModel: how signals become a score, as data with a version
- health, health_history: the score of every customer, now and at the end of past periods
- alerts, alert_record, worklist: who to call today, how good alerts were, and what to do first
- targets, league: where retention, renewals, expansion and churn stand; owners compared fairly
- arr_per_csm, cost_ratio, csm_coverage: what customer success carries, costs and needs
- adoption, self_serve_rate, usage_daily: how deep customers use the product, alone or with help, day by day
- lifecycle, growth: how far new customers get; renewals, add-ons and referrals
- backtest, learn, validate: whether a score, learnt weights or a survey foretell churn
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
    "backtest": "score.past",
    "cost_ratio": "goals.staffing",
    "csm_coverage": "goals.staffing",
    "growth": "uptake.growth",
    "health": "score.health",
    "health_history": "score.history",
    "league": "goals.league",
    "learn": "score.learning",
    "lifecycle": "uptake.lifecycle",
    "self_serve_rate": "uptake.selfserve",
    "targets": "goals.targets",
    "usage_daily": "uptake.daily",
    "validate": "score.validation",
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
