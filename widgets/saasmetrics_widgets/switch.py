"""One number under two definitions: both values, the way between them, and the customers that make the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_difference, format_value
from saasmetrics.policy import Policy
from saasmetrics_widgets import drivers, way
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import Reading, interval, reading
from saasmetrics_widgets.choices import FREQS, Choices, check_names, one_of, select
from saasmetrics_widgets.ranked import ROW, ranked
from saasmetrics_widgets.scene import Scene
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

METRICS = (
    *("nrr", "grr", "mrr", "arr", "arpa", "logo_churn", "logo_retention"),
    *("gross_churn", "net_churn", "organic_nrr", "quick_ratio"),
)
_WINDOWED = {
    "nrr",
    "grr",
    "logo_churn",
    "logo_retention",
    "gross_churn",
    "net_churn",
    "organic_nrr",
}
_NAMES = ("metric", "a", "b", "freq", "period", "window", "column", "value")
_COUNTS = {"logo_churn", "logo_retention"}
_ANY = {"of": "way"}


class DefinitionSwitch(MetricWidget):
    """A number under two policies, and why they differ: choice by choice and customer by customer.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        metric (its id), a and b (names of policies), freq ("W", "M", "Q", "Y"), period (its first day), window (in
        periods; 0 for the usual one), column and value (the segment; "" for none and all).
    way : dict, Python to browser
        The bridge from the one number to the other: title, note, scene, code and key.
    customers_panel : dict, Python to browser
        The customers that make the most of the difference.
    selection : dict, both ways
        {"of": "a"} or {"of": "b"} (the customers behind a number), {"of": "way", "step"} or {"of": "way",
        "customer"}; {"of": "way"} for all who differ.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> switch = DefinitionSwitch(sm.demo(customers=60), metric="nrr", a="default", b="stripe")
    >>> [card["title"] for card in switch.view["cards"]]
    ['default', 'stripe', 'Difference']
    """

    kind = "switch"
    words = "One number under two definitions"
    layout = ((("way", 100),), (("customers_panel", 50), ("table", 50)))

    way = traitlets.Dict().tag(sync=True)
    customers_panel = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book)

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        names = [*self._choices.policies]
        a = one_of("policy", wanted.get("a") or names[0], names)
        other = "stripe" if a != "stripe" else "default"
        metric = one_of("metric to switch", wanted.get("metric") or "nrr", METRICS)
        when = self._choices.when(wanted)
        windows = self._choices.windows(when["freq"]) if metric in _WINDOWED else {}
        window = wanted.get("window") or 0
        return {
            "metric": metric,
            "a": a,
            "b": one_of("policy", wanted.get("b") or other, names),
            **when,
            "window": window if window in windows else 0,
            **self._choices.segment(wanted),
        }

    def _policy(self, name: str) -> str | Policy:
        """Return a policy as a call takes it: the book's own is itself where no preset is equal to it."""
        own = self.book.policy
        if name == own.name and (name not in Policy.presets() or Policy.named(name) != own):
            return own
        return name

    def _calls(self, now: Mapping[str, Any]) -> tuple[Call, Call]:
        """Return the calls of both numbers, and of what lies between them."""
        pair = (self._policy(now["a"]), self._policy(now["b"]))
        options: tuple[tuple[str, Any], ...] = (("freq", now["freq"]),)
        if now["window"]:
            options = (("window", now["window"]), *options)
        where = self._choices.where(now)
        inputs = (now["metric"], *pair, now["period"])
        return (
            Call("definitions.compare", options, where=where, inputs=(now["metric"], pair)),
            Call("definitions.explain", options, where=where, inputs=inputs),
        )

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return self._calls(now)

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        both, between = self._calls(now)
        entry = sm.CATALOGUE[now["metric"]]
        ready = [one for one in (both, between) if wait or one in self._results]
        words = (self._choices.who(now), self._choices.named(now), self.book.currency)
        panels = {}
        if between in ready:
            panels["way"] = self._panels.panel(
                "way", between, (), lambda r: way.panel(r, _ANY), _steps
            )
            panels["customers_panel"] = self._panels.panel(
                "customers_panel", between, (), self._who
            )
        return {
            "headline": ", ".join((entry.name, *words)),
            "answer": self._said(between) if between in ready else "",
            "controls": self._row(now),
            "cards": self._cards(now, both, between) if len(ready) == 2 else [],
            "panels": panels,
            "footnotes": footnotes(self._results, self._calls(now)),
        }

    def _row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        metrics = {name: sm.CATALOGUE[name].abbr or sm.CATALOGUE[name].name for name in METRICS}
        windows = self._choices.windows(now["freq"]) if now["metric"] in _WINDOWED else {}
        return [
            select("metric", "Number", now, metrics),
            select("a", "Defined by", now, self._choices.policies),
            select("b", "Against", now, self._choices.policies),
            select("freq", "By", now, FREQS),
            select("period", "Period", now, self._choices.periods(now["freq"])),
            select("window", "Window", now, {0: "As usual", **windows}),
            *self._choices.segments(now),
        ]

    def _said(self, between: Call) -> str:
        try:
            words = str(self._results[between].extra["headline"])
        except DataError:
            return ""
        return words[:1].upper() + words[1:]

    def _cards(self, now: Mapping[str, Any], both: Call, between: Call) -> list[dict[str, Any]]:
        cards = [self._card(now, both, of) for of in ("a", "b")]
        try:
            found = self._results[between]
        except DataError:
            return cards
        currency, unit = found.context.currency, found.extra["unit"]
        step = format_difference(found.extra["difference"], unit, currency)
        note = f"{len(found.df):,} customer{'' if len(found.df) == 1 else 's'} make the difference"
        last = {"id": "way", "title": "Difference", "value": step, "note": note, "pick": _ANY}
        return [*cards, {**last, "say": f"Difference {step}, {note}", "tip": note}]

    def _card(self, now: Mapping[str, Any], both: Call, of: str) -> dict[str, Any]:
        entry, name = sm.CATALOGUE[now["metric"]], now[of]
        this, parts = self._reading(now, both, name)
        value = format_value(this.value, entry.unit, self.book.currency)
        note = (
            parts
            if this.value is not None and parts
            else interval(this, entry.unit, self.book.currency)
        )
        if this.value is not None and not parts:
            note = f"{this.n:,} customers" if this.n is not None else ""
        tip = f"{name}: {entry.meaning}"
        card = {"id": of, "title": name, "value": value, "note": note, "pick": {"of": of}}
        return {**card, "say": f"{name} {value}, {note}", "tip": tip}

    def _reading(self, now: Mapping[str, Any], both: Call, name: str) -> tuple[Reading, str]:
        """Return the number under a policy, and what stands above and below the line."""
        import pandas as pd

        try:
            df = self._results[both].df
        except DataError as error:
            return Reading(reason=str(error).split("\n", maxsplit=1)[0]), ""
        df = df[(df["policy"] == name) & (df["period"] == pd.Timestamp(now["period"]))]
        if not len(df):
            return Reading(reason="there is no such period under this policy"), ""
        row = {str(k): v for k, v in df.iloc[0].items()}
        sides = [row.get(side) for side in ("numerator", "denominator")]
        if any(side is None or side != side for side in sides):
            return reading(row), ""
        top, bottom = (f"{side:,.0f}" for side in sides)
        what = "customers" if now["metric"] in _COUNTS else self.book.currency
        return reading(row), f"{top} / {bottom} {what}"

    def _who(self, result: Result) -> dict[str, Any]:
        lines = drivers.customers(result, self.book, _ANY)
        title = "The customers that make the difference"
        scene = Scene(560, ROW * max(len(lines), 1) + 8, title)
        ranked(scene, lines, (4, 0, 552))
        note = f"The {len(lines)} that make the most of it, of {len(result.df):,}."
        if not lines:
            scene.text(0, 14, "Nobody differs.", size=12, fill="muted")
            note = ""
        return {"title": title, "note": note, "scene": scene.as_dict()}

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        both, between = self._calls(now)
        of = selection.get("of", "")
        name = sm.CATALOGUE[now["metric"]].abbr or sm.CATALOGUE[now["metric"]].name
        words = f"{name}, {self._choices.named(now)}"
        if of in ("a", "b"):
            where = {"policy": now[of], "period": now["period"]}
            return Cell(both, where, (), (), f"{words}, by {now[of]}")
        if of != "way":
            raise UnknownNameError.of("part of the switch", str(of), ("a", "b", "way"))
        steps = self._results[between].extra["steps"]["step"].tolist()
        return drivers.cell(between, selection, steps, f"{words}, {now['a']} to {now['b']}")


def _steps(result: Result) -> Any:
    return result.extra["steps"]


def switch_definitions(book: Book, **controls: Any) -> DefinitionSwitch:
    """Open the definition switch of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: metric, a, b, freq, period, window, column, value.

    Returns
    -------
    DefinitionSwitch
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> switch_definitions(sm.demo(customers=50), metric="grr").controls["metric"]
    'grr'
    """
    return DefinitionSwitch(book, **controls)
