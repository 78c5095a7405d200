"""Google Colab: its widget manager comes from the network, so it is asked for only where somebody says so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from saasmetrics.errors import DataError

_OUTPUT = "google.colab.output"
_asked: set[str] = set()
_NO_COLAB = (
    "This is not Google Colab, where alone widgets need the network: they work here as they are. "
    "Elsewhere show them in JupyterLab, Notebook, Voila or VS Code, or write them to a file with to_html(widget, path)."
)


def enable_colab() -> None:
    """Let widgets work in Google Colab, whose widget manager is loaded from the network (a CDN of Google's).

    Off unless called: no widget, chart or page of this package asks the network for anything by itself. Call it once
    in a notebook, before the first widget. The tables stay in the notebook's machine; what is loaded is Colab's
    manager of widgets, and with it what that loads.

    Raises
    ------
    DataError
        Outside of Google Colab.

    Examples
    --------
    >>> enable_colab()
    Traceback (most recent call last):
    saasmetrics.errors.DataError: This is not Google Colab, ...
    """
    try:
        from google.colab import output
    except ImportError:
        raise DataError(_NO_COLAB) from None
    _asked.add(_OUTPUT)
    output.enable_custom_widget_manager()


@contextmanager
def unconnected() -> Iterator[None]:
    """Make widgets without the manager of Colab, which anywidget else asks for by itself, unless somebody has."""
    hidden = None if _OUTPUT in _asked else sys.modules.pop(_OUTPUT, None)
    try:
        yield
    finally:
        if hidden is not None:
            sys.modules[_OUTPUT] = hidden
