"""The success board: where targets stand, how healthy customers are, what they need, and whom to call first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import traitlets

from saasmetrics.calls import quoted
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_money
from saasmetrics.periods import iso_day
from saasmetrics_widgets import boards
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Behind, Cell, named
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import words_card
from saasmetrics_widgets.choices import Choices, check_names, one_of, select
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

SCOPES = {"": "The company", "segment": "Segments", "pod": "Pods", "csm": "CSMs"}
UPLIFTS = {0: "Unknown", 1: "1 point", **{share: f"{share} points" for share in (2, 3, 5)}}
_NAMES = ("as_of", "scope", "uplift", "column", "value")
_PARTS = ("targets", "health", "alerts", "worklist")
_MONTHS = 12
_COLUMNS = {
    "health": ("segment", "csm_id", "value", "band", "arr"),
    "alerts": ("rule", "first_crossing", "days_open", "arr", "evidence"),
    "worklist": ("segment", "csm_id", "arr", "probability", "value"),
}


class SuccessBoard(MetricWidget):
    """Targets with their attainment, the health of customers, open alerts, and the worklist.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        as_of (a day; the last of a month, or the book's own), scope of targets ("", "segment", "pod", "csm"), uplift
        (percentage points by which a touch lowers the probability to leave, as an experiment has shown; 0 for unknown),
        column and value (the segment, or csm_id or pod_id; "" for none and all).
    targets, health, alerts, worklist : dict, Python to browser
        The pictures: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "health", "band"}, {"of": "alerts", "rule"} or {"of": "worklist", "customer"}.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> board = SuccessBoard(sm.demo(customers=120))
    >>> board.selection = {"of": "health", "band": "green"}
    >>> set(board.customers["band"])
    {'green'}
    """

    kind = "success"
    words = "Success board"
    layout = (
        (("targets", 50), ("health", 50)),
        (("worklist", 50), ("alerts", 50)),
        (("table", 100),),
    )

    targets = traitlets.Dict().tag(sync=True)
    health = traitlets.Dict().tag(sync=True)
    alerts = traitlets.Dict().tag(sync=True)
    worklist = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book, owners=True)

    def _days(self) -> dict[str, str]:
        """Return the days that can be looked at: that of the book, and the last ones of months before it."""
        last = pd.Timestamp(self.book.as_of_text)
        first = pd.Timestamp(iso_day(int(self.book.engine.spans.start.min(initial=0))))
        ends = [last - pd.offsets.MonthEnd(n) for n in range(1, _MONTHS + 1)]
        days = dict.fromkeys([last, *(end for end in ends if end > first)])
        return {f"{day:%Y-%m-%d}": f"{day:%d %b %Y}" for day in days}

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        days = self._days()
        uplift = int(wanted.get("uplift") or 0)
        if uplift not in UPLIFTS:
            raise UnknownNameError.of("uplift", str(uplift), [str(share) for share in UPLIFTS])
        return {
            "as_of": one_of("day", wanted.get("as_of") or self.book.as_of_text, days),
            "scope": one_of("scope of targets", wanted.get("scope") or "", SCOPES),
            "uplift": uplift,
            **self._choices.segment(wanted),
        }

    def _call(self, of: str, now: Mapping[str, Any]) -> Call:
        where = self._choices.where(now)
        if of == "targets":
            options = (("by", now["scope"]),) if now["scope"] else ()
            return Call("success.targets", options, as_of=now["as_of"], where=where)
        options = (("uplift", now["uplift"] / 100),) if of == "worklist" and now["uplift"] else ()
        return Call(f"success.{of}", options, as_of=now["as_of"], where=where)

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return [self._call(of, now) for of in _PARTS]

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        asked = {of: self._call(of, now) for of in _PARTS}
        draw = {
            "targets": boards.targets,
            "health": boards.health,
            "alerts": boards.alerts,
            "worklist": boards.worklist,
        }
        ready = [of for of, one in asked.items() if wait or one in self._results]
        panels = {of: self._panels.panel(of, asked[of], (), draw[of]) for of in ready}
        words = (self._choices.who(now), f"as of {now['as_of']}", self.book.currency)
        return {
            "headline": ", ".join(("Customer success", *words)),
            "controls": [
                select("as_of", "As of", now, self._days()),
                select("scope", "Targets of", now, SCOPES),
                *self._choices.segments(now),
                select("uplift", "A touch lowers churn by", now, UPLIFTS, "range"),
            ],
            "cards": self._cards(asked) if len(ready) == len(asked) else [],
            "panels": panels,
            "footnotes": footnotes(self._results, asked.values()),
        }

    def _cards(self, asked: Mapping[str, Call]) -> list[dict[str, Any]]:
        return [
            *self._health_cards(asked["health"]),
            self._said("alerts", "Open alerts", asked["alerts"], lambda r: f"{len(r.df):,}"),
            self._said("targets", "Targets met", asked["targets"], _met),
        ]

    def _health_cards(self, asked: Call) -> list[dict[str, Any]]:
        try:
            means = self._results[asked].extra["means"].iloc[0]
        except DataError as error:
            return [words_card("health", "Health", "–", str(error).split("\n", maxsplit=1)[0])]
        money = format_money(float(means["red_arr"]), self.book.currency)
        red = int(means["red_customers"])
        many = f"{red:,} customer{'' if red == 1 else 's'} in the red band"
        mean, weighted = (
            "–" if means[name] != means[name] else f"{means[name]:.0f}"
            for name in ("mean", "mean_by_arr")
        )
        note = f"{weighted} by ARR; {int(means['scored']):,} of {int(means['customers']):,} customers scored"
        pick = {"of": "health", "band": "red"}
        return [
            words_card("health", "Health, of 100", mean, note),
            words_card("risk", "ARR at risk", money, many, pick if red else {}),
        ]

    def _said(self, id: str, title: str, asked: Call, read: Any) -> dict[str, Any]:
        try:
            found = self._results[asked]
        except DataError as error:
            return words_card(id, title, "–", str(error).split("\n", maxsplit=1)[0])
        return words_card(id, title, read(found), str(found.extra.get("headline", "")))

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        of = str(selection.get("of"))
        if of not in _COLUMNS:
            raise UnknownNameError.of("part of the board", of, tuple(_COLUMNS))
        name = {"health": "band", "alerts": "rule", "worklist": "customer"}[of]
        value = selection.get(name)
        where = {"customer_id" if name == "customer" else name: value}
        title = {
            "health": f"Customers in the {value} band",
            "alerts": f"Alerts: {str(value).replace('_', ' ')}",
            "worklist": f"Customer {value}",
        }[of]
        return Cell(self._call(of, now), where, _COLUMNS[of], (), title)

    def _found(self, cell: Cell) -> Behind:
        """Return the rows of a result that has one row per customer or alert."""
        result = self._results[cell.call]
        ((name, value),) = cell.where.items()
        df = result.df[result.df[name] == value]
        if not len(df):
            raise UnknownNameError.of(name.replace("_id", ""), value, result.df[name].unique())
        kept = df[["customer_id", *(c for c in cell.columns if c in df)]].reset_index(drop=True)
        code = f"df = {cell.call.code()}.df\ndf[df[{quoted(name)}] == {quoted(value)}]"
        return Behind(result, named(self._results.book, kept), cell.title, code)


def _met(found: Result) -> str:
    known = found.df[found.df["attainment"].notna()]
    return f"{int((known['attainment'] >= 1).sum())} of {len(known)}"


def success_board(book: Book, **controls: Any) -> SuccessBoard:
    """Open the success board of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: as_of, scope, uplift, column, value.

    Returns
    -------
    SuccessBoard
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> success_board(sm.demo(customers=120), scope="csm").controls["scope"]
    'csm'
    """
    return SuccessBoard(book, **controls)
