"""What other packages registered for this one, which never imports them."""

from __future__ import annotations

from typing import Any


def of_ipython(name: str) -> Any:
    """Return what the widgets registered for IPython.

    Raises
    ------
    MissingExtraError
        If they are not installed.
    """
    from importlib.metadata import entry_points

    from saasmetrics.errors import MissingExtraError

    for point in entry_points(group="saasmetrics.ipython", name=name):
        return point.load()
    msg = "The magics are not installed: pip install jupyter-saasmetrics."
    raise MissingExtraError(msg)
