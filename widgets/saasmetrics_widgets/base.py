"""What all widgets share: traits, controls, selection, the table of rows, and the picture that stays."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import traitlets

from saasmetrics.errors import DataError
from saasmetrics_widgets import static
from saasmetrics_widgets.behind import behind
from saasmetrics_widgets.calls import Results
from saasmetrics_widgets.connected import unconnected
from saasmetrics_widgets.given import ODD, plain, shown
from saasmetrics_widgets.living import LivingWidget, said
from saasmetrics_widgets.panels import Panels, framed
from saasmetrics_widgets.scripts import script, styles
from saasmetrics_widgets.table import arranged, as_csv, empty, searched, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics_widgets.behind import Behind, Cell
    from saasmetrics_widgets.calls import Call

_UNLISTED = "The customers behind this were not saved; open the notebook to see them."
Layout = tuple[tuple[tuple[str, int], ...], ...]


class MetricWidget(LivingWidget):
    """A row of controls, cards, panels and the customers behind what is chosen.

    Python decides every word, number, place and color role; `static/widget.js` only draws them. A widget says what
    it is by `kind`, `words` and `layout`, has one trait per panel, and defines `_settled`, `_needs`, `_make` and
    `_cell`.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        What is chosen. What is not said takes its default.
    view : dict, Python to browser
        Words and numbers: headline, answer, controls, forms, cards, footnotes, layout, colors, pending, error.
    selection : dict, both ways
        What was chosen in a panel or a card; empty for nothing.
    linked : list of dict, Python to browser
        What else is lit up, since it is of the same customers.
    lookup : dict, browser to Python
        How the table is sorted and searched: sort, descending, search.
    table : dict, Python to browser
        The table of the customers behind the selection, ready to be drawn.
    rows : list of dict, Python to browser
        The same rows as records, at most the first 500; `customers` has all of them.
    progress : dict, Python to browser
        What is being computed: done, of, words; empty where nothing is.
    still : str, Python to browser
        Marks the static picture whose place the living widget takes.
    """

    _esm = script("widget.js")
    _css = styles("widget.css")

    kind: ClassVar[str] = ""
    words: ClassVar[str] = ""
    layout: ClassVar[Layout] = ()

    controls = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    linked: traitlets.List[Any] = traitlets.List().tag(sync=True)
    lookup = traitlets.Dict().tag(sync=True)
    table = traitlets.Dict().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, book: Book, **controls: Any) -> None:
        self._prepare(book)
        self._behind: Behind | None = None
        self._at: Cell | None = None
        self._open = False
        shares = (part for row in self.layout for part in row)
        self._panels.widths = {name: 10.0 * share for name, share in shares}
        start = self._taken(controls)
        refuse_lost(controls, start)
        view = self._whole(start)
        panels = view.pop("panels")
        with unconnected():
            super().__init__(controls=start, view=view, table=empty(), still=uuid4().hex, **panels)
        self._open = True
        self.on_msg(self._answer)

    unanswered: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "selection": {"table": empty(_UNLISTED), "linked": []}
    }  # what a page without Python shows of a selection whose rows were not saved

    def _prepare(self, book: Book) -> None:
        """Make what the widget is computed from."""
        self._results = Results(book)
        self._panels = Panels(self._results)

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return complete controls: what is wanted, and a default for what is not said or no longer fits."""
        raise NotImplementedError

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        """Return the calls that the view of some controls is made from, the first ones first."""
        raise NotImplementedError

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Return the view and its panels; without waiting, leave out what is not computed yet."""
        raise NotImplementedError

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        """Return a selection in the library's terms."""
        raise NotImplementedError

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what is still selected after the controls changed."""
        return dict(selection) if old == now else {}

    def _links(
        self, now: Mapping[str, Any], selection: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        """Return what else is lit up with a selection."""
        del now, selection
        return ()

    def _found(self, cell: Cell) -> Behind:
        """Return what stands behind a cell, by default its rows."""
        return behind(self._results, cell)

    def _answers(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return {"csv": self._copy_rows, "panel": self._copy_panel, **self._asks()}

    @property
    def book(self) -> Book:
        """The book that is looked at."""
        return self._results.book

    @property
    def result(self) -> Result | None:
        """The result behind the selection; None where nothing is selected."""
        return None if self._behind is None else self._behind.result

    @property
    def customers(self) -> pd.DataFrame | None:
        """All customers behind the selection; None where nothing is selected."""
        return None if self._behind is None else self._behind.frame.copy()

    def _whole(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        return framed(self._make(now, wait=wait), self.kind, self.words, self.layout)

    @traitlets.validate("controls")
    def _complete(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return self._taken(proposal["value"])

    def _taken(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return complete controls, or refuse what is of no use in words."""
        values = plain(wanted, "Control")
        try:
            return self._settled(values)
        except DataError:
            raise
        except ODD as error:
            msg = f"These controls are not on offer here: {shown(values)}."
            raise DataError(msg) from error

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take what the browser sets; what is refused is said, and the browser gets back what there is."""
        taken = dict(sync_data)
        for name, value in sync_data.items():
            try:
                self._fits(name, value)
            except (DataError, traitlets.TraitError) as error:
                del taken[name]
                self._refuse(error)
                self.send_state(name)
        if taken:
            super().set_state(taken)

    def _fits(self, name: str, value: Any) -> None:
        """Refuse what a trait may not be, before the browser's change is made."""
        if name == "controls" and isinstance(value, dict):
            self._taken(value)
        elif name in self.keys:
            self.traits()[name].validate(self, value)

    @traitlets.observe("controls")
    def _redraw(self, change: Mapping[str, Any]) -> None:
        """Draw what is there at once, then what must be computed."""
        if not self._open:
            return
        now = self.controls
        try:
            self._compute(now)
            self._show(self._whole(now))
            self.selection = self._kept_selection(change["old"], now)
            self._list()
        except Exception as error:
            self._refuse(error)
            if not isinstance(error, DataError):  # said in the widget, and to be found in the log
                self.log.warning("%s could not be drawn", type(self).__name__, exc_info=True)
        finally:
            self.progress = {}

    def _kept_selection(self, old: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._carried(plain(self.selection, "Selection"), old, now)
        except (DataError, *ODD):  # it was of nothing that is shown
            return {}

    def _again(self) -> None:
        """Draw anew what does not follow from the controls alone."""
        self._show(self._whole(self.controls))

    def _compute(self, now: Mapping[str, Any]) -> None:
        """Compute what is not there yet, and say so before and meanwhile."""
        missing = [one for one in dict.fromkeys(self._needs(now)) if one not in self._results]
        if not missing:
            return
        self._show({**self._whole(now, wait=False), "pending": True})
        for number, one in enumerate(missing):
            words = f"Computing {one.name} ({number + 1} of {len(missing)})"
            self.progress = {"done": number, "of": len(missing), "words": words}
            try:
                self._results[one]
            except DataError:
                continue  # kept with the results, and said where the number would be

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
            self.table, self.rows, self.linked = empty(), [], []
            return
        try:
            selection = plain(self.selection, "Selection")
            cell = self._cell(self.controls, selection)
            same = listed is not None and cell == self._at
            found = listed if same and listed is not None else self._found(cell)
            linked = [dict(link) for link in self._links(self.controls, selection)]
        except (DataError, *ODD) as error:
            nothing = f"Nothing that is shown here is {shown(self.selection)}."
            words = said(error) if isinstance(error, DataError) else nothing
            self.table, self.rows, self.linked = empty(words), [], []
            return
        self._at, self._behind, self.linked = cell, found, linked
        if not same:
            self.table, self.rows = table(found, self.lookup)

    def _copy_rows(self, _content: Mapping[str, Any]) -> None:
        if self._behind is None:
            return
        frame = searched(self._behind.frame, str(self.lookup.get("search") or ""))
        key, descending = self.table["sort"], self.table["descending"]
        text = as_csv(arranged(frame, key, descending=descending))
        self.send({"copy": text, "words": f"{len(frame):,} rows as CSV"})

    def _copy_panel(self, content: Mapping[str, Any]) -> None:
        """Send the numbers that a panel is drawn from as CSV."""
        frame = self._panels.frame(str(content.get("name")))
        self.send({"copy": as_csv(frame), "words": f"{len(frame):,} rows as CSV"})

    @property
    def shown(self) -> dict[str, Any]:
        """All that is shown, as the static picture takes it."""
        names = [name for row in self.layout for name, _ in row if name != "table"]
        return {**self.view, "panels": {name: getattr(self, name) for name in names}}

    def _picture(self, id: str) -> dict[str, Any]:
        view = self.shown
        image = b64encode(static.png(view)).decode()
        words = {"text/plain": static.plain(view), "text/html": static.html(view, id)}
        return {**words, "image/png": image}


def refuse_lost(wanted: Mapping[str, Any], start: Mapping[str, Any]) -> None:
    """Refuse controls that do not fit the book; the browser's are replaced by defaults instead."""
    for name, value in wanted.items():
        if value and name != "period" and start[name] != value:
            msg = f"{name}={shown(value)} is not on offer here."
            raise DataError(msg)
