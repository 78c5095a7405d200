"""Colors and type of every chart: grey by default, color for meaning, no red against green.

Gains are blue and losses orange (Okabe and Ito), which people with any color vision tell apart and
which print as different greys; signs and positions carry the meaning a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from saasmetrics.asked import one_of

Theme = Literal["light", "dark"]
Width = int | Literal["container"]

# Arial and its metric twins: what was measured without a browser must fit in every browser.
FONT = "Arial, 'Liberation Sans', 'Nimbus Sans', Helvetica, sans-serif"
# Of a browser that has none of them: a figure is as wide as one of Arial, 0.556 of its size, and so is the rest.
AS_MEASURED = "font-size-adjust:ch-width .556"
ASSUMED_WIDTH = 680  # of a chart as wide as its container, for what must be measured beforehand


@dataclass(frozen=True)
class Palette:
    """The colors of one theme; a name says what a color means, never what it looks like.

    Parameters
    ----------
    name
        "light" or "dark".
    surface, ink, muted, rule, grid
        Background, text, secondary text, axis lines, grid lines.
    total, plain
        Standing amounts (opening, closing, net); bars without a meaning of their own.
    gain, loss
        Good and bad by impact.
    movements
        One color per movement of the bridge, gains in blues and losses in oranges.
    groups
        One color per group of a comparison, in order.
    ramp
        From little to much, for cells and layers.
    below, above
        Ends of the diverging ramp for values below and above 100 %.
    """

    name: str
    surface: str
    ink: str
    muted: str
    rule: str
    grid: str
    total: str
    plain: str
    gain: str
    loss: str
    movements: dict[str, str]
    groups: tuple[str, ...]
    ramp: tuple[str, ...]
    below: str
    above: str
    middle: str


LIGHT = Palette(
    name="light",
    surface="#ffffff",
    ink="#1c2126",
    muted="#5a636e",
    rule="#b9c0c8",
    grid="#eceff2",
    total="#4a525b",
    plain="#aab2bb",
    gain="#0072b2",
    loss="#d55e00",
    movements={
        "new": "#005a8f",
        "expansion": "#3d9fd6",
        "reactivation": "#a5d3ee",
        "churn": "#c24e00",
        "contraction": "#ee9b3a",
        "pause": "#f6cf9b",
        "fx": "#9aa2ab",
        "transfer": "#c5cbd2",
        "residual": "#7d4a9c",
    },
    groups=("#0072b2", "#d55e00", "#009e73", "#a8578a", "#b58900", "#3d9fd6", "#5a636e"),
    ramp=("#eef4f9", "#c6ddee", "#93c1df", "#559fcb", "#1f7bb3", "#005a8f", "#003c63"),
    below="#c24e00",
    above="#005a8f",
    middle="#f3f3f1",
)

DARK = Palette(
    name="dark",
    surface="#171b20",
    ink="#e9ecef",
    muted="#a4adb7",
    rule="#4a535d",
    grid="#272d34",
    total="#b6bec7",
    plain="#78828d",
    gain="#56b4e9",
    loss="#f08a3c",
    movements={
        "new": "#3a97d3",
        "expansion": "#7cc4ef",
        "reactivation": "#c3e4f8",
        "churn": "#e0701c",
        "contraction": "#f2a95c",
        "pause": "#f8d3a5",
        "fx": "#8a939d",
        "transfer": "#626b75",
        "residual": "#c39be0",
    },
    groups=("#56b4e9", "#f08a3c", "#2fc39a", "#dd93bd", "#e0c04a", "#a8d8f5", "#a4adb7"),
    ramp=("#1d2a36", "#1f4260", "#20608f", "#2f82ba", "#5aa5d6", "#94c8ea", "#d0e8f8"),
    below="#e0701c",
    above="#4fa8e0",
    middle="#2b3138",
)

_PALETTES = {"light": LIGHT, "dark": DARK}


def palette(theme: str) -> Palette:
    """Return the colors of a theme.

    Raises
    ------
    UnknownNameError
        If the theme is neither "light" nor "dark".

    Examples
    --------
    >>> palette("dark").gain
    '#56b4e9'
    """
    one_of("theme", theme, _PALETTES)
    return _PALETTES[theme]


def config(colors: Palette) -> dict[str, Any]:
    """Return the Vega-Lite configuration of a palette, for charts of one's own too.

    Examples
    --------
    >>> config(LIGHT)["background"]
    '#ffffff'
    """
    axis = {
        "domainColor": colors.rule,
        "gridColor": colors.grid,
        "tickColor": colors.rule,
        "labelColor": colors.muted,
        "titleColor": colors.muted,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelPadding": 4,
        "tickSize": 4,
        "labelOverlap": False,
    }
    return {
        "background": colors.surface,
        "font": FONT,
        "padding": {"left": 4, "right": 8, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"domain": False, "ticks": False},
        "axisX": {"grid": False},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": colors.ink,
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleColor": colors.muted,
            "subtitleFontSize": 11,
            "subtitlePadding": 5,
            "offset": 14,
        },
        "legend": {
            "labelColor": colors.muted,
            "labelFontSize": 11,
            "orient": "top",
            "title": None,
            "symbolType": "square",
            "symbolSize": 90,
            "offset": 4,
            "columnPadding": 14,
        },
        "text": {"color": colors.ink, "fontSize": 11},
    }


def blend(start: str, end: str, share: float) -> str:
    """Return the color a share of the way from one to another.

    Examples
    --------
    >>> blend("#000000", "#ffffff", 0.5)
    '#808080'
    """
    a, b = _channels(start), _channels(end)
    mixed = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def along(ramp: tuple[str, ...], share: float) -> str:
    """Return the color at a share of a ramp of several colors.

    Examples
    --------
    >>> along(("#000000", "#808080", "#ffffff"), 0.5)
    '#808080'
    """
    place = min(max(share, 0.0), 1.0) * (len(ramp) - 1)
    first = min(int(place), len(ramp) - 2)
    return blend(ramp[first], ramp[first + 1], place - first)


def readable_on(color: str) -> str:
    """Return the text color, near black or white, that contrasts more with a background.

    Examples
    --------
    >>> readable_on("#003c63"), readable_on("#eef4f9")
    ('#ffffff', '#1c2126')
    """
    light, dark = "#ffffff", "#1c2126"
    return light if contrast(light, color) >= contrast(dark, color) else dark


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colors as WCAG defines it, from 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    one, two = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (one + 0.05) / (two + 0.05)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    shares = (channel / 255 for channel in _channels(color))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
