"""Every function that draws, and which draws which kind of result; loading them loads Altair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saasmetrics.charts.backtest import backtest
from saasmetrics.charts.balances import balances, committed
from saasmetrics.charts.before_after import before_after
from saasmetrics.charts.bridge import bridge
from saasmetrics.charts.by_age import ages
from saasmetrics.charts.cohort_pair import cohort_pair
from saasmetrics.charts.cohorts import cohorts
from saasmetrics.charts.comparison import comparison
from saasmetrics.charts.curve import curve, expansion
from saasmetrics.charts.demand import demand
from saasmetrics.charts.display import OfflineChart
from saasmetrics.charts.dots import books, survey_change
from saasmetrics.charts.drawing import unchecked
from saasmetrics.charts.effect_checks import balance, event_study
from saasmetrics.charts.effect_worth import attribution_value
from saasmetrics.charts.effects import attribution, levers
from saasmetrics.charts.explanation import explanation
from saasmetrics.charts.fan import fan
from saasmetrics.charts.fits import fit
from saasmetrics.charts.forest import forest
from saasmetrics.charts.hazards import hazard
from saasmetrics.charts.hiring import hiring_plan
from saasmetrics.charts.incidence import incidence
from saasmetrics.charts.layers import layers
from saasmetrics.charts.movements import movements
from saasmetrics.charts.reconciliation import reconciliation
from saasmetrics.charts.renewal_calendar import expansion_causes, renewal_calendar
from saasmetrics.charts.renewal_forecast import renewal_accuracy, renewal_forecast
from saasmetrics.charts.renewals import atr_waterfall, renewal_rates
from saasmetrics.charts.scenarios import scenarios, tornado
from saasmetrics.charts.sensitivity import sensitivity
from saasmetrics.charts.series import compared, series
from saasmetrics.charts.sources import source_customers, sources
from saasmetrics.charts.staffing import staffing
from saasmetrics.charts.subtypes import subtypes
from saasmetrics.charts.success.kinds import KINDS as _SUCCESS
from saasmetrics.charts.support_bars import backlog, tank_tickets
from saasmetrics.charts.support_lines import paired
from saasmetrics.charts.support_rows import conversion, league, top_issues
from saasmetrics.charts.support_shapes import frontier, funnel, mix
from saasmetrics.charts.tiers import tiers
from saasmetrics.charts.verdict import verdict
from saasmetrics.charts.worth import worth

CHARTS: dict[str, Callable[..., Any]] = {
    "ages": ages,
    "bridge": bridge,
    "movements": movements,
    "series": series,
    "money": series,
    "ratio": series,
    "count": series,
    "multiple": series,
    "months": series,
    "survey": series,
    "survey_change": survey_change,
    "books": books,
    "staffing": staffing,
    "demand": demand,
    "hiring_plan": hiring_plan,
    "fan": fan,
    "scenarios": scenarios,
    "tornado": tornado,
    "backtest": backtest,
    "cohorts": cohorts,
    "cohort_pair": cohort_pair,
    "renewal_cohorts": cohorts,
    "curve": curve,
    "hazard": hazard,
    "incidence": incidence,
    "fit": fit,
    "forest": forest,
    "verdict": verdict,
    "worth": worth,
    "renewal_rates": renewal_rates,
    "atr_waterfall": atr_waterfall,
    "renewal_calendar": renewal_calendar,
    "renewal_forecast": renewal_forecast,
    "renewal_accuracy": renewal_accuracy,
    "expansion": expansion,
    "expansion_causes": expansion_causes,
    "layers": layers,
    "subtypes": subtypes,
    "committed": committed,
    "balances": balances,
    "tiers": tiers,
    "sensitivity": sensitivity,
    "reconciliation": reconciliation,
    "sources": sources,
    "source_customers": source_customers,
    "comparison": comparison,
    "explanation": explanation,
    **_SUCCESS,
    "paired": paired,
    "promise": paired,
    "backlog": backlog,
    "before_after": before_after,
    "tank_tickets": tank_tickets,
    "tier_mix": series,
    "unit_cost": frontier,
    "frontier": frontier,
    "mix": mix,
    "funnel": funnel,
    "league": league,
    "top_issues": top_issues,
    "conversion": conversion,
    "attribution": attribution,
    "attribution_value": attribution_value,
    "balance": balance,
    "event_study": event_study,
    "levers": levers,
}
CHARTS = {kind: unchecked(draw) for kind, draw in CHARTS.items()}

__all__ = [
    "CHARTS",
    "OfflineChart",
    "ages",
    "atr_waterfall",
    "attribution",
    "attribution_value",
    "backlog",
    "backtest",
    "balance",
    "balances",
    "before_after",
    "books",
    "bridge",
    "cohort_pair",
    "cohorts",
    "committed",
    "compared",
    "comparison",
    "conversion",
    "curve",
    "demand",
    "event_study",
    "expansion",
    "expansion_causes",
    "explanation",
    "fan",
    "fit",
    "forest",
    "frontier",
    "funnel",
    "hazard",
    "hiring_plan",
    "incidence",
    "layers",
    "league",
    "levers",
    "mix",
    "movements",
    "paired",
    "reconciliation",
    "renewal_accuracy",
    "renewal_calendar",
    "renewal_forecast",
    "renewal_rates",
    "scenarios",
    "sensitivity",
    "series",
    "source_customers",
    "sources",
    "staffing",
    "subtypes",
    "survey_change",
    "tank_tickets",
    "tiers",
    "top_issues",
    "tornado",
    "verdict",
    "worth",
]
