"""Charts as pictures, without a browser and without the network."""

from __future__ import annotations

import re
from typing import Any

_IDENTIFIER = re.compile(r'\bid="([^"]+)"')


def to_svg(chart: Any, *, width: int | None = None, prefix: str = "") -> str:
    """Return a chart as SVG text.

    Parameters
    ----------
    chart
        An Altair chart, or its specification.
    width
        Pixels, for a chart as wide as its container; default 680.
    prefix
        Put before every id, so that many pictures can stand in one page.

    Examples
    --------
    >>> import altair as alt
    >>> to_svg(alt.Chart(alt.Data(values=[{"x": 1}])).mark_point())[:4]
    '<svg'
    """
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(_spec(chart, width))
    if not prefix:
        return svg
    for name in set(_IDENTIFIER.findall(svg)):
        svg = svg.replace(f'id="{name}"', f'id="{prefix}{name}"').replace(
            f"#{name})", f"#{prefix}{name})"
        )
    return svg


def to_png(chart: Any, *, width: int | None = None, scale: float = 2.0) -> bytes:
    """Return a chart as the bytes of a PNG picture.

    Parameters
    ----------
    chart
        An Altair chart, or its specification.
    width
        Pixels, for a chart as wide as its container; default 680.
    scale
        Pixels of the picture per pixel of the chart.

    Examples
    --------
    >>> import altair as alt
    >>> to_png(alt.Chart(alt.Data(values=[{"x": 1}])).mark_point())[1:4]
    b'PNG'
    """
    import vl_convert

    png: bytes = vl_convert.vegalite_to_png(_spec(chart, width), scale=scale)
    return png


def _spec(chart: Any, width: int | None) -> dict[str, Any]:
    from saasmetrics.charts.theme import ASSUMED_WIDTH

    spec: dict[str, Any] = dict(chart) if isinstance(chart, dict) else chart.to_dict()
    if width is not None or spec.get("width") == "container":
        spec["width"] = width or ASSUMED_WIDTH
    return spec
