"""Whether JupyterLab has the extension of this package, and whether it is switched on."""

from __future__ import annotations

import json
from pathlib import Path

NAME = "jupyter-saasmetrics"


def versions() -> dict[str, str]:
    """Return the state of the extension under its name, without a path; nothing where Jupyter is not here.

    Examples
    --------
    >>> list(versions())
    ['lab extension']
    """
    try:
        from jupyter_core.paths import jupyter_config_path, jupyter_path
    except ImportError:
        return {}
    homes = [Path(folder) / NAME / "package.json" for folder in jupyter_path("labextensions")]
    found = next((home for home in homes if home.is_file()), None)
    if found is None:
        return {"lab extension": "not installed"}
    version = _read(found).get("version", "of no version")
    pages = [Path(folder) / "labconfig" / "page_config.json" for folder in jupyter_config_path()]
    off = any(_disabled(_read(page)) for page in pages)
    return {"lab extension": f"{version}, {'disabled' if off else 'enabled'}"}


def _disabled(page: dict[str, object]) -> bool:
    """Return whether a page configuration switches the extension off, as a list of names or by name."""
    told = page.get("disabledExtensions", {})
    names = [n for n, off in told.items() if off] if isinstance(told, dict) else told
    return isinstance(names, list) and any(n == NAME or n.startswith(f"{NAME}:") for n in names)


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
