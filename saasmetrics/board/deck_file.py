"""The file of slides: a plain one or the company's own template, and the layout that its slides have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack

WIDE, HIGH = 13.333, 7.5  # inches that the layout is thought in; a template may have others


def opened(library: Any, pack: Pack) -> Any:
    """Return an empty presentation: the company's own template without its slides, or a plain one."""
    from pptx.util import Inches

    name = pack.settings.template
    if not name:
        deck = library.Presentation()
        deck.slide_width, deck.slide_height = Inches(WIDE), Inches(HIGH)
        return deck
    path = pack.settings.file(name, "the template")
    try:
        deck = library.Presentation(str(path))
    except Exception as error:  # the library raises whatever a broken file makes it meet
        msg = f"The template {path} is no presentation that can be read: {error}."
        raise DataError(msg) from error
    held = deck.slides._sldIdLst  # noqa: SLF001  (the library has no other way to remove a slide)
    for each in list(held):
        deck.part.drop_rel(each.rId)
        held.remove(each)
    return deck


def layout(deck: Any) -> Any:
    """Return the layout of a slide with a title alone, or the first that has a title."""
    layouts = list(deck.slide_layouts)
    named = [each for each in layouts if each.name.lower() == "title only"]
    titled = [
        each
        for each in layouts
        if any(p.placeholder_format.type in (1, 3) for p in each.placeholders)
    ]
    return (named or titled or layouts)[0]
