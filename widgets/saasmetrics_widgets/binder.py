"""What the builder of a board pack shows of a pack: its pages in order, and the words of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import AUDIENCES, PAGES
from saasmetrics.board.draft import is_empty
from saasmetrics.board.pages.plan import PAGES as BUILT
from saasmetrics.board.views import marks
from saasmetrics.money import counted
from saasmetrics.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.board.asked import Ask, Settings
    from saasmetrics.board.build import Pack
    from saasmetrics.board.draft import Draft
    from saasmetrics.board.model import Page
    from saasmetrics.book import Book

NAMES = {
    **{key: name for key, (name, _) in BUILT.items()},
    "definitions": "Definitions and changes",
}
_AUDIENCES = {"founder": "Founder", "cfo": "CFO", "board": "Board"}
_NOT_SHOWN = "What this page would show is not in the tables; add it, or leave the page out."


def fields(asked: Settings, book: Book) -> list[dict[str, Any]]:
    """Return the fields of what a pack is to be."""
    own = asked.policy or book.policy.name
    policies = dict.fromkeys((own, *Policy.presets()))
    margin = "" if asked.margin is None else f"{asked.margin:g}"
    texts = (
        ("company", "Company", asked.company, "Whose pack it is"),
        ("title", "Title", asked.title, "Board pack"),
        ("as_of", "As of", asked.as_of or "", book.as_of_text),
        ("margin", "Gross margin", margin, "of the tables"),
    )
    found = {
        name: {"name": name, "label": label, "kind": "text", "value": value, "hint": hint}
        for name, label, value, hint in texts
    }
    audience = _select(
        "audience", "For", asked.audience, {key: _AUDIENCES[key] for key in AUDIENCES}
    )
    policy = _select("policy", "Definitions", own, {name: name for name in policies})
    tick = {
        "name": "missing_pages", "label": "Say at the end which pages cannot be shown", "kind": "tick",
        "value": asked.missing_pages,
    }  # fmt: skip
    first, last = (found["company"], found["title"]), (found["as_of"], found["margin"])
    return [*first, audience, policy, *last, tick]


def _select(name: str, label: str, value: str, options: Mapping[str, str]) -> dict[str, Any]:
    offered = [[key, words] for key, words in options.items()]
    return {"name": name, "label": label, "kind": "select", "value": value, "options": offered}


def pages(asked: Settings, draft: Draft, pack: Pack, chosen: str) -> list[dict[str, Any]]:
    """Return the pages that are asked for, in order, each with its sentence and what is to be seen to."""
    findings = [finding.page for finding in pack.lint()]
    found = []
    for key in asked.pages_shown:
        page = draft.worded(key, asked)
        signs = []
        if is_empty(page):
            signs.append({"words": "cannot be shown", "tone": "bad"})
        if page.edited:
            signs.append({"words": "edited", "tone": "good"})
        if page.stale:
            signs.append({"words": "number has changed", "tone": "bad"})
        if many := findings.count(key) - bool(page.stale):
            signs.append({"words": f"{many} to mend", "tone": "bad"})
        title = "" if is_empty(page) else page.title
        found.append(
            {"id": key, "name": NAMES[key], "title": title, "marks": signs, "chosen": key == chosen}
        )
    return found


def gone(asked: Settings) -> list[dict[str, str]]:
    """Return the pages that can be added."""
    return [{"id": key, "name": NAMES[key]} for key in PAGES if key not in asked.pages_shown]


def shown_page(pack: Pack, draft: Draft, asked: Settings, key: str) -> Page:
    """Return a page as the pack has it; one that the pack only tells of as it would be."""
    there = (page for page in pack.pages if page.id == key)
    return next(there, None) or draft.worded(key, asked)


def page(pack: Pack, draft: Draft, asked: Settings, key: str) -> dict[str, Any]:
    """Return the words of a page, ready to be written anew, and what is to be said of them."""
    shown, plain, order = shown_page(pack, draft, asked, key), draft.page(key), asked.pages_shown
    at, empty = order.index(key), is_empty(shown)
    words = {
        "title": _words("Sentence", key, shown.title, plain.title, edited="title" in shown.edited),
        "comment": _words(
            "Comment", key, shown.comment, plain.comment, edited="comment" in shown.edited
        ),
    }
    if key == "asks":
        lines = "\n".join(
            f"{ask.text} | {ask.owner} | {ask.date}".rstrip(" |") for ask in asked.asks
        )
        words["asks"] = {
            **_words("Decisions, one per line: what | owner | date", key, lines, "", edited=False),
            "hint": "Hire two CSMs | COO | 2026-12-01",
        }
    if empty:
        for each in ("title", "comment"):
            words[each]["disabled"] = True
    return {
        "id": key, "heading": f"{at + 1}. {NAMES[key]}", "words": words, "stale": bool(shown.stale),
        "can": [at > 0, at < len(order) - 1, len(order) > 1], "told": _told(pack, shown, empty=empty),
    }  # fmt: skip


def _words(label: str, of: str, value: str, plain: str, *, edited: bool) -> dict[str, Any]:
    said = f"{label}, written by hand" if edited else label
    tip = f"Generated: {plain}" if edited else ""
    return {
        "label": said,
        "value": value,
        "edited": edited,
        "of": of,
        "tip": tip,
        "hint": plain,
        "disabled": False,
    }


def _told(pack: Pack, shown: Page, *, empty: bool) -> list[dict[str, str]]:
    """Return what is to be said of a page: that words were written by hand, what is to mend, and what is not shown."""
    found = []
    if text := marks(shown):
        found.append({"words": text, "tone": "bad" if shown.stale else "flat"})
    found += [
        {"words": f"To mend: {finding.text}", "tone": "bad"}
        for finding in pack.lint()
        if finding.page == shown.id and finding.rule != "stale"
    ]
    if empty:
        found.append({"words": _NOT_SHOWN, "tone": "bad"})
    return found


def outputs(missing: str, formats: Sequence[str], possible: Sequence[str]) -> list[dict[str, Any]]:
    """Return the buttons that write the pack; those whose library is not installed say which is missing.

    Examples
    --------
    >>> [each["label"] for each in outputs("", ("html", "pdf"), ("html", "pdf"))]
    ['All', 'HTML', 'PDF']
    """
    every = {
        "id": "all",
        "label": "All",
        "formats": [*possible],
        "why": "" if possible else missing,
    }
    each = [
        {
            "id": form,
            "label": form.upper(),
            "formats": [form],
            "why": "" if form in possible else missing,
        }
        for form in formats
    ]
    return [every, *each]


def asks(text: str) -> tuple[Ask, ...]:
    """Return decisions from lines: what is asked, its owner and its date, with a bar between them.

    Examples
    --------
    >>> asks("Hire two CSMs | COO | 2026-12-01")[0].owner
    'COO'
    """
    from saasmetrics.board.asked import Ask

    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.split("|", 2)]
        if parts[0]:
            found.append(Ask(*parts))
    return tuple(found)


def headline(pack: Pack) -> str:
    """Return what is shown in one line."""
    shown = counted(len([page for page in pack.pages if page.id != "missing"]), "page")
    return f"{pack.title or 'Board pack'} · {shown} · {pack.source}"
