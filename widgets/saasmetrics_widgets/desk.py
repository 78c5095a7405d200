"""The renewal desk: what came up and what became of it, what comes next, and the chance of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

import saasmetrics as sm
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_money, format_ratio, format_value
from saasmetrics_widgets import due
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import Reading, interval, read, words_card
from saasmetrics_widgets.choices import Choices, check_names, one_of, select
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book

TARGETS = {0: "None", **{share: f"{share} %" for share in range(50, 101, 5)}}
_FREQS = {"M": "Months", "Q": "Quarters", "Y": "Years"}
_NAMES = ("freq", "period", "measure", "target", "column", "value")
_LISTED = ("contract_id", "end", "outcome", "atr", "renewed")
_AHEAD = ("contract_id", "end", "category", "atr", "forecast")
_LIKELY = ("contract_id", "end", "probability", "atr", "value")


class RenewalDesk(MetricWidget):
    """Renewals of the past by outcome, the calendar of the next four quarters, and their forecast.

    Parameters
    ----------
    book
        The company's tables: contracts, or subscriptions with terms.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        freq ("M", "Q", "Y") and period (its first day) of the renewals that are looked back at; measure ("gross",
        "net", "logo"); target (per cent of what comes up in the next four quarters, 0 for none); column and value
        (the segment, or csm_id or pod_id; "" for none and all).
    outcomes, calendar, forecast : dict, Python to browser
        The pictures: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "outcomes", "period"}, {"of": "calendar", "period", "category"} or {"of": "forecast", "period"}.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> desk = RenewalDesk(sm.demo(customers=120), target=80)
    >>> [card["title"] for card in desk.view["cards"]]
    ['Renewal rate', 'Up for renewal', 'Expected', 'Chance of 80 %']
    """

    kind = "desk"
    words = "Renewal desk"
    layout = ((("outcomes", 55), ("forecast", 45)), (("calendar", 45), ("table", 55)))

    outcomes = traitlets.Dict().tag(sync=True)
    calendar = traitlets.Dict().tag(sync=True)
    forecast = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book, owners=True)

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        freq = one_of("frequency", wanted.get("freq") or "Q", _FREQS)
        target = int(wanted.get("target") or 0)
        if target not in TARGETS:
            raise UnknownNameError.of("target", str(target), [str(share) for share in TARGETS])
        return {
            **self._choices.when({**wanted, "freq": freq}),
            "measure": one_of("measure", wanted.get("measure") or "gross", due.RATES),
            "target": target,
            **self._choices.segment(wanted),
        }

    def _call(self, of: str, now: Mapping[str, Any]) -> Call:
        where = self._choices.where(now)
        if of == "outcomes":
            options: tuple[tuple[str, Any], ...] = (("freq", now["freq"]),)
            return Call("renewals.rates", (*options, ("measure", now["measure"])), where=where)
        if of == "calendar":
            return Call("renewals.calendar", where=where)
        options = (("target", target),) if (target := self._amount(now)) is not None else ()
        return Call("renewals.forecast", options, where=where)

    def _amount(self, now: Mapping[str, Any]) -> float | None:
        """Return the target in currency units: a share of what comes up, which the library says."""
        if not now["target"]:
            return None
        plain = Call("renewals.forecast", where=self._choices.where(now))
        try:
            due = float(self._results[plain].df["atr"].iloc[-1])
        except DataError:
            return None
        return round(due * now["target"] / 100, 2) or None

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return [self._call(of, now) for of in ("outcomes", "calendar", "forecast")]

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        asked = {of: self._call(of, now) for of in ("outcomes", "calendar", "forecast")}
        ready = [of for of, one in asked.items() if wait or one in self._results]
        draw = {
            "outcomes": lambda found: due.outcomes(found, now),
            "calendar": due.calendar,
            "forecast": due.forecast,
        }
        panels = {of: self._panels.panel(of, asked[of], (now["period"],), draw[of]) for of in ready}
        words = (self._choices.who(now), f"as of {self.book.as_of_text}", self.book.currency)
        return {
            "headline": ", ".join(("Renewals", *words)),
            "controls": self._row(now),
            "cards": self._cards(now, asked) if len(ready) == len(asked) else [],
            "panels": panels,
            "footnotes": footnotes(self._results, asked.values()),
        }

    def _row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            select("freq", "By", now, _FREQS),
            select("period", "Due in", now, self._choices.periods(now["freq"])),
            select("measure", "Rate", now, due.RATES),
            *self._choices.segments(now),
            select("target", "Target, next year", now, TARGETS, "range"),
        ]

    def _cards(self, now: Mapping[str, Any], asked: Mapping[str, Call]) -> list[dict[str, Any]]:
        entry = sm.CATALOGUE["renewal_rates"]
        this = read(self._results, asked["outcomes"], {**now, "column": ""}, now["period"])
        rate = format_value(this.value, entry.unit, self.book.currency)
        known = interval(this, entry.unit, self.book.currency) or this.reason
        note = ": ".join(part for part in (f"Due in {self._choices.named(now)}", known) if part)
        pick = {"of": "outcomes", "period": now["period"]}
        cards = [words_card("rate", "Renewal rate", rate, note, pick, entry.meaning)]
        try:
            total = self._results[asked["forecast"]].df.iloc[-1]
        except DataError as error:
            why = Reading(reason=str(error).split("\n", maxsplit=1)[0]).reason
            return [*cards, words_card("due", "Up for renewal", "–", why, {}, why)]
        money = {
            name: format_money(float(total[name]), self.book.currency)
            for name in ("atr", "value", "p10", "p90")
        }
        many = f"{int(total['n']):,} terms in four quarters, {int(total['n_open']):,} open"
        likely = f"8 of 10 times {money['p10']} to {money['p90']}"
        cards += [
            words_card("due", "Up for renewal", money["atr"], many, {}, many),
            words_card("expected", "Expected", money["value"], likely, {}, likely),
        ]
        if now["target"]:
            chance = float(total["probability"])
            goal = f"{format_money(float(total['target']), self.book.currency)} of {money['atr']}"
            title = f"Chance of {now['target']} %"
            cards.append(words_card("chance", title, format_ratio(chance), goal, {}, goal))
        return cards

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        of, period = str(selection.get("of")), selection.get("period")
        if of not in ("outcomes", "calendar", "forecast"):
            raise UnknownNameError.of("part of the desk", of, ("outcomes", "calendar", "forecast"))
        columns = {"outcomes": _LISTED, "calendar": _AHEAD, "forecast": _LIKELY}[of]
        freq = now["freq"] if of == "outcomes" else "Q"
        when = self._choices.text(freq, self.book.calendar(freq).of(period))
        where = {"period": period}
        title = {"outcomes": "Due in", "calendar": "Coming up in", "forecast": "Forecast for"}[of]
        if "category" in selection:
            where["category"] = selection["category"]
            when += f", {due.words(str(selection['category'])).lower()}"
        return Cell(self._call(of, now), where, columns, (), f"{title} {when}")


def renewal_desk(book: Book, **controls: Any) -> RenewalDesk:
    """Open the renewal desk of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: freq, period, measure, target, column, value.

    Returns
    -------
    RenewalDesk
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> renewal_desk(sm.demo(customers=120), measure="net").controls["measure"]
    'net'
    """
    return RenewalDesk(book, **controls)
