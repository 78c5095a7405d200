"""Charts: one function per kind of result, drawn with Altair in the library's own theme.

`CHARTS` maps a kind of result to the function that draws it; `Result.chart()` finds it through the
entry-point group "saasmetrics.charts". Functions are loaded on first use: colors, and pictures of a specification that
is there already, as those of a board pack, need no Altair, which takes longer to load than they take to draw.
"""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import isfunction
from types import ModuleType
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.loading import spared
from saasmetrics.charts.render import to_png as to_png
from saasmetrics.charts.render import to_svg as to_svg

if TYPE_CHECKING:
    from saasmetrics.charts.kinds import *  # noqa: F403


class _Charts(ModuleType):
    """The package, in which `bridge` is the function that draws, never the module of that name that holds it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        module = sys.modules.get(f"{__name__}.{name}")
        with spared():
            kinds = import_module(f"{__name__}.kinds")
        if name == "__all__":
            return [*kinds.__all__, "to_png", "to_svg"]
        found = getattr(kinds, name, module)
        if isfunction(found):
            return kinds.unchecked(found)
        if found is None:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *import_module(f"{__name__}.kinds").__all__})


sys.modules[__name__].__class__ = _Charts
