"""Which cell of which result stands behind a bar, a point or a headline number of the explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.charts.movements import NAMES
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.retention.window import LABELS
from saasmetrics.periods import NOUNS
from saasmetrics_widgets import drivers
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import call
from saasmetrics_widgets.cards import KPIS, kpi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics_widgets.choices import Choices

COHORT = {"logos": "customers", "net": "mrr", "gross": "floor", "mrr": "mrr"}
_KPI_COLUMNS = {
    "arr": ("closing",),
    "nrr": ("denominator", "numerator"),
    "grr": ("denominator", "numerator"),
    "logo_churn": ("denominator", "numerator", "opening"),
}


def located(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    """Return a selection in the library's terms.

    Raises
    ------
    UnknownNameError
        If it does not say what it is of, or names something that is not shown.
    """
    of = selection.get("of", "")
    makers = {"bridge": _bridge, "cohorts": _cohorts, "survival": _survival, "drivers": _drivers}
    if of in makers:
        try:
            return makers[of](choices, now, selection)
        except KeyError as error:
            msg = f"A selection of {of!r} names its {error.args[0]}."
            raise DataError(msg) from None
    if of not in KPIS:
        raise UnknownNameError.of("part of the explorer", of, (*makers, *KPIS))
    return _headline(choices, now, of)


def _group(
    choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the group of a cell as the library names it."""
    value = now["value"] or (selection or {}).get("group", "")
    if not now["column"] or not value:
        return {}
    values = choices.values(now["column"])
    if value not in values:
        raise UnknownNameError.of(now["column"], value, values)
    return {now["column"]: values[value]}


def _who(group: Mapping[str, Any]) -> str:
    return "".join(f", {value}" for value in group.values())


def _bridge(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    period, movement = selection["period"], selection["movement"]
    group = _group(choices, now)
    names = {"opening": "Opening", "closing": "Closing", **NAMES}
    if movement not in names:
        raise UnknownNameError.of("movement", movement, names)
    whole = movement in ("opening", "closing")
    beside = {"new": ("closing",), "reactivation": ("closing",), "churn": ("opening",)}
    columns = (movement,) if whole else (*beside.get(movement, ("opening", "closing")), movement)
    when = choices.text(now["freq"], choices.book.calendar(now["freq"]).of(period))
    title = f"{names[movement]} in {when}{_who(group)}"
    where = {"period": period, **group}
    return Cell(call("bridge", now), where, columns, (movement,), title)


def _cohorts(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    freq = now["freq"]
    cohort, age = selection["cohort"], int(selection["age"])
    group = _group(choices, now)
    when = choices.text(freq, choices.book.calendar(freq).of(cohort))
    noun = NOUNS[freq]
    title = f"Cohort {when} after {age} {noun}{'' if age == 1 else 's'}{_who(group)}"
    where = {"cohort": cohort, "age": age, **group}
    columns = ("start", COHORT[now["measure"]])
    return Cell(call("cohorts", now), where, columns, (), title)


def _survival(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    age = int(selection["age"])
    group = _group(choices, now, selection)
    noun = NOUNS[now["freq"]]
    title = f"At risk at age {age} {noun}{'' if age == 1 else 's'}{_who(group)}"
    where = {"age": age, **group}
    return Cell(call("survival", now), where, ("mrr", "duration", "event"), (), title)


def _drivers(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    drivers.refuse(selection)
    when = choices.text(now["freq"], choices.book.calendar(now["freq"]).of(selection["period"]))
    words = f"{drivers.explained(now)} to {when}{_who(_group(choices, now))}"
    return drivers.cell(drivers.asked(choices, now), selection, tuple(LABELS), words)


def _headline(choices: Choices, now: Mapping[str, Any], of: str) -> Cell:
    asked, period = kpi(of, now, choices, now["period"])
    group = _group(choices, now)
    when = choices.text(now["freq"], choices.book.calendar(now["freq"]).of(now["period"]))
    columns = _KPI_COLUMNS.get(of, ())
    titles = {
        "arr": "MRR of each customer at the end of",
        "nrr": "Net revenue retention,",
        "grr": "Gross revenue retention,",
        "logo_churn": "Customer churn,",
        "ltv_cac": "LTV:CAC,",
        "payback": "CAC payback,",
    }
    where = {"period": period, **group} if period else dict(group)
    return Cell(asked, where, columns, columns[:2], f"{titles[of]} {when}{_who(group)}")
