"""What was noted of a cohort or of one of its ages, checked and listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened
from saasmetrics.errors import DataError
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLACE = ("freq", "column", "value", "cohort", "age")
_WIDTH, _ROW = 1000, 20


def checked(note: Any) -> dict[str, Any]:
    """Return a note in its form, or refuse what is none.

    Examples
    --------
    >>> checked({"text": " Price rise ", "cohort": "2025-01-01", "freq": "Q"})["text"]
    'Price rise'
    """
    try:
        age = None if note.get("age") is None else int(note["age"])
        place = {name: str(note.get(name) or "") for name in ("freq", "column", "value")}
        where = {**place, "cohort": str(note["cohort"])[:10], "age": age}
        return {**where, "text": str(note["text"]).strip()}
    except (AttributeError, KeyError, TypeError, ValueError):
        msg = f"{note!r} is no note: it has text, cohort (its first day), age (or None), freq, column and value."
        raise DataError(msg) from None


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
