"""What either engine says beside its numbers: how many rows do not count as they stand, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Iterable


def free_words(count: int) -> str:
    """Return in words how many rows cost nothing for a time and keep their customer.

    Examples
    --------
    >>> free_words(1)
    '1 subscriptions row is free for a time and keeps its customer, as in a pause'
    """
    rest = agreeing(
        count,
        "is free for a time and keeps its customer",
        "are free for a time and keep their customer",
    )
    return f"{counted(count, 'subscriptions row')} {rest}, as in a pause"


def usage_words(count: int) -> str:
    """Return in words how many usage charges count beside subscriptions."""
    return f"{counted(count, 'usage line')} of invoices {agreeing(count, 'counts', 'count')} in MRR"


def left_out_words(source: str, counts: Iterable[int]) -> list[str]:
    """Return in words how many rows lie ahead, cost nothing, and last no day.

    Examples
    --------
    >>> left_out_words("subscriptions", (0, 1, 0))
    ['1 subscriptions row has no recurring amount and does not count as paying']
    """
    words = (
        (
            "starts, or leaves its trial, after the as-of date and is left out",
            "start, or leave their trial, after the as-of date and are left out",
        ),
        (
            "has no recurring amount and does not count as paying",
            "have no recurring amount and do not count as paying",
        ),
        (
            "ends on or before the day it starts and never pays",
            "end on or before the day they start and never pay",
        ),
    )
    return [
        f"{counted(n, f'{source} row')} {agreeing(n, *said)}"
        for n, said in zip(counts, words, strict=True)
        if n
    ]
