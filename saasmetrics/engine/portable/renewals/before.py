"""What was known of renewals on several days before, where the tables are: all days are matched at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from saasmetrics.engine.due import Before, History
from saasmetrics.engine.portable.fetched import number, whole_columns
from saasmetrics.engine.portable.held import held, held_by
from saasmetrics.engine.portable.renewals.cells import with_kept
from saasmetrics.engine.portable.renewals.groups import with_groups
from saasmetrics.engine.portable.renewals.outcomes import became
from saasmetrics.engine.portable.whole import flag, summed
from saasmetrics.engine.renewals import RENEWED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.due import DueBefore, Question
    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.renewals.desk import RenewalsThere
    from saasmetrics.engine.portable.whole import Frame

    Cells = dict[str, NDArray[np.int64]]

_ROWS = 4_000_000  # terms that are matched at once
_NUMBERED = ("term", "previous", "who")
_TERM = ("question", "group", "again", "waited", "due", "kept", "outcome", "came")


def before(desk: RenewalsThere, asked: DueBefore) -> list[Before]:
    """Return for each question what was known on its day, and what came of the terms that it is about.

    Parameters
    ----------
    desk
        The terms and what became of them.
    asked
        The questions.

    Notes
    -----
    A term that is known on several days is a term of its own on each: numbers of terms and customers are told apart
    by the day, so that one pass matches all of them. So many days are taken at once as memory suffers.
    """
    rows = int(number(desk.every.select(nw.len())) or 0)
    each = max(_ROWS // max(rows, 1), 1)
    questions, out = asked.questions, []
    for begin in range(0, len(questions), each):
        owner = _Owner()
        with held_by(owner):
            out += _known(desk, asked, questions[begin : begin + each])
        del owner  # and with it what was kept for these days
    return out


class _Owner:
    """What steps are kept by that are needed for a while."""


def _known(desk: RenewalsThere, asked: DueBefore, questions: Sequence[Question]) -> list[Before]:
    terms, window = desk.every, asked.window
    days = nw.concat(
        [_on_day(terms, place, len(questions), q.day) for place, q in enumerate(questions)]
    )
    found = became(held(days, "days"), nw.col("as_of"), window)
    if asked.terms != "all":
        found = found.filter(nw.col("monthly") == (1 if asked.terms == "monthly" else 0))
    tables = desk.engine.basis.tables
    found, groups = with_groups(with_kept(found), desk.own, tables, asked.by)
    found = found.with_columns(
        again=flag(nw.col("number") > 1),
        waited=nw.col("as_of") - nw.col("end"),
        one=nw.lit(1).cast(nw.Int64),
    )
    found = held(found, "before")
    over = found.filter(nw.col("settled") <= nw.col("as_of"))
    over = over.with_columns(won=flag(nw.col("outcome") == RENEWED))
    keys = ("question", "group", "again")
    decided = whole_columns(summed(over, keys, ("one", "won")), (*keys, "one", "won"))
    won = over.filter(nw.col("won") == 1).with_columns(lag=nw.col("closed") - nw.col("end"))
    lags = whole_columns(summed(won, ("question", "lag"), ("one",)), ("question", "lag", "one"))
    due = _due(found, questions)
    came = desk.known(window, None).select(_term="term", came=flag(nw.col("outcome") == RENEWED))
    due = due.with_columns(_term=nw.col("_term").cast(nw.Int64)).join(came, on="_term")
    cells = whole_columns(summed(due, _TERM, ("one",)), (*_TERM, "one"))
    return [
        Before(_history(groups, decided, lags, place), **_of(cells, place))
        for place in range(len(questions))
    ]


def _on_day(terms: Frame, place: int, many: int, day: int) -> Frame:
    """Return the terms known at the end of a day, numbered for it."""
    found = terms.filter(nw.col("signed") <= day)
    numbers = {name: (nw.col(name) * many + place).cast(nw.Int64) for name in _NUMBERED}
    asked = nw.lit(place).cast(nw.Int64)
    return found.with_columns(
        _term=nw.col("term"), question=asked, as_of=nw.lit(day).cast(nw.Int64), **numbers
    )


def _due(found: Frame, questions: Sequence[Question]) -> Frame:
    """Return the terms that end on the days that the question of each is about."""
    mine = nw.lit(False)
    for place, question in enumerate(questions):
        end = nw.col("end")
        within = (end >= question.first) & (end <= question.last)
        mine = mine | ((nw.col("question") == place) & within)
    return found.filter(mine)


def _history(groups: Groups, decided: Cells, lags: Cells, place: int) -> History:
    mine = decided["question"] == place
    at = (decided["group"][mine], decided["again"][mine])
    whole, won = (np.zeros((len(groups), 2), np.int64) for _ in range(2))
    whole[at], won[at] = decided["one"][mine], decided["won"][mine]
    mine = lags["question"] == place
    order = np.argsort(lags["lag"][mine])
    signed = np.repeat(lags["lag"][mine][order], lags["one"][mine][order])
    return History(groups, whole, won, signed)


def _of(cells: Cells, place: int) -> Cells:
    """Return the terms of a question one by one, in an order of their own."""
    mine = cells["question"] == place
    columns = {name: cells[name][mine] for name in _TERM[1:]}
    order = np.lexsort([*reversed(columns.values())])
    many = cells["one"][mine][order]
    return {name: np.repeat(values[order], many) for name, values in columns.items()}
