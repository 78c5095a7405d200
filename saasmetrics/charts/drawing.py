"""What every function that draws is called through: without needless checks, and not without values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from inspect import signature
from typing import Any

from altair.utils.schemapi import debug_mode

from saasmetrics.charts.frame import NO_VALUES, Canvas, first_reason


@cache
def unchecked(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function draw without comparing each part of its chart with the schema of Vega-Lite: half the time.

    Tests compare what it draws as a whole; what users build of the chart is compared as ever. Of a frame without any
    number, which nobody but its user makes, the chart says so.
    """

    @wraps(draw)
    def drawn(result: Any, *args: Any, **options: Any) -> Any:
        with debug_mode(False):
            if valueless(getattr(result, "df", None)):
                return _no_values(draw, result, *args, **options)
            return draw(result, *args, **options)

    return drawn


def valueless(frame: Any) -> bool:
    """Whether a frame has rows and columns of numbers, and no number in any of them.

    Examples
    --------
    >>> import pandas as pd
    >>> valueless(pd.DataFrame({"n": [float("nan")]})), valueless(pd.DataFrame({"n": []}))
    (True, False)
    """
    if frame is None or not len(frame):
        return False
    numbers = frame.select_dtypes("number")
    return bool(numbers.shape[1] and numbers.isna().to_numpy().all())


def _no_values(draw: Callable[..., Any], result: Any, *args: Any, **options: Any) -> Any:
    asked = signature(draw).bind(result, *args, **options)
    asked.apply_defaults()
    look = {name: asked.arguments.get(name) for name in ("theme", "width", "title")}
    canvas = Canvas.of(result, look["theme"] or "light", look["width"] or 680, 0, look["title"])
    return canvas.empty(first_reason(result) or NO_VALUES)
