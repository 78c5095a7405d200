"""Color roles of the pictures: a drawing names a role, the theme says which color it is."""

from __future__ import annotations

from functools import cache

from saasmetrics.charts.theme import Palette, along, blend, contrast, palette, readable_on

LEAST = 4.5
STEPS = 20  # shades of a ramp, beside the first
_ROLES = ("surface", "ink", "muted", "rule", "grid", "total", "gain", "loss")


@cache
def roles(theme: str) -> dict[str, str]:
    """Return the color of every role in a theme.

    `r0` to `r20` run from little to much; `d0` to `d20` from below 100 % to above, `d10` being 100 %.
    The text that is readable on `r7` is `ri7`, on `d7` `di7`. `g0` and up tell groups apart.

    Examples
    --------
    >>> roles("light")["gain"], roles("light")["ri20"]
    ('#0072b2', '#ffffff')
    """
    colors = palette(theme)
    found = {name: getattr(colors, name) for name in _ROLES}
    found["ground"] = blend(colors.surface, colors.grid, 0.5)
    found |= {f"g{i}": color for i, color in enumerate(colors.groups)}
    for step in range(STEPS + 1):
        for ramp, color in (("r", along(colors.ramp, step / STEPS)), ("d", _apart(colors, step))):
            found[f"{ramp}{step}"] = color
            found[f"{ramp}i{step}"] = _ink(color)
    return found


def _ink(color: str) -> str:
    """Return a text color with the contrast that small text needs (WCAG 2, level AA)."""
    ink = readable_on(color)
    if contrast(ink, color) >= LEAST:
        return ink
    return max("#000000", "#ffffff", key=lambda pure: contrast(pure, color))


def _apart(colors: Palette, step: int) -> str:
    share = 2 * step / STEPS - 1
    return blend(colors.middle, colors.above if share > 0 else colors.below, abs(share) ** 0.8)
