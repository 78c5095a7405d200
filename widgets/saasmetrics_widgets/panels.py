"""Panels: a picture with its title and note, made once from a result, and the numbers that it is drawn from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import wrap
from saasmetrics.errors import DataError
from saasmetrics_widgets.colors import roles
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.result import Result
    from saasmetrics_widgets.calls import Call, Results

MOST = 300  # panels that are kept
_WIDE = 560
_VIEW: dict[str, Any] = {
    "headline": "",
    "answer": "",
    "controls": [],
    "forms": [],
    "cards": [],
    "panels": {},
    "footnotes": [],
    "pending": False,
    "error": "",
}


def framed(
    view: Mapping[str, Any], kind: str, words: str, layout: Sequence[Sequence[tuple[str, int]]]
) -> dict[str, Any]:
    """Return a view with what the browser needs to draw it.

    Parameters
    ----------
    view
        What a widget made; what it leaves out is empty.
    kind, words, layout
        Of the widget: its name, what a screen reader says of it, and rows of panels with their shares of the width.
    """
    rows = [[[name, share] for name, share in row] for row in layout]
    colors = {theme: roles(theme) for theme in ("light", "dark")}
    return {**_VIEW, **view, "kind": kind, "words": words, "layout": rows, "colors": colors}


@dataclass(eq=False)
class Panels:
    """The panels of a widget; one is drawn again only when its result or its key is another.

    Parameters
    ----------
    results
        Where numbers are from.
    widths
        Of the panels in whose place an error may have to stand.
    """

    results: Results
    widths: dict[str, float] = field(default_factory=dict)
    _made: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    _behind: dict[str, tuple[Call, Callable[[Result], pd.DataFrame] | None]] = field(
        default_factory=dict
    )

    def panel(
        self,
        name: str,
        asked: Call,
        key: Sequence[Any],
        draw: Callable[[Result], dict[str, Any]],
        frame: Callable[[Result], pd.DataFrame] | None = None,
    ) -> dict[str, Any]:
        """Return a panel, ready to be drawn; where there is no result it says why.

        Parameters
        ----------
        name
            Of the panel.
        asked
            The call that it is drawn from.
        key
            What else the drawing depends on.
        draw
            From the result to title, note and scene.
        frame
            From the result to the numbers that are copied, where these are others than its `df`.
        """
        self._behind[name] = (asked, frame)
        at = (name, asked, *map(str, key))
        if at not in self._made:
            try:
                made = draw(self.results[asked])
            except DataError as error:
                made = blank(asked.name, str(error), self.widths.get(name, _WIDE))
            scene = json.dumps(made["scene"], ensure_ascii=False)
            text = "|".join((name, asked.code(), *map(str, key)))
            self._made[at] = {**made, "scene": scene, "key": text, "code": asked.code()}
            while len(self._made) > MOST:
                del self._made[next(iter(self._made))]
        return self._made[at]

    def frame(self, name: str) -> pd.DataFrame:
        """Return the numbers that a panel is drawn from.

        Raises
        ------
        DataError
            If there is no such panel, or it has no numbers.
        """
        if name not in self._behind:
            msg = f"There is no panel {name!r} here."
            raise DataError(msg)
        asked, frame = self._behind[name]
        result = self.results[asked]
        return result.df if frame is None else frame(result)


def records(df: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame, each as name -> value."""
    return [{str(name): value for name, value in row.items()} for row in df.to_dict("records")]


def blank(title: str, why: str, wide: float = _WIDE) -> dict[str, Any]:
    """Return a panel without a picture, which says why there is none.

    Examples
    --------
    >>> blank("LTV", "No margin is known.")["note"]
    ''
    """
    lines = wrap(why.split("\n", maxsplit=1)[0], wide - 40, 12)
    scene = Scene(wide, 60 + 18 * len(lines), title)
    scene.rect(0, 0, wide, scene.height, "ground")
    for number, line in enumerate(lines):
        scene.text(20, 38 + 18 * number, line, size=12, fill="muted")
    return {"title": title, "note": "", "scene": scene.as_dict()}
