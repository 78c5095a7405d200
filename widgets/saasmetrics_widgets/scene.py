"""A picture as a list of shapes, made once in Python and drawn alike by the browser and into the static SVG."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.theme import AS_MEASURED, FONT
from saasmetrics.printable import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

Point = tuple[float, float]


@dataclass
class Scene:
    """Shapes on a sheet of so many pixels; fills are roles of `colors.roles`, "hatch" or "none".

    Parameters
    ----------
    width, height
        Size of the sheet.
    label
        What a screen reader says of the picture as a whole.

    Examples
    --------
    >>> scene = Scene(10, 10, "nothing")
    >>> scene.text(1, 9, "a < b")
    >>> "a &lt; b" in svg(scene, {"ink": "#000000"})
    True
    """

    width: float
    height: float
    label: str
    shapes: list[dict[str, Any]] = field(default_factory=list)

    def rect(
        self, x: float, y: float, wide: float, high: float, fill: str, *, tip: str = ""
    ) -> None:
        """Draw a rectangle; the tip appears when it is pointed at."""
        shape = {"k": "rect", **_box(x, y, wide, high), "fill": fill}
        self.shapes.append({**shape, "tip": tip} if tip else shape)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        fill: str = "ink",
        size: float = 11,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write a text whose baseline is at y."""
        shape = {"k": "text", "x": _r(x), "y": _r(y), "text": text, "fill": fill, "size": size}
        self.shapes.append({**shape, "anchor": anchor, "bold": bold})

    def path(
        self,
        points: list[Point],
        *,
        stroke: str = "none",
        fill: str = "none",
        wide: float = 1.0,
        opacity: float = 1.0,
        dash: str = "",
    ) -> None:
        """Draw a line through points, or the area inside them."""
        where = "L".join(f"{_r(x):g},{_r(y):g}" for x, y in points)
        shape = {"k": "path", "d": f"M{where}" + ("Z" if fill != "none" else ""), "dash": dash}
        self.shapes.append(
            {**shape, "stroke": stroke, "fill": fill, "wide": wide, "opacity": opacity}
        )

    def mark(
        self,
        box: tuple[float, float, float, float],
        pick: Mapping[str, Any],
        say: str,
        *,
        place: tuple[int, int],
        fill: str = "none",
        label: str = "",
        ink: str = "ink",
        size: float = 9.5,
        dot: Point | None = None,
        tone: str = "ink",
    ) -> None:
        """Draw what can be chosen: a cell, a bar or a point.

        Parameters
        ----------
        box
            x, y, width and height of the area that can be clicked.
        pick
            What is selected by choosing it.
        say
            Its tip, and what a screen reader says.
        place
            Row and column, for the arrow keys.
        fill, label, ink, size
            Its color, the text inside, the color and size of that text.
        dot, tone
            Where a point lights up when it is pointed at or chosen, and its color.
        """
        row, col = place
        shape = {"k": "mark", **_box(*box), "fill": fill, "say": say, "pick": dict(pick)}
        shape |= {"row": row, "col": col}
        if label:
            shape |= {"label": label, "ink": ink, "size": size}
        if dot is not None:
            shape |= {"dot": [_r(dot[0]), _r(dot[1])], "tone": tone}
        self.shapes.append(shape)

    def as_dict(self) -> dict[str, Any]:
        """Return what the browser draws."""
        size = {"width": self.width, "height": self.height}
        return {**size, "label": self.label, "shapes": self.shapes}


def _r(value: float) -> float:
    return round(float(value), 1)


def _box(x: float, y: float, wide: float, high: float) -> dict[str, float]:
    return {"x": _r(x), "y": _r(y), "w": max(_r(wide), 0.1), "h": max(_r(high), 0.1)}


def svg(scene: Scene | Mapping[str, Any], colors: Mapping[str, str]) -> str:
    """Return a scene as the inside of an SVG document, without what only a pointer could reach."""
    shapes = scene.shapes if isinstance(scene, Scene) else scene["shapes"]
    return "".join(_DRAWN[shape["k"]](shape, colors) for shape in shapes)


def document(body: str, width: float, height: float, colors: Mapping[str, str]) -> str:
    """Return a complete SVG document around drawn scenes."""
    hatch = (
        '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{colors["ground"]}"/>'
        f'<path d="M0,0V6" stroke="{colors["rule"]}" stroke-width="1.2"/></pattern>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{escape(FONT)}" style="{AS_MEASURED}"><defs>{hatch}</defs>'
        f'<rect width="{width:g}" height="{height:g}" fill="{colors["surface"]}"/>{body}</svg>'
    )


def _color(role: str, colors: Mapping[str, str]) -> str:
    return {"none": "none", "hatch": "url(#hatch)"}.get(role) or colors[role]


def _rect(shape: Mapping[str, Any], colors: Mapping[str, str]) -> str:
    if shape["fill"] == "none":
        return ""
    place = f'x="{shape["x"]:g}" y="{shape["y"]:g}" width="{shape["w"]:g}" height="{shape["h"]:g}"'
    return f'<rect {place} fill="{_color(shape["fill"], colors)}"/>'


def _mark(shape: Mapping[str, Any], colors: Mapping[str, str]) -> str:
    drawn = _rect(shape, colors)
    if "label" not in shape:
        return drawn
    x, y = shape["x"] + shape["w"] / 2, shape["y"] + shape["h"] / 2 + shape["size"] * 0.36
    words = {"text": shape["label"], "fill": shape["ink"], "size": shape["size"]}
    return drawn + _text({**words, "x": x, "y": y, "anchor": "middle", "bold": False}, colors)


def _text(shape: Mapping[str, Any], colors: Mapping[str, str]) -> str:
    weight = ' font-weight="600"' if shape["bold"] else ""
    return (
        f'<text x="{shape["x"]:g}" y="{shape["y"]:g}" font-size="{shape["size"]:g}"{weight} '
        f'text-anchor="{shape["anchor"]}" fill="{_color(shape["fill"], colors)}">'
        f"{escape(shape['text'])}</text>"
    )


def _path(shape: Mapping[str, Any], colors: Mapping[str, str]) -> str:
    dash = f' stroke-dasharray="{shape["dash"]}"' if shape["dash"] else ""
    return (
        f'<path d="{shape["d"]}" fill="{_color(shape["fill"], colors)}" '
        f'stroke="{_color(shape["stroke"], colors)}" stroke-width="{shape["wide"]:g}" '
        f'opacity="{shape["opacity"]:g}"{dash}/>'
    )


_DRAWN = {"rect": _rect, "mark": _mark, "text": _text, "path": _path}
