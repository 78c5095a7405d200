"""Charts as pictures, without a browser and without the network."""

from __future__ import annotations

import re
from typing import Any

from saasmetrics.charts.theme import AS_MEASURED, ASSUMED_WIDTH
from saasmetrics.printable import printable_in

_IDENTIFIER = re.compile(r'\bid="([^"]+)"')
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


def to_svg(chart: Any, *, width: int | None = None, prefix: str = "") -> str:
    """Return a chart as SVG text, as wide in every font of a browser as it was measured here.

    Parameters
    ----------
    chart
        An Altair chart, or its specification.
    width
        Pixels, for a chart as wide as its container; default 680.
    prefix
        Makes all ids start so, that many pictures can stand in one page.

    Examples
    --------
    >>> import altair as alt
    >>> to_svg(alt.Chart(alt.Data(values=[{"x": 1}])).mark_point())[:4]
    '<svg'
    """
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(_spec(chart, width))
    svg = svg.replace("<svg ", f'<svg style="{AS_MEASURED}" ', 1)
    return _renamed(svg, prefix) if prefix else svg


def _renamed(svg: str, prefix: str) -> str:
    """Number the ids anew: the renderer counts on from picture to picture."""
    names = dict.fromkeys(_IDENTIFIER.findall(svg))
    new = {name: f"{prefix}{number}" for number, name in enumerate(names)}
    svg = _IDENTIFIER.sub(lambda found: f'id="{new[found[1]]}"', svg)
    return _REFERENCE.sub(lambda found: f"url(#{new.get(found[1], found[1])})", svg)


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
    spec: dict[str, Any] = dict(chart) if isinstance(chart, dict) else chart.to_dict(validate=False)
    if width is not None or spec.get("width") == "container":
        spec["width"] = width or ASSUMED_WIDTH
    # What a picture cannot hold ends the process.
    shown: dict[str, Any] = printable_in(spec)
    return shown
