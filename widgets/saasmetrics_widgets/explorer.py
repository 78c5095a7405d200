"""The explorer: headline numbers, bridge, cohorts and survival that follow one row of controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from saasmetrics_widgets import drivers
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.cards import KPIS
from saasmetrics_widgets.located import located
from saasmetrics_widgets.view import Views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics_widgets.behind import Cell
    from saasmetrics_widgets.calls import Call


class Explorer(MetricWidget):
    """A book to look around in.

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
        "" for none and all), measure ("logos", "net", "gross", "mrr"), policy (the name of a preset, or of the book's
        own), explain ("nrr", "grr", "arr": the number whose change is explained).
    bridge, survival, cohorts, drivers : dict, Python to browser
        The pictures: title, note, scene (shapes as JSON), code and key, each sent only when it changes.
    selection : dict, both ways
        What was chosen: {"of": "bridge", "period", "movement"}, {"of": "cohorts", "cohort", "age"},
        {"of": "survival", "age"}, {"of": "drivers", "period", "step"} or {..., "customer"}, or {"of": "nrr"} and the
        other headline numbers; empty for nothing.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> explorer = sm.demo(customers=50).explore(freq="Q")
    >>> explorer.selection = {"of": "nrr"}
    >>> explorer.result.definition.abbr
    'NRR'
    """

    kind = "explorer"
    words = "SaaS metrics explorer"
    layout = (
        (("bridge", 57), ("survival", 43)),
        (("drivers", 100),),
        (("cohorts", 57), ("table", 43)),
    )

    bridge = traitlets.Dict().tag(sync=True)
    survival = traitlets.Dict().tag(sync=True)
    cohorts = traitlets.Dict().tag(sync=True)
    drivers = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        self._views = Views.of(book)
        self._results, self._panels = self._views.results, self._views.panels

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        wanted, old = dict(wanted), self.controls
        if old and wanted.get("freq") != old["freq"] and wanted.get("period") == old["period"]:
            last = next(iter(self._views.choices.periods(old["freq"])))
            end = self._views.choices.end(old["freq"], old["period"])
            wanted["period"] = "" if old["period"] == last else end  # the last stays the last
        return self._views.choices.settled(wanted)

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return self._views.needs(now)

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        return self._views.view(now, wait=wait)

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        read, choices = self._views.read(now)
        return located(choices, read, selection)

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        if not selection or old.get("freq") != now["freq"] or old.get("column") != now["column"]:
            return {}
        if "group" in selection and old.get("value") != now["value"]:
            return {}
        if "customer" in selection or (
            selection["of"] == "drivers" and old.get("explain") != now["explain"]
        ):
            return {}
        if "period" in selection or selection["of"] in KPIS:
            when = {"period": now["period"]} if "period" in selection else {}
            return {**selection, **when}
        return dict(selection)

    def _links(
        self, now: Mapping[str, Any], selection: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        """Light up what is of the same customers: a bar and its reasons, an age of the curve and of the cohorts."""
        if selection["of"] in ("bridge", "drivers"):
            read, choices = self._views.read(now)
            asked = drivers.asked(choices, read)
            if asked not in self._results:
                return ()
            return drivers.linked(selection, list(self._results[asked].extra["steps"]["step"]))
        other = {"cohorts": "survival", "survival": "cohorts"}.get(selection["of"])
        return ({"of": other, "age": selection["age"]},) if other else ()


def explore(book: Book, **controls: Any) -> Explorer:
    """Open the explorer of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: freq, period, window, column, value, measure, policy, explain.

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
