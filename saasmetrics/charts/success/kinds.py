"""Which function draws which kind of result of customer success."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.success.alerts import alerts, worklist
from saasmetrics.charts.success.backtest import graded, health_backtest
from saasmetrics.charts.success.economics import ltv_cac_change, margin_by_age
from saasmetrics.charts.success.health import health, health_history
from saasmetrics.charts.success.moves import adoption, usage_daily
from saasmetrics.charts.success.progress import lifecycle, self_serve, success_growth
from saasmetrics.charts.success.targets import csm_league, targets

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: dict[str, Callable[..., Any]] = {
    "health": health,
    "health_history": health_history,
    "health_backtest": health_backtest,
    "health_learnt": graded,
    "signal_validation": graded,
    "alert_record": graded,
    "alerts": alerts,
    "worklist": worklist,
    "targets": targets,
    "csm_league": csm_league,
    "adoption": adoption,
    "usage_daily": usage_daily,
    "lifecycle": lifecycle,
    "success_growth": success_growth,
    "self_serve": self_serve,
    "ltv_cac_change": ltv_cac_change,
    "margin_by_age": margin_by_age,
}
