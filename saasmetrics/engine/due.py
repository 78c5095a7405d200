"""Renewals that are asked for by the period in which terms are due, and their sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.renewals import Renewals, Window


@dataclass(frozen=True)
class Due:
    """The terms that are asked about.

    `terms` is "fixed" (longer than a month), "monthly" or "all"; they end from the day `first` to the day `last`, as
    known at the end of the day `as_of` or of the book (None).
    """

    window: Window
    terms: str
    freq: str
    by: tuple[str, ...]
    first: int
    last: int
    as_of: int | None = None


@dataclass(frozen=True, eq=False)
class DueCells:
    """The sums of terms per group, bag and due period, and customers per group and period.

    `groups` are those of all terms that are known; `known` counts these, `monthly` those from month to month. The first
    due period is `first`; `notes` is what the footnote says of the terms, `source` the table that they come from.
    """

    groups: Groups
    sums: dict[str, NDArray[np.int64]]
    heads: dict[str, NDArray[np.int64]]
    first: int
    periods: int
    known: int
    monthly: int
    notes: tuple[str, ...]
    source: str


@dataclass(frozen=True, eq=False)
class DueTerms:
    """Chosen terms with what became of them, and beside them those that renewed them.

    `kept` are the places of the chosen ones; `groups` are those of all terms that are known, and hold the group of each
    term here, -1 where it is not chosen; `owners` has who is in charge. Of all terms `monthly` run from month to
    month, and `later` are not known yet. Rows count as brought as long as `holder` lives.
    """

    found: Renewals
    kept: NDArray[np.int64]
    groups: Groups
    owners: list[Any]
    monthly: int
    later: int
    holder: object


@dataclass(frozen=True, eq=False)
class History:
    """What the past says of renewals: of terms whose grace is over, how many there are and were renewed, and how soon.

    `decided` and `renewed` are groups x 2, first and later terms of a chain; `lags` holds how many days after the end
    (before it where negative) each renewal was signed, in order.
    """

    groups: Groups
    decided: NDArray[np.int64]
    renewed: NDArray[np.int64]
    lags: NDArray[np.int64]


@dataclass(frozen=True)
class Question:
    """A day before, and from which day to which the terms end that are asked about."""

    day: int
    first: int
    last: int


@dataclass(frozen=True)
class DueBefore:
    """Terms as they were known on several days before, in groups; `terms` as of `Due`."""

    window: Window
    terms: str
    by: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, eq=False)
class Before:
    """What was known on a day before: the past by then, and the terms that were asked about, one element each.

    `again` is 1 for later terms of a chain; `waited` is how many days had gone by since the end (before it: negative);
    `due`, `kept` and `outcome` are as they were then; `came` is 1 where the term was renewed in the end.
    """

    past: History
    group: NDArray[np.int64]
    again: NDArray[np.int64]
    waited: NDArray[np.int64]
    due: NDArray[np.int64]
    kept: NDArray[np.int64]
    outcome: NDArray[np.int64]
    came: NDArray[np.int64]
