"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets."""

from __future__ import annotations

from saasmetrics_widgets.explorer import Explorer, explore

__all__ = ["Explorer", "explore"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell `jupyter labextension develop` where the extension is, for who works on it; wheels carry it themselves."""
    return [{"src": "../labextension", "dest": "jupyter-saasmetrics"}]
