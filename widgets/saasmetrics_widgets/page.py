"""A page of widgets that works without Python and without the network: the same modules, on saved data."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from saasmetrics.asked import text
from saasmetrics.errors import DataError
from saasmetrics.export.files import write
from saasmetrics.printable import escape

if TYPE_CHECKING:
    import os

_SCRIPT = Path(__file__).parent / "static" / "page.js"
NEEDS = "This needs Python: open the notebook."
_NOTE = (
    "Saved numbers: marks can be pointed at and chosen, and the rows that were listed when this page was saved are "
    "here. What is grayed out needs Python; open the notebook for it."
)
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)
_LOOK = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 1280px; padding: 16px; background: Canvas; color: CanvasText;
  font: 14px/1.4 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
h1 { margin: 0 0 4px; font-size: 20px; }
.note { margin: 0 0 12px; font-size: 12px; opacity: 0.8; }
.place { margin: 0 0 20px; }
#status { position: fixed; right: 16px; bottom: 16px; padding: 8px 12px; border: 1px solid; border-radius: 4px;
  background: Canvas; }
#status:empty { display: none; }
:disabled { opacity: 0.55; cursor: not-allowed; }
"""


def to_html(
    widgets: anywidget.AnyWidget | Sequence[anywidget.AnyWidget],
    path: str | os.PathLike[str],
    *,
    title: str = "SaaS metrics",
) -> Path:
    """Write widgets, as they are now, to one HTML file in which they work without Python and without the network.

    Marks light up, tips appear, and the rows that are listed are there; what only Python can answer is switched off
    and says so. Where scripts are off, the picture of each widget remains.

    Parameters
    ----------
    widgets
        A widget, or several in the order of the page.
    path
        The file. An older one is replaced in one step.
    title
        What the page is called.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If something is no widget with a module of its own, or the file cannot be written.

    Examples
    --------
    >>> import saasmetrics as sm, tempfile
    >>> to_html(sm.demo(customers=50).explore(), tempfile.mkdtemp() + "/explorer.html").name
    'explorer.html'
    """
    text("title", title, "what the page is called")
    shown: list[Any] = list(widgets) if isinstance(widgets, (list, tuple)) else [widgets]
    if not shown:
        msg = "There is no widget to write; pass one, or a list of them."
        raise DataError(msg)
    for widget in shown:
        if not isinstance(widget, anywidget.AnyWidget):
            msg = (
                f"A {type(widget).__name__} is no widget that a page can hold; pass what book.explore() returns. "
                "Of a result, result.chart().save('chart.html') writes the picture."
            )
            raise DataError(msg)
    return write(path, _page(shown, title), "explorer.html")


def _page(widgets: list[anywidget.AnyWidget], title: str) -> str:
    states = [widget.get_state() for widget in widgets]
    modules = list(dict.fromkeys(str(state["_esm"]) for state in states))
    looks = dict.fromkeys(str(state.get("_css") or "") for state in states)
    saved = {
        "words": NEEDS,
        "modules": modules,
        "widgets": [
            {**_saved(widget, state), "module": modules.index(str(state["_esm"]))}
            for widget, state in zip(widgets, states, strict=True)
        ],
    }
    data = json.dumps(plain(saved), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    places = "".join(
        f'<div class="place" id="widget-{i}"><div class="saasmetrics-still">{_still(widget)}</div></div>'
        for i, widget in enumerate(widgets)
    )
    style = "".join([_LOOK, *looks]).replace("</", "<\\/")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{style}</style></head><body><h1>{escape(title)}</h1>'
        f'<p class="note" role="note">{escape(_NOTE)}</p>{places}<div id="status" role="status"></div>'
        f'<script type="application/json" id="saved">{data.replace("<", chr(92) + "u003c")}</script>'
        f'<script type="module">{_SCRIPT.read_text("utf-8")}</script></body></html>'
    )


def _saved(widget: anywidget.AnyWidget, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the traits of a widget, which of them may change without Python, and what others show then."""
    values = {
        name: value
        for name, value in state.items()
        if not name.startswith("_") and not str(value).startswith("IPY_MODEL_")
    }
    answered = {
        name
        for handler in type(widget).trait_events().values()
        for name in getattr(handler, "trait_names", ())
    }
    said = dict(getattr(widget, "unanswered", {}))
    for name, others in said.items():
        if not values.get(
            name
        ):  # nothing is chosen: there is nothing to list yet, and there will be nothing
            values |= others
    kept = [name for name in values if name not in answered or name in said]
    return {"state": values, "kept": kept, "unanswered": said}


def _still(widget: anywidget.AnyWidget) -> str:
    """Return the picture of a widget that has one."""
    picture = getattr(widget, "_picture", None)
    return str(picture("")["text/html"]) if callable(picture) else ""


def plain(value: Any) -> Any:
    """Return a value as JSON takes it: bytes as base64, what is no number as null.

    Examples
    --------
    >>> plain({"a": (1.5, float("nan")), "b": b"ab"})
    {'a': [1.5, None], 'b': {'$base64': 'YWI='}}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$base64": b64encode(value).decode()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    return plain(value.item()) if hasattr(value, "item") else str(value)
