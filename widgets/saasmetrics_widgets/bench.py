"""Widgets to write in: what they ask back before a file is replaced, how far they are, and what they have done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics_widgets.colors import roles
from saasmetrics_widgets.living import LivingWidget, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


class ThereError(DataError):
    """A file is there already, and nobody has said that it may be replaced."""


def refuse_there(files: Iterable[Path], *, replace: bool) -> None:
    """Refuse to write over files, unless they may be replaced.

    Raises
    ------
    ThereError
        If one is there, with the names of all that are.

    Examples
    --------
    >>> from pathlib import Path
    >>> refuse_there([Path("nowhere.html")], replace=False)
    """
    there = [path.name for path in files if path.exists()]
    if there and not replace:
        verb = "is" if len(there) == 1 else "are"
        msg = f"{', '.join(there)} {verb} there already. Name another file, or say that it may be replaced."
        raise ThereError(msg)


class Bench(LivingWidget):
    """A widget to write in; it says what it has done, and asks before it replaces a file."""

    def __init__(self, **traits: Any) -> None:
        self._done: list[str] = []
        self._confirm: dict[str, Any] = {}
        self._turn = 0
        self._told: Mapping[str, Any] = {}
        super().__init__(view=self._framed(), **traits)
        self.on_msg(self._answer)

    def _whole(self) -> dict[str, Any]:
        """Return what is shown."""
        raise NotImplementedError

    def _framed(self) -> dict[str, Any]:
        """Return what is shown with what every such widget says; each time it is another one."""
        self._turn += 1
        colors = {theme: roles(theme) for theme in ("light", "dark")}
        frame = {"error": "", "pending": False, "colors": colors, "turn": self._turn}
        return {**frame, "done": self._done, "confirm": self._confirm, **self._whole()}

    def _again(self) -> None:
        """Show what there is now."""
        self.view = self._framed()

    def _say(self, words: list[str]) -> None:
        """Say what was done."""
        self._done = words
        self._again()

    def _answer(self, widget: Any, content: Mapping[str, Any], buffers: Any) -> None:
        self._confirm, self._told = {}, content
        super()._answer(widget, content, buffers)

    def _refuse(self, error: Exception) -> None:
        """Say what went wrong beside what is there still; of a file that is there already, ask."""
        if isinstance(error, ThereError):
            words = str(error).partition(". ")[0] + "."
            ask = {**self._told, "replace": True}
            self._confirm = {"words": words, "button": "Replace", "ask": ask}
        self.view = {**self._framed(), "error": "" if self._confirm else said(error)}

    def _steps(self, of: int, words: str) -> Callable[[str], None]:
        """Return what is to be called after each step, so that it is seen how far something is."""
        told = 0

        def done(part: str) -> None:
            nonlocal told
            told += 1
            self.progress = {"done": told, "of": of, "words": f"{words}: {part}"}

        return done
