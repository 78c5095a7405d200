"""Charts: one function per kind of result, drawn with Altair in the library's own theme.

`CHARTS` maps a kind of result to the function that draws it; `Result.chart()` finds it through the
entry-point group "saasmetrics.charts".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saasmetrics.charts.ages import ages
from saasmetrics.charts.backtest import backtest
from saasmetrics.charts.bridge import bridge
from saasmetrics.charts.cohorts import cohorts
from saasmetrics.charts.curve import curve
from saasmetrics.charts.display import OfflineChart
from saasmetrics.charts.fan import fan
from saasmetrics.charts.layers import layers
from saasmetrics.charts.movements import movements
from saasmetrics.charts.reconciliation import reconciliation
from saasmetrics.charts.render import to_png, to_svg
from saasmetrics.charts.scenarios import scenarios, tornado
from saasmetrics.charts.series import compared, series
from saasmetrics.charts.sources import source_customers, sources
from saasmetrics.charts.verdict import verdict

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
    "fan": fan,
    "scenarios": scenarios,
    "tornado": tornado,
    "backtest": backtest,
    "cohorts": cohorts,
    "curve": curve,
    "verdict": verdict,
    "layers": layers,
    "reconciliation": reconciliation,
    "sources": sources,
    "source_customers": source_customers,
}

__all__ = [
    "CHARTS",
    "OfflineChart",
    "ages",
    "backtest",
    "bridge",
    "cohorts",
    "compared",
    "curve",
    "fan",
    "layers",
    "movements",
    "reconciliation",
    "scenarios",
    "series",
    "source_customers",
    "sources",
    "to_png",
    "to_svg",
    "tornado",
    "verdict",
]
