"""Charts: one function per kind of result, drawn with Altair in the library's own theme.

`CHARTS` maps a kind of result to the function that draws it; `Result.chart()` finds it through the
entry-point group "saasmetrics.charts".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saasmetrics.charts.bridge import bridge
from saasmetrics.charts.cohorts import cohorts
from saasmetrics.charts.curve import curve
from saasmetrics.charts.display import OfflineChart
from saasmetrics.charts.fits import fit
from saasmetrics.charts.forest import forest
from saasmetrics.charts.hazards import hazard
from saasmetrics.charts.incidence import incidence
from saasmetrics.charts.layers import layers
from saasmetrics.charts.movements import movements
from saasmetrics.charts.render import to_png, to_svg
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
    "hazard": hazard,
    "incidence": incidence,
    "fit": fit,
    "forest": forest,
    "verdict": verdict,
    "layers": layers,
}

__all__ = [
    "CHARTS",
    "OfflineChart",
    "bridge",
    "cohorts",
    "compared",
    "curve",
    "fit",
    "forest",
    "hazard",
    "incidence",
    "layers",
    "movements",
    "series",
    "to_png",
    "to_svg",
    "verdict",
]
