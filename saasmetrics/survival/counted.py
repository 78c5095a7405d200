"""What curves, hazards and fits are made from: lives by age, or terms by how often they were renewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.groups import columns
from saasmetrics.engine.terms import OUTCOMES
from saasmetrics.errors import DataError
from saasmetrics.money import MICRO, agreeing, counted
from saasmetrics.result import Context, Result
from saasmetrics.survival.counts import Exposure
from saasmetrics.survival.lives import Lives, group_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric

PER = {
    "age": "by age, from the first period at whose end a customer pays",
    "renewal": "by renewal: at risk are the terms that ended, renewed up to 90 days late counts as "
    "renewed, and terms whose 90 days still run are left out",
}
GRACE_DAYS = 90
_AMOUNTS = ("expiring", "kept", "next", *(f"expiring_{outcome}" for outcome in OUTCOMES))


@dataclass(frozen=True, eq=False)
class Counted:
    """Lives at risk and ended, per group and age or number of the renewal.

    Parameters
    ----------
    by, labels
        The columns of the groups, and the groups.
    exposure
        The counts; at age 0 nobody is at risk of a renewal.
    longest
        The largest age seen in each group; -1 where nobody lived.
    n
        Lives per group that were at risk at any age above 0; of renewals, rows of terms.
    noun
        What an age counts: "months", "renewals".
    notes
        What the footnote says about the counts.
    rows
        The customers behind an age, where they can be told.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    >>> Counted.of(book, None, "age", "M").noun
    'months'
    """

    by: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    exposure: Exposure
    longest: NDArray[np.int64]
    n: NDArray[np.int64]
    noun: str
    notes: tuple[str, ...]
    rows: Callable[..., pd.DataFrame] | None

    @classmethod
    def of(cls, book: Book, by: str | Sequence[str] | None, per: str, freq: str) -> Counted:
        """Count the lives, or the terms, of a book."""
        one_of("per", per, PER)
        return _renewed(book, columns(by)) if per == "renewal" else _aged(book, by, freq)

    def result(
        self,
        book: Book,
        entry: Metric,
        df: pd.DataFrame,
        kind: str,
        options: Mapping[str, Any],
        notes: Sequence[str] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> Result:
        """Return a result of a metric made from these counts."""
        context = Context(book.as_of_text, book.currency, book.policy, options)
        said = (*self.notes, *notes, *book.engine.notes, *book.warnings())
        return Result(entry, df, kind, context, self.by, said, extra or {}, self.rows)


def _aged(book: Book, by: str | Sequence[str] | None, freq: str) -> Counted:
    lives = Lives.of(book, by, freq)

    def rows(age: int | None = None, **group: Any) -> pd.DataFrame:
        return lives.rows(group, age)

    frame, n = lives.frame, np.zeros(len(lives.labels), np.int64)
    seen = (frame["duration"] > frame["entry"]).to_numpy()
    np.add.at(n, lives.group[seen], frame["customers"].to_numpy()[seen])
    noun = f"{book.calendar(freq).noun}s"
    notes = list(lives.notes)
    if young := int(frame["customers"].sum() - n.sum()):
        one = noun.removesuffix("s")
        seen_for = f"{counted(young, 'customer')} {agreeing(young, 'was', 'were')} seen for less than one {one}"
        notes.append(f"{seen_for} and {agreeing(young, 'does', 'do')} not count in n")
    return Counted(
        lives.by, lives.labels, lives.customers, lives.longest, n, noun, tuple(notes), rows
    )


def _renewed(book: Book, by: tuple[str, ...]) -> Counted:
    source = book.engine.source
    if source == "mrr":
        msg = (
            "The table mrr says what was paid, not until when a term runs: renewals need the table "
            'subscriptions with an end per term. With per="age" and freq="Y" a year is a term.'
        )
        raise DataError(msg)
    cube = book.engine.term_numbers(by, GRACE_DAYS)
    decided = cube["terms"] - cube["terms_open"]
    kept = cube["terms_renewed"] + cube["terms_late"]
    after = np.pad(decided[:, 1:], ((0, 0), (0, 1)))
    table = Exposure(decided, cube["terms_lost"], np.maximum(kept - after, 0))
    n = decided[:, 1:2].sum(axis=1) + np.maximum(after - kept, 0)[:, 1:].sum(axis=1)
    reached = np.where(decided > 0, np.arange(decided.shape[1]), -1).max(axis=1, initial=-1)
    waiting = int(cube["terms_open"].sum())
    notes = [f"{waiting:,} terms may still be renewed and are left out"] if waiting else []
    labels = book.engine.grouping(by).labels

    def rows(age: int | None = None, **group: Any) -> pd.DataFrame:
        code = group_number(by, labels, group) if group else None
        found: pd.DataFrame = book.engine.rows(
            "renewals", number=age, by=by, group=code, grace_days=GRACE_DAYS
        )
        return found.assign(**{name: found[name] / MICRO for name in _AMOUNTS})

    return Counted(by, labels, table, reached, n, "renewals", tuple(notes), rows)
