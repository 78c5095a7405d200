"""What every widget has: a view, answers to what the browser asks for, and a picture that stays without Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from saasmetrics.errors import DataError
from saasmetrics_widgets.given import ODD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIVE = "application/vnd.jupyter.widget-view+json"


class LivingWidget(anywidget.AnyWidget):
    """A widget of which Python decides every word; its script only draws.

    Traits
    ------
    view : dict, Python to browser
        What is shown; `error` in it is said above everything else.
    progress : dict, Python to browser
        What is being computed: done, of, words; empty where nothing is.
    still : str, Python to browser
        Marks the static picture whose place the living widget takes.
    """

    view = traitlets.Dict().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    still = traitlets.Unicode().tag(sync=True)

    def _asks(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        """Return what the browser can ask for, beside what all widgets of its kind answer."""
        return {}

    def _answers(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return self._asks()

    def _answer(self, _widget: Any, content: Mapping[str, Any], _buffers: Any) -> None:
        """Answer what the browser asks for."""
        answer = self._answers().get(str(content.get("ask")))
        if answer is None:
            return
        try:
            answer(content)
        except (DataError, *ODD) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self.view = {**self.view, "pending": False, "error": said(error)}

    def _picture(self, id: str) -> dict[str, Any]:
        """Return what is shown by MIME type as it is without Python; `id` marks it."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the living widget, and the same as a static picture."""
        live = {LIVE: {"version_major": 2, "version_minor": 1, "model_id": self.model_id}}
        return {**self._picture(""), **live}, {}

    def _ipython_display_(self) -> None:
        """Show the picture, then the living widget, which takes its place.

        JupyterLab shows an error instead of a widget whose kernel is gone; the picture stays.
        """
        from IPython import display as shown

        bundle, _ = self._repr_mimebundle_()
        live = {LIVE: bundle.pop(LIVE), "text/html": "", "text/plain": ""}
        for part in (self._picture(self.still), live):
            shown.display(part, raw=True)


def said(error: Exception) -> str:
    """Return an error as the widget says it.

    Examples
    --------
    >>> said(DataError("No margin is known.")), said(KeyError("x"))
    ('No margin is known.', "KeyError: 'x'")
    """
    return str(error) if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
