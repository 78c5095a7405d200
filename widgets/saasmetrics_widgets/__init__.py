"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets.

`explore` opens a book in an `Explorer`; `to_html` writes widgets to a page that works without Python and without the
network; `enable_colab` lets them work in Google Colab, which needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics_widgets.connected import enable_colab
    from saasmetrics_widgets.explorer import Explorer, explore
    from saasmetrics_widgets.page import to_html

__all__ = ["Explorer", "enable_colab", "explore", "to_html"]

_HOMES = {
    "Explorer": "explorer",
    "enable_colab": "connected",
    "explore": "explorer",
    "to_html": "page",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use: magics and versions need no widgets."""
    if name in _HOMES:
        return getattr(import_module(f"saasmetrics_widgets.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
