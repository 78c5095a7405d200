"""What a programme of customer success did: by the best design that the data allow, with its name on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.result import Result
from saasmetrics.success.effect.association import NAIVE
from saasmetrics.success.effect.panel import OUTCOMES
from saasmetrics.success.effect.question import Question
from saasmetrics.success.effect.rungs import (
    BY_METHOD,
    ESTIMATORS,
    RUNGS,
    Estimate,
    Rung,
    naive_estimate,
)
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book

_WHAT = {
    "retained": "{h}-month retention",
    "nrr": "{h}-month NRR",
    "expansion": "expansion of {h} months, per opening MRR",
}
_LEVELS = ("value", "low", "high", "treated", "untreated", "monthly", "untreated_monthly")
_NUMBERS = (*_LEVELS, "ratio", "ratio_low", "ratio_high", "p")
_METHODS = ("auto", "all", *BY_METHOD)
_NAIVE = Rung(
    "–", "naive", "ever touched against never", "naive", "no estimand", "nothing that could hold"
)


@dataclass(frozen=True, repr=False)
class Attribution(Result):
    """An effect, with the question it answers.

    Attributes
    ----------
    question
        What was asked, from which balance, event study and worth are computed.
    """

    question: Question | None = None

    @property
    def value(self) -> float | None:
        """The effect of the rung that was used; None where there is none."""
        used = self.df.loc[self.df["used"], "value"]
        return None if not len(used) or used.isna().all() else float(used.iloc[0])

    @property
    def used(self) -> dict[str, Any]:
        """The row of the rung that was used, by column."""
        row = self.df[self.df["used"]].iloc[0]
        return {str(name): value for name, value in row.items()}

    def money(self, margin: float | None = None, cost: float | None = None) -> Result:
        """Return what the effect is worth; see `saasmetrics.success.value_of`."""
        from saasmetrics.success.effect.worth import value_of

        return value_of(self, margin, cost)


@metric(
    id="attribution",
    name="Effect of customer success",
    unit="ratio",
    better="higher",
    meaning="How much more of customers or revenue is kept because of what customer success does.",
    formula="outcome at the horizon if everybody had it all along, less if nobody had, by the design named",
    missing="Missing where no design that was asked for is possible; the reason says why.",
    sources=(
        "METRICS.md",
        "Robins, Hernan and Brumback 2000",
        "Callaway and Sant'Anna 2021",
        "Calonico, Cattaneo and Titiunik 2014",
        "VanderWeele and Ding 2017",
    ),
    options={
        "treatment": "of {value}",
        "outcome": {
            "retained": "outcome: the share of customers kept",
            "nrr": "outcome: MRR of the customers at the start, with expansion",
            "expansion": "outcome: MRR added by the customers at the start, losses left out",
        },
        "horizon": "over {value} months, in which the monthly rates hold",
        "rung": "rung {value}",
        "interval": "interval of {value:.0%}",
    },
    choices=("gap_days", "churn_date"),
)
def attribution(
    book: Book,
    treatment: Any,
    outcome: str = "retained",
    horizon: int = 12,
    method: str = "auto",
    *,
    cluster: str | None = None,
    randomized: bool = False,
    assigned: Any = None,
    control: Any = "control",
    score: Any = None,
    cutoff: float | None = None,
    bandwidth: float | None = None,
    confounders: Sequence[str] | None = None,
    baseline: Sequence[str] | None = None,
    naive: bool = False,
    interval: float = 0.95,
) -> Attribution:
    """The effect of a programme on retention, NRR or expansion, by the best design that the data allow.

    Parameters
    ----------
    book
        The company's tables.
    treatment
        A playbook or kind of the activities ("success_plan"), a column and value of them ({"kind": "qbr"}), or rows of
        customer_id and start.
    outcome
        "retained", "nrr" or "expansion".
    horizon
        Months.
    method
        "auto": the highest rung that the data allow. "randomized", "threshold", "staggered", "marginal" or
        "association": this one. "all": the highest, with the lower ones beside it.
    cluster
        Column of the customers that were treated together, such as "csm_id"; None for each alone.
    randomized
        Whether the order in which groups started was drawn by lot. The tables cannot know.
    assigned
        Who was drawn: a column of the customers with two arms, or what `assign` returned (customer_id and start).
    control
        The arm of that column without treatment.
    score, cutoff, bandwidth
        Rows of customer_id, at and score, where help starts below the cut-off, and how far from it customers count; by
        default a rule of thumb.
    confounders
        What changes and decides who is touched: "mrr", "tenure", "usage", "tickets"; all there are by default.
    baseline
        Columns of the customers that do too; segment, plan and region by default.
    naive
        Whether to show ever touched against never touched as well, marked as wrong.
    interval
        Coverage.

    Returns
    -------
    Attribution
        One row per rung: rung, name, label, estimand, value (difference at the horizon), low, high, treated and
        untreated (the outcome under each), monthly, untreated_monthly, ratio, ratio_low, ratio_high (odds of leaving in
        a month), p, n (months of customers), months_treated, events, clusters, used, assumes, words, reason (why it is
        not possible). `extra["diagnostics"]` has the numbers of the rung used; `money` says what it is worth.

    Raises
    ------
    MissingTableError
        If the treatment is of the activities and there are none.
    UnknownNameError
        If there is no such treatment, outcome, method or column.
    DataError
        If nobody was treated, or the method asked for is not possible.

    Notes
    -----
    A month counts as treated when the first touch was in an earlier month.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=300)
    >>> found = sm.success.attribution(book, "success_plan", cluster="csm_id", randomized=True)
    >>> found.used["rung"], found.used["name"]
    ('A', 'randomized roll-out')
    """
    one_of("outcome", outcome, OUTCOMES)
    one_of("method", method, _METHODS)
    horizon = whole("horizon", horizon, 1, "a whole number of months", 120)
    check_level(interval)
    asked = Question.of(
        book,
        treatment,
        outcome=outcome,
        horizon=horizon,
        interval=interval,
        cluster=cluster,
        randomized=randomized,
        assigned=assigned,
        control=control,
        score=score,
        cutoff=cutoff,
        bandwidth=bandwidth,
        confounders=confounders,
        baseline=baseline,
    )
    rows, used = _climb(asked, method)
    if naive:
        rows.append(_row(asked, _NAIVE, naive_estimate(asked), used=False))
    return _result(asked, rows, used)


def _climb(asked: Question, method: str) -> tuple[list[dict[str, Any]], tuple[Rung, Estimate]]:
    """Return a row for each rung, and the one used: the highest that is possible."""
    wanted = RUNGS if method in ("auto", "all") else (BY_METHOD[method],)
    rows, used = [], None
    for rung in wanted:
        if used is not None and method != "all":
            rows.append(_row(asked, rung, f"rung {used[0].letter} is possible"))
            continue
        try:
            found = ESTIMATORS[rung.method](asked)
        except (UnknownNameError, MissingTableError):
            raise  # a name written wrongly is no reason of the data
        except DataError as error:
            if len(wanted) == 1:
                raise
            rows.append(_row(asked, rung, str(error).rstrip(".")))
            continue
        rows.append(_row(asked, rung, found, used=used is None))
        used = used or (rung, found)
    if used is None:
        why = "; ".join(f"{row['rung']}: {row['reason']}" for row in rows)
        msg = f"No rung of the ladder is possible. {why}."
        raise DataError(msg)
    return rows, used


def _row(
    asked: Question, rung: Rung, found: Estimate | str, *, used: bool = False
) -> dict[str, Any]:
    what = _WHAT[asked.outcome].format(h=asked.horizon)
    row: dict[str, Any] = {
        "rung": rung.letter,
        "name": rung.name,
        "label": rung.label,
        "estimand": rung.estimand.format(what=what),
    }
    if isinstance(found, str):
        counts = dict.fromkeys(("n", "months_treated", "events", "clusters"), np.nan)
        return (
            row
            | dict.fromkeys(_NUMBERS, np.nan)
            | counts
            | {"used": False, "assumes": rung.assumes, "words": "", "reason": found}
        )
    effect = found.effect
    return (
        row
        | {name: getattr(effect, name) for name in _NUMBERS}
        | {
            "n": found.n,
            "months_treated": found.treated,
            "events": found.events if found.events >= 0 else np.nan,
            "clusters": found.clusters,
            "used": used,
            "assumes": rung.assumes,
            "words": words(asked, rung, found),
            "reason": "",
        }
    )


def words(asked: Question, rung: Rung, found: Estimate) -> str:
    """Return an estimate as a sentence that says of which kind it is."""
    effect, name = found.effect, asked.treatment.name
    what = _WHAT[asked.outcome].format(h=asked.horizon)
    points = f"{100 * effect.value:+.1f} points of {what}"
    edges = f" ({asked.interval:.0%} {100 * effect.low:+.1f} to {100 * effect.high:+.1f})"
    edges = edges if effect.low == effect.low else ""
    levels = f", {effect.treated:.1%} rather than {effect.untreated:.1%}"
    if rung.label == "naive":
        return f"Naive, not to be reported: {points}{levels}. {NAIVE}"
    if rung.label == "association":
        return f"Association, not an effect: {name} goes with {points}{edges}{levels}. {found.notes[0]}"
    unproven = effect.low <= 0 <= effect.high
    end = "; no effect is not excluded" if unproven else ""
    start = f"{name} at the cut-off" if rung.letter == "B" else name
    return f"{start}: {points}{edges}{levels}{end} (rung {rung.letter}, {rung.name})."


def _result(
    asked: Question, rows: list[dict[str, Any]], used: tuple[Rung, Estimate]
) -> Attribution:
    import pandas as pd

    rung, found = used
    row = next(row for row in rows if row["used"])
    df = pd.DataFrame(rows)
    above = [
        f"Rung {r['rung']}, {r['name']}, is not possible: {r['reason']}"
        for r in rows
        if r["reason"] and r["rung"] < rung.letter
    ]
    notes = [
        f"The number is the {row['estimand']}",
        f"It assumes that {rung.assumes}" if rung.label != "association" else found.notes[0],
        *found.notes,
        *above,
        *asked.notes,
    ]
    if any(row["label"] == "naive" for row in rows):
        notes.append(NAIVE.rstrip("."))
    options = {
        "treatment": asked.treatment.name,
        "outcome": asked.outcome,
        "horizon": asked.horizon,
        "rung": f"{rung.letter}, {rung.name}: {rung.label}",
        "interval": asked.interval,
    }
    tables = [t for t in ("activities", "usage", "tickets") if t in asked.book.tables]
    plain = made(
        asked.book,
        "attribution",
        df,
        "attribution",
        options=options,
        notes=[note.rstrip(".") for note in dict.fromkeys(notes)],
        extra={"headline": row["words"], "diagnostics": found.numbers},
        drill=asked.customers,
        tables=tables,
    )
    return Attribution(**{**vars(plain), "question": asked})
