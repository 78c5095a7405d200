"""Charts: one function per kind of result, drawn with Altair in the library's own theme.

`CHARTS` maps a kind of result to the function that draws it; `Result.chart()` finds it through the
entry-point group "saasmetrics.charts".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saasmetrics.charts.bridge import bridge
from saasmetrics.charts.cohorts import cohorts
from saasmetrics.charts.curve import curve, expansion
from saasmetrics.charts.display import OfflineChart
from saasmetrics.charts.layers import layers
from saasmetrics.charts.movements import movements
from saasmetrics.charts.render import to_png, to_svg
from saasmetrics.charts.renewal_calendar import expansion_causes, renewal_calendar
from saasmetrics.charts.renewal_forecast import renewal_accuracy, renewal_forecast
from saasmetrics.charts.renewals import atr_waterfall, renewal_rates
from saasmetrics.charts.series import compared, series
from saasmetrics.charts.verdict import verdict

CHARTS: dict[str, Callable[..., Any]] = {
    "bridge": bridge,
    "movements": movements,
    "series": series,
    "money": series,
    "ratio": series,
    "count": series,
    "multiple": series,
    "months": series,
    "cohorts": cohorts,
    "curve": curve,
    "verdict": verdict,
    "renewal_rates": renewal_rates,
    "atr_waterfall": atr_waterfall,
    "renewal_calendar": renewal_calendar,
    "renewal_forecast": renewal_forecast,
    "renewal_accuracy": renewal_accuracy,
    "expansion": expansion,
    "expansion_causes": expansion_causes,
    "layers": layers,
}

__all__ = [
    "CHARTS",
    "OfflineChart",
    "atr_waterfall",
    "bridge",
    "cohorts",
    "compared",
    "curve",
    "expansion",
    "expansion_causes",
    "layers",
    "movements",
    "renewal_accuracy",
    "renewal_calendar",
    "renewal_forecast",
    "renewal_rates",
    "series",
    "to_png",
    "to_svg",
    "verdict",
]
