"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets.

`explore` opens a book; `to_html` writes widgets to a page that works without Python and without the network;
`enable_colab` lets them work in Google Colab, which needs it.
"""

from __future__ import annotations

from saasmetrics_widgets.connected import enable_colab
from saasmetrics_widgets.desk import RenewalDesk, renewal_desk
from saasmetrics_widgets.explorer import Explorer, explore
from saasmetrics_widgets.page import to_html

__all__ = ["Explorer", "RenewalDesk", "enable_colab", "explore", "renewal_desk", "to_html"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell `jupyter labextension develop` where the extension is, for who works on it; wheels carry it themselves."""
    return [{"src": "../labextension", "dest": "jupyter-saasmetrics"}]
