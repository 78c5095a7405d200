"""What the explorer draws, made ready here: every word, number, place and color role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics_widgets import bridge, cohorts, curve, drivers
from saasmetrics_widgets.calls import Results, call
from saasmetrics_widgets.cards import KPIS, VERDICTS, cards, kpi
from saasmetrics_widgets.choices import Choices
from saasmetrics_widgets.panels import Panels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics_widgets.calls import Call

PANELS = ("bridge", "survival", "drivers", "cohorts")


@dataclass(eq=False)
class Views:
    """The views of a book; parts that two views share are made once.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> views = Views.of(sm.demo(customers=50))
    >>> sorted(views.view(views.choices.settled({}))["panels"])
    ['bridge', 'cohorts', 'drivers', 'survival']
    """

    results: Results
    choices: Choices
    panels: Panels
    _cards: dict[tuple[str, ...], list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book) -> Views:
        """Return the views of a book."""
        results = Results(book)
        return cls(results, Choices(book), Panels(results))

    def read(self, now: Mapping[str, Any]) -> tuple[dict[str, Any], Choices]:
        """Return controls that say by which policy to read, and the choices of the book read so."""
        reading = self.choices.reading(now["policy"])
        return {**now, "reading": reading}, self.choices.under(reading)

    def needs(self, now: Mapping[str, Any]) -> list[Call]:
        """Return the calls that a view is made from."""
        now, choices = self.read(now)
        asked = [self.asked(name, now, choices) for name in PANELS]
        for of in KPIS:
            asked.append(kpi(of, now, choices, now["period"])[0])
            if of in VERDICTS:
                asked.append(
                    kpi(of, now, choices, choices.year_before(now["freq"], now["period"])[0])[0]
                )
        return asked

    def asked(self, name: str, now: Mapping[str, Any], choices: Choices) -> Call:
        """Return the call behind a panel."""
        return drivers.asked(choices, now) if name == "drivers" else call(name, now)

    def view(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Return the whole picture for some controls.

        Parameters
        ----------
        now
            Complete controls.
        wait
            Without, what is not computed yet is left out or open, and `pending` is true.
        """
        now, choices = self.read(now)
        row = self._row(now, choices, wait=wait)
        there = [n for n in PANELS if wait or self.asked(n, now, choices) in self.results]
        return {
            "headline": self._headline(now, choices),
            "controls": choices.row(now),
            "cards": row,
            "panels": {name: self.panel(name, now) for name in there},
            "footnotes": footnotes(self.results, self.needs(now)),
            "pending": any(card.get("pending", False) for card in row),
        }

    def _row(self, now: Mapping[str, Any], choices: Choices, *, wait: bool) -> list[dict[str, Any]]:
        parts = ("freq", "period", "window", "column", "value", "policy")
        key = tuple(str(now[part]) for part in parts)
        if key not in self._cards:
            row = cards(self.results, choices, now, wait=wait)
            if any(card.get("pending", False) for card in row):
                return row
            self._cards[key] = row
        return self._cards[key]

    def panel(self, name: str, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return one picture; its `key` tells the browser whether it has it already.

        The scene is JSON text: a widget walks through every dict it sends, and there are thousands of shapes.
        """
        now, choices = self.read(now)
        used = ("freq", "column", "value", *({"bridge": ("period",)}.get(name, ("measure",))))

        def draw(result: Result) -> dict[str, Any]:
            if name == "bridge":
                return bridge.panel(result, now, choices.named(now))
            if name == "drivers":
                return drivers.panel(result, self.results.book, drivers.reasons(now))
            other = curve.panel if name == "survival" else cohorts.panel
            return other(result, now)

        key = () if name == "drivers" else [now[part] for part in used]
        return self.panels.panel(name, self.asked(name, now, choices), key, draw)

    def _headline(self, now: Mapping[str, Any], choices: Choices) -> str:
        book, who = choices.book, choices.who(now)
        return f"{who}, {choices.named(now)}, {book.currency}, policy {book.policy.name}"


def footnotes(results: Results, asked: Iterable[Call]) -> list[str]:
    """Return the definitions behind what is shown, each sentence once."""
    found: list[str] = []
    for one in asked:
        if one not in results:
            continue
        try:
            found.append(results[one].footnote)
        except DataError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))
