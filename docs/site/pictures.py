"""A chart as one inline picture for both themes: shapes once, colors as pairs that the page chooses from."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from saasmetrics.charts.theme import AS_MEASURED

if TYPE_CHECKING:
    from saasmetrics.result import Result

_COLOR = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|rgba?\([^)]*\)")
_LABEL = re.compile(r'aria-label="([^"]*)"')
# What is said per mark is noise to a reader of a whole picture, and two thirds of its size.
_NOISE = re.compile(r' (?:aria-[a-z]+|role|class|font-family|xmlns:xlink|version)="[^"]*"')
_EMPTY = re.compile(r"<(g|path)(?: pointer-events=\"none\")?(?:/>|></\1>)")
_FRACTION = re.compile(r"\d+\.\d{2,}")
_IDENTIFIER = re.compile(r'\bid="([^"]+)"')


def picture(result: Result, name: str, prefix: str, **options: object) -> str:
    """Return the chart of a result as SVG that follows the theme of its page.

    Parameters
    ----------
    result
        A result of a kind that has a chart.
    name
        What a screen reader says of it.
    prefix
        What its ids begin with, so that many pictures can stand in one page.
    **options
        Of the chart.
    """
    light, dark = (str(result.chart(theme=theme, **options).svg()) for theme in ("light", "dark"))
    return of_pair(light, dark, name, prefix)


def of_pair(light: str, dark: str, name: str, prefix: str) -> str:
    """Return one picture for two that differ in their colors alone; both of them where the shapes differ.

    Examples
    --------
    >>> one, two = ('<svg xmlns="x" width="9"><path fill="#%s"/></svg>' % c for c in ("ffffff", "000000"))
    >>> of_pair(one, two, "Dots", "p")[-29:]
    '<path fill="var(--a)"/></svg>'
    """
    name = next(iter(_LABEL.findall(light)), escape(name))
    one, two = _small(light, prefix), _small(dark, prefix)
    if _COLOR.sub("", one) != _COLOR.sub("", two):
        return (
            f'<span class="only-light">{_opened(one, name, "")}</span>'
            f'<span class="only-dark">{_opened(two, name, "")}</span>'
        )
    pairs = list(zip(_COLOR.findall(one), _COLOR.findall(two), strict=True))
    names = {pair: f"--{_letters(i)}" for i, pair in enumerate(dict.fromkeys(pairs))}
    following = iter(pairs)
    drawn = _COLOR.sub(lambda _: f"var({names[next(following)]})", one)
    colors = ";".join(f"{name}:light-dark({a},{b})" for (a, b), name in names.items())
    return _opened(drawn, name, f' style="{colors}"')


def _letters(number: int) -> str:
    """Return a short name of a number: a, b, ... z, ba, ...

    Examples
    --------
    >>> [_letters(number) for number in (0, 25, 26)]
    ['a', 'z', 'ba']
    """
    rest, letter = divmod(number, 26)
    return (_letters(rest) if rest else "") + chr(97 + letter)


def _small(svg: str, prefix: str) -> str:
    names = dict.fromkeys(_IDENTIFIER.findall(svg))
    for number, name in enumerate(names):
        svg = svg.replace(f'id="{name}"', f'id="{prefix}{number}"')
        svg = svg.replace(f"url(#{name})", f"url(#{prefix}{number})")
    svg = _NOISE.sub("", svg).replace(f' style="{AS_MEASURED}"', "")  # the page says it
    svg = _FRACTION.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), svg)
    while (fewer := _EMPTY.sub("", svg)) != svg:
        svg = fewer
    return svg


def _opened(svg: str, name: str, style: str) -> str:
    return svg.replace("<svg", f'<svg role="img" aria-label="{name}"{style}', 1)
