"""The explorer: headline numbers, bridge, cohorts and survival that follow one row of controls."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anywidget
import traitlets

from saasmetrics.errors import DataError
from saasmetrics_widgets import static
from saasmetrics_widgets.behind import Behind, Cell, behind, located
from saasmetrics_widgets.cards import KPIS
from saasmetrics_widgets.table import arranged, as_csv, empty, searched, table
from saasmetrics_widgets.view import PANELS, Views

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_STATIC = Path(__file__).parent / "static"
_LIVE = "application/vnd.jupyter.widget-view+json"


class Explorer(anywidget.AnyWidget):
    """A book to look around in.

    Python decides every word, number, place and color role; `static/explorer.js` only draws them.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        freq ("W", "M", "Q", "Y"), period (its first day), window (in periods), column and value (the segment;
        "" for none and all), measure ("logos", "net", "gross", "mrr"). What is not said takes its default.
    view : dict, Python to browser
        Words and numbers: headline, controls, cards, footnotes, colors, error.
    bridge, survival, cohorts : dict, Python to browser
        The pictures: title, note, scene (shapes as JSON) and key, each sent only when it changes.
    selection : dict, both ways
        What was chosen: {"of": "bridge", "period", "movement"}, {"of": "cohorts", "cohort", "age"},
        {"of": "survival", "age"} or {"of": "nrr"} and the other headline numbers; empty for nothing.
    lookup : dict, browser to Python
        How the table is sorted and searched: sort, descending, search.
    table : dict, Python to browser
        The table of the customers behind the selection, ready to be drawn.
    rows : list of dict, Python to browser
        The same rows as records, at most the first 500; `customers` has all of them.
    still : str, Python to browser
        Marks the static picture whose place the living widget takes.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> explorer = sm.demo(customers=50).explore(freq="Q")
    >>> explorer.selection = {"of": "nrr"}
    >>> explorer.result.definition.abbr
    'NRR'
    """

    _esm = _STATIC / "explorer.js"
    _css = _STATIC / "explorer.css"

    controls = traitlets.Dict().tag(sync=True)
    view = traitlets.Dict().tag(sync=True)
    bridge = traitlets.Dict().tag(sync=True)
    survival = traitlets.Dict().tag(sync=True)
    cohorts = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    lookup = traitlets.Dict().tag(sync=True)
    table = traitlets.Dict().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)

    def __init__(self, book: Book, **controls: Any) -> None:
        self._views = Views.of(book)
        self._behind: Behind | None = None
        self._cell: Cell | None = None
        start = self._views.choices.settled(controls)
        _refuse_lost(controls, start)
        view = self._views.view(start)
        panels = view.pop("panels")
        super().__init__(controls=start, view=view, table=empty(), still=uuid4().hex, **panels)
        self.on_msg(self._asked)

    @property
    def book(self) -> Book:
        """The book that is explored."""
        return self._views.choices.book

    @property
    def result(self) -> Result | None:
        """The result behind the selection; None where nothing is selected."""
        return None if self._behind is None else self._behind.result

    @property
    def customers(self) -> pd.DataFrame | None:
        """All customers behind the selection; None where nothing is selected."""
        return None if self._behind is None else self._behind.frame.copy()

    @traitlets.validate("controls")
    def _complete(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        wanted, old = dict(proposal["value"]), self.controls
        if old and wanted.get("freq") != old["freq"] and wanted.get("period") == old["period"]:
            wanted["period"] = self._views.choices.end(old["freq"], old["period"])
        return self._views.choices.settled(wanted)

    @traitlets.observe("controls")
    def _redraw(self, change: Mapping[str, Any]) -> None:
        """Draw what is there at once, then what must be computed."""
        if not self.view:
            return
        now = self.controls
        try:
            self._show(self._views.view(now, wait=False))
            if self.view["pending"]:
                self._show(self._views.view(now))
            self.selection = _carried(self.selection, change["old"], now)
            self._list()
        except Exception as error:
            self.view = {
                **self.view,
                "controls": self._views.choices.row(now),
                "error": _said(error),
            }
            if not isinstance(error, DataError):
                raise

    def _show(self, view: dict[str, Any]) -> None:
        """Send what changed, in one message."""
        panels = view.pop("panels")
        with self.hold_sync():
            for name, panel in panels.items():
                self.set_trait(name, panel)
            self.view = view

    @traitlets.observe("selection")
    def _select(self, _change: Mapping[str, Any]) -> None:
        self._behind = None
        self.lookup = {}
        self._list()

    @traitlets.observe("lookup")
    def _look_up(self, _change: Mapping[str, Any]) -> None:
        if self._behind is not None:
            self.table, self.rows = table(self._behind, self.lookup)

    def _list(self) -> None:
        """List the customers behind the selection, unless they are listed."""
        listed, self._behind = self._behind, None
        if not self.selection:
            self.table, self.rows = empty(), []
            return
        views = self._views
        try:
            cell = located(views.choices, self.controls, self.selection)
            same = listed is not None and cell == self._cell
            self._behind = listed if same else behind(views.results, cell)
        except DataError as error:
            self.table, self.rows = empty(_said(error)), []
            return
        self._cell = cell
        if not same and self._behind is not None:
            self.table, self.rows = table(self._behind, self.lookup)

    def _asked(self, _widget: Any, content: Mapping[str, Any], _buffers: Any) -> None:
        """Answer the browser's request for all rows as CSV."""
        if content.get("ask") == "csv" and self._behind is not None:
            frame = searched(self._behind.frame, str(self.lookup.get("search") or ""))
            key, descending = self.table["sort"], self.table["descending"]
            text = as_csv(arranged(frame, key, descending=descending))
            self.send({"copy": text, "words": f"{len(frame):,} rows as CSV"})

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the living widget, and the same as a static picture."""
        live = {_LIVE: {"version_major": 2, "version_minor": 1, "model_id": self.model_id}}
        return {**self._picture(""), **live}, {}

    def _picture(self, id: str) -> dict[str, Any]:
        view = {**self.view, "panels": {name: getattr(self, name) for name in PANELS}}
        image = b64encode(static.png(view)).decode()
        words = {"text/plain": static.plain(view), "text/html": static.html(view, id)}
        return {**words, "image/png": image}

    def _ipython_display_(self) -> None:
        """Show the picture, then the living widget, which takes its place.

        JupyterLab shows an error instead of a widget whose kernel is gone; the picture stays.
        """
        from IPython import display as shown

        bundle, _ = self._repr_mimebundle_()
        live = {_LIVE: bundle.pop(_LIVE), "text/html": "", "text/plain": ""}
        for part in (self._picture(self.still), live):
            shown.display(part, raw=True)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"


def _refuse_lost(wanted: Mapping[str, Any], start: Mapping[str, Any]) -> None:
    """Refuse controls that do not fit the book; the browser's are replaced by defaults instead."""
    for name in ("window", "value"):
        if wanted.get(name) and start[name] != wanted[name]:
            msg = f"{name}={wanted[name]!r} is not on offer here."
            raise DataError(msg)


def _carried(
    selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is still selected after the controls changed."""
    if not selection or old.get("freq") != now["freq"] or old.get("column") != now["column"]:
        return {}
    if "group" in selection and old.get("value") != now["value"]:
        return {}
    if "period" in selection or selection["of"] in KPIS:
        return {**selection, **({"period": now["period"]} if "period" in selection else {})}
    return dict(selection)


def explore(book: Book, **controls: Any) -> Explorer:
    """Open the explorer of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: freq, period, window, column, value, measure.

    Returns
    -------
    Explorer
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> explore(sm.demo(customers=50), measure="net").controls["measure"]
    'net'
    """
    return Explorer(book, **controls)
