"""The customers behind a bar, a cell, a point or a headline number, and the call that gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.calls import arguments, quoted
from saasmetrics.charts.movements import NAMES
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_value
from saasmetrics.periods import NOUNS
from saasmetrics_widgets.calls import call
from saasmetrics_widgets.cards import KPIS, kpi

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics_widgets.calls import Call, Results
    from saasmetrics_widgets.choices import Choices

_COHORT = {"logos": "customers", "net": "mrr", "gross": "floor", "mrr": "mrr"}
_KPI_COLUMNS = {
    "arr": ("closing",),
    "nrr": ("denominator", "numerator"),
    "grr": ("denominator", "numerator"),
    "logo_churn": ("denominator", "numerator", "opening"),
}
_MOST_COLUMNS = 5


@dataclass(frozen=True, eq=False)
class Behind:
    """What stands behind a selection.

    Parameters
    ----------
    result
        The result that was selected from.
    frame
        One row per customer: customer_id, name where the book knows it, and the amounts.
    title
        What was selected, in words.
    code
        Python that gives the same rows.
    labels
        How people read columns, where these have words of their own.
    points
        Columns that are parts of a ratio.
    """

    result: Result
    frame: pd.DataFrame
    title: str
    code: str
    labels: Mapping[str, str] = field(default_factory=dict)
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cell:
    """A selection in the library's terms: the call, the cell of its result, and which rows and columns count.

    `anywhere` names columns of which at least one must not be 0 for a customer to be listed; `customer` is the only one
    that is, where one is named.
    """

    call: Call
    where: dict[str, Any]
    columns: tuple[str, ...]
    anywhere: tuple[str, ...]
    title: str
    customer: Any = None


def behind(results: Results, cell: Cell) -> Behind:
    """Return the customers behind a cell.

    Raises
    ------
    DataError
        If there is no such cell, or the number is not made of customers.
    """
    result = results[cell.call]
    rows = result.rows(**cell.where)
    columns = cell.columns or tuple(
        name for name in rows.select_dtypes("number").columns if name != "customer_id"
    )
    code = f"rows = {cell.call.code()}.rows({', '.join(arguments(cell.where))})"
    known = tuple(name for name in cell.anywhere if name in rows.columns)
    if known:
        rows = rows[(rows[[*known]] != 0).any(axis=1)]
        tests = " | ".join(f'(rows["{name}"] != 0)' for name in known)
        code += f"\nrows[{tests if len(known) > 1 else tests[1:-1]}]"
    if cell.customer is not None:
        rows = rows[rows["customer_id"] == cell.customer]
        code += f'\nrows[rows["customer_id"] == {quoted(cell.customer)}]'
        columns = tuple(name for name in columns if name in rows.columns and rows[name].any())
    said = f"{cell.title}{_value(result, cell)}"
    kept = rows[["customer_id", *columns[:_MOST_COLUMNS]]].reset_index(drop=True)
    return Behind(result, named(results.book, kept), said, code, *_worded(result))


def _worded(result: Result) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return how people read the columns of an explanation, and those that are parts of a ratio."""
    if result.kind != "explanation":
        return {}, ()
    steps, extra = result.extra["steps"], result.extra
    names = dict(zip(steps["step"].tolist(), steps["label"].tolist(), strict=True))
    for side in ("numerator", "denominator"):
        names |= {
            f"{side}_{end}": f"{side.capitalize()}, {label}"
            for end, label in zip("ab", extra["labels"], strict=True)
        }
    parts = ("value", *steps["step"].tolist()) if extra["unit"] == "ratio" else ()
    return {**names, "value": "Adds"}, parts


def _value(result: Result, cell: Cell) -> str:
    """Return the value of a cohort's cell as it stands in the picture."""
    if "cohort" not in cell.where or "cohort" not in result.df.columns:
        return ""
    df = result.df
    for name, value in cell.where.items():
        df = df[df[name] == value]
    known = df["value"].dropna()
    if not len(known):
        return ""
    unit = "money" if cell.columns[-1] == "mrr" and result.extra.get("average") is None else "ratio"
    return f": {format_value(float(known.iloc[0]), unit, result.context.currency)}"


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
    columns = ("start", _COHORT[now["measure"]])
    return Cell(call("cohorts", now), where, columns, (), title)


def _survival(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    age = int(selection["age"])
    group = _group(choices, now, selection)
    noun = NOUNS[now["freq"]]
    title = f"At risk at age {age} {noun}{'' if age == 1 else 's'}{_who(group)}"
    where = {"age": age, **group}
    return Cell(call("survival", now), where, ("mrr", "duration", "event"), (), title)


def _drivers(choices: Choices, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
    from saasmetrics.metrics.retention.window import LABELS
    from saasmetrics_widgets import drivers

    drivers.refuse(selection)
    when = choices.text(now["freq"], choices.book.calendar(now["freq"]).of(selection["period"]))
    group = "".join(f", {now['value']}" for _ in (1,) if now["value"])
    words = f"{drivers.explained(now)} to {when}{group}"
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


def named(book: Book, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the customers' names beside their ids, where the book knows any."""
    customers = book.tables.get("customers")
    if customers is None or "name" not in customers.data.column_names or not len(frame):
        return frame
    import pyarrow as pa
    import pyarrow.compute as pc

    known = customers.data["customer_id"].combine_chunks()
    wanted = pa.array(frame["customer_id"]).cast(known.type, safe=False)
    at = pc.index_in(wanted, value_set=known)
    names = pc.take(customers.data["name"], at).to_pandas()
    out = frame.copy()
    out.insert(1, "name", names.to_numpy())
    return out
