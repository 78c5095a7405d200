"""How a chart shows itself in a notebook: as a picture that needs no network and no extension."""

from __future__ import annotations

from typing import Any

import altair as alt

VEGA_LITE = "application/vnd.vegalite.v6+json"


class OfflineChart(alt.LayerChart):
    """An Altair chart that shows itself without the network.

    Altair's own display loads Vega from the network. This one carries its specification for whoever
    can draw it, and a picture for everybody else; in every other way it is an Altair chart.

    Examples
    --------
    >>> points = alt.Chart(alt.Data(values=[{"x": 1}])).mark_point()
    >>> sorted(OfflineChart(layer=[points])._repr_mimebundle_())
    ['application/vnd.vegalite.v6+json', 'image/png', 'text/plain']
    """

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, Any]:
        from saasmetrics.charts.render import to_png

        spec = self.to_dict()
        words = f"Chart: {spec.get('description', 'no description')}"
        return {VEGA_LITE: spec, "image/png": to_png(spec), "text/plain": words}
