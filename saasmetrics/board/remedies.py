"""Remedies of a pack or a review in the words of whoever made it: arguments of Python, flags, or keys of settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from saasmetrics.board.build import Pack
    from saasmetrics.board.review import Review


def reworded(pack: Pack, words: Callable[[str], str]) -> Pack:
    """Return a pack whose reasons and remedies are said in other words.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a"] * 3, "month": ["2026-01", "2026-02", "2026-03"], "mrr": [1] * 3}
    >>> made = sm.board.pack(sm.Book(mrr=rows), settings={"pages": ["economics"]})
    >>> reworded(made, str.upper).pages[0].missing[0][:15]
    'UNIT ECONOMICS:'
    """
    pages = tuple(
        replace(
            page,
            missing=tuple(map(words, page.missing)),
            faults=tuple(map(words, page.faults)),
            footnote=words(page.footnote),
        )
        for page in pack.pages
    )
    quantities = {
        key: replace(each, reason=words(each.reason)) if each.reason else each
        for key, each in pack.quantities.items()
    }
    return replace(pack, pages=pages, quantities=quantities)


def reworded_review(review: Review, words: Callable[[str], str]) -> Review:
    """Return a review whose reasons, findings and remedies are said in other words.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> rows = {"customer_id": ["a"] * 3, "month": ["2026-01", "2026-02", "2026-03"], "mrr": [1] * 3}
    >>> made = reworded_review(sm.board.review(sm.Book(mrr=rows)), str.upper)
    >>> {figure.reason.isupper() for figure in made.headline if figure.value is None}
    {True}
    """
    findings = review.findings.copy()
    for name in ("finding", "remedy"):
        findings[name] = findings[name].map(words)
    return replace(
        review,
        headline=tuple(replace(each, reason=words(each.reason)) for each in review.headline),
        sections=tuple(
            replace(each, missing=tuple(map(words, each.missing))) for each in review.sections
        ),
        findings=findings,
    )
