"""What the browser draws, made ready here: every word, number, place and color role."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics_widgets import bridge, cohorts, curve
from saasmetrics_widgets.calls import Results, call
from saasmetrics_widgets.cards import KPIS, cards, kpi
from saasmetrics_widgets.choices import Choices
from saasmetrics_widgets.colors import roles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book

PANELS = ("bridge", "survival", "cohorts")


@dataclass(eq=False)
class Views:
    """The views of a book; parts that two views share are made once.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> views = Views.of(sm.demo(customers=50))
    >>> sorted(views.view(views.choices.settled({}))["panels"])
    ['bridge', 'cohorts', 'survival']
    """

    results: Results
    choices: Choices
    _panels: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)
    _cards: dict[tuple[str, ...], list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Book) -> Views:
        """Return the views of a book."""
        return cls(Results(book), Choices(book))

    def view(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Return the whole picture for some controls.

        Parameters
        ----------
        now
            Complete controls.
        wait
            Without, headline numbers that are not computed yet are left open and `pending` is true.
        """
        row = self._row(now, wait=wait)
        return {
            "headline": self._headline(now),
            "controls": self.choices.row(now),
            "cards": row,
            "panels": {name: self.panel(name, now) for name in PANELS},
            "footnotes": self._footnotes(now),
            "colors": {theme: roles(theme) for theme in ("light", "dark")},
            "pending": any(card.get("pending", False) for card in row),
            "error": "",
        }

    def _row(self, now: Mapping[str, Any], *, wait: bool) -> list[dict[str, Any]]:
        key = tuple(str(now[part]) for part in ("freq", "period", "window", "column", "value"))
        if key not in self._cards:
            row = cards(self.results, self.choices, now, wait=wait)
            if any(card.get("pending", False) for card in row):
                return row
            self._cards[key] = row
        return self._cards[key]

    def panel(self, name: str, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return one picture; its `key` tells the browser whether it has it already.

        The scene is JSON text: a widget walks through every dict it sends, and there are thousands of shapes.
        """
        used = ("freq", "column", "value", *({"bridge": ("period",)}.get(name, ("measure",))))
        key = (name, *(str(now[part]) for part in used))
        if key not in self._panels:
            result = self.results[call(name, now)]
            made = {
                "bridge": lambda: bridge.panel(result, now, self._when(now)),
                "survival": lambda: curve.panel(result, now),
                "cohorts": lambda: cohorts.panel(result, now),
            }[name]()
            scene = json.dumps(made["scene"], ensure_ascii=False)
            self._panels[key] = {**made, "scene": scene, "key": "|".join(key)}
        return self._panels[key]

    def _when(self, now: Mapping[str, Any]) -> str:
        calendar = self.choices.book.calendar(now["freq"])
        return self.choices.text(now["freq"], calendar.of(now["period"]))

    def _headline(self, now: Mapping[str, Any]) -> str:
        who = f"{now['value']} ({now['column']})" if now["value"] else "All customers"
        book = self.choices.book
        return f"{who}, {self._when(now)}, {book.currency}, policy {book.policy.name}"

    def _footnotes(self, now: Mapping[str, Any]) -> list[str]:
        """Return the definitions behind what is shown, each sentence once."""
        asked = [*(kpi(of, now, self.choices, now["period"])[0] for of in KPIS)]
        asked += [call(name, now) for name in PANELS]
        found: list[str] = []
        for one in asked:
            if one not in self.results:
                continue
            try:
                found.append(self.results[one].footnote)
            except DataError as error:
                found.append(str(error))
        return list(dict.fromkeys(found))
