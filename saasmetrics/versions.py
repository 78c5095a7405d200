"""Which versions are at work, for whoever reports a fault: never a path, nor the name of a machine or a user."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, entry_points, version

from saasmetrics.version import __version__

_LIBRARIES = (
    *("pandas", "numpy", "pyarrow", "narwhals", "scipy", "altair", "vl-convert-python", "openpyxl"),
    *("xlsxwriter", "jinja2", "tqdm", "polars", "duckdb", "lifelines", "statsmodels"),
    *("ipython", "ipykernel", "ipywidgets", "anywidget", "jupyterlab", "notebook", "voila"),
)
_MISSING = "not installed"


def versions() -> dict[str, str]:
    """Return each name with its version.

    Examples
    --------
    >>> list(versions())[:3]
    ['saasmetrics', 'python', 'platform']
    """
    found = {
        "saasmetrics": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.machine()}, {sys.byteorder} endian",
    }
    found |= {name: _version(name) for name in _LIBRARIES}
    for point in entry_points(group="saasmetrics.versions"):
        found |= point.load()()
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return _MISSING


def show() -> None:
    """Print a line for each name."""
    found = versions()
    wide = max(map(len, found))
    sys.stdout.write("".join(f"{name:{wide}}  {text}\n" for name, text in found.items()))
