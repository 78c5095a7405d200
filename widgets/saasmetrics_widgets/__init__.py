"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets."""

from __future__ import annotations

from saasmetrics_widgets.explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
