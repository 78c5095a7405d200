"""What was noted of a cohort or of one of its ages, checked and listed."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened
from saasmetrics.errors import DataError
from saasmetrics_widgets.given import ODD, shown, writable
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLACE = ("freq", "column", "value", "cohort", "age")
_WIDTH, _ROW = 1000, 20
_YEARS = (1900, 2200)
_OLDEST = 10_000  # an age in weeks that no cohort has


def checked(note: Any) -> dict[str, Any]:
    """Return a note in its form, or refuse what is none.

    Examples
    --------
    >>> checked({"text": " Price rise ", "cohort": "2025-01-01", "freq": "Q"})["text"]
    'Price rise'
    """
    try:
        place = {name: _text(note.get(name) or "") for name in ("freq", "column", "value")}
        where = {**place, "cohort": _day(note["cohort"]), "age": _age(note.get("age"))}
        return {**where, "text": _text(note["text"]).strip()}
    except ODD:
        msg = f"{shown(note)} is no note: it has text, cohort (its first day), age (or None), freq, column and value."
        raise DataError(msg) from None


def all_checked(notes: Any) -> list[dict[str, Any]]:
    """Return notes in their form, or refuse what is no list of them.

    Examples
    --------
    >>> all_checked([])
    []
    """
    if not isinstance(notes, list | tuple):
        msg = f"{shown(notes)} is no list of notes."
        raise DataError(msg)
    return [checked(note) for note in notes]


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError
    return writable(given)


def _day(given: Any) -> str:
    """Return the first day of a cohort; a year beyond all calendars is none."""
    day = date.fromisoformat(str(given)[:10])
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError
    return day.isoformat()


def _age(given: Any) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or int(given) != given or not 0 <= given <= _OLDEST:
        raise ValueError
    return int(given)


def panel(notes: Sequence[Mapping[str, Any]], named: Callable[[str], str]) -> dict[str, Any]:
    """Return notes as a list, each of which leads to its cell; an empty panel where there is none.

    Parameters
    ----------
    notes
        Of what is shown.
    named
        From the first day of a cohort to how people read it.
    """
    if not notes:
        return {}
    title = f"{len(notes)} note{'' if len(notes) == 1 else 's'}"
    scene = Scene(_WIDTH, _ROW * len(notes) + 6, title)
    order = sorted(notes, key=lambda n: (n["cohort"], n["age"] is not None, n["age"] or 0))
    for row, note in enumerate(order):
        age, y = note["age"], _ROW * row
        where = named(note["cohort"]) + ("" if age is None else f", age {age}")
        pick = {"of": "cohorts", "cohort": note["cohort"], "age": age or 0}
        scene.mark((0, y, _WIDTH, _ROW - 1), pick, f"{where}: {note['text']}", place=(row, 0))
        scene.text(4, y + 14, where, size=11, bold=True)
        text = shortened(" ".join(note["text"].split()), _WIDTH - 150, 11)
        scene.text(140, y + 14, text, size=11)
    drawn = json.dumps(scene.as_dict(), ensure_ascii=False)
    said = {"title": title, "note": "Kept with the review.", "code": "review.notes"}
    return {**said, "scene": drawn, "key": drawn}
