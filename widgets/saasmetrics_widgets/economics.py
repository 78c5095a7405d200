"""Unit economics with levers: LTV to CAC and payback by segment against their bars, and scenarios that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_value
from saasmetrics_widgets import scenarios, verdicts
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import Reading, against_target, interval, reading
from saasmetrics_widgets.choices import Choices, check_names, entry, select
from saasmetrics_widgets.given import plain
from saasmetrics_widgets.lever_cards import cards
from saasmetrics_widgets.saved import load, save
from saasmetrics_widgets.scenarios import LEVERS, STEPS, UNMOVED, all_checked, checked, lever, moved
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NAMES = ("column", *LEVERS)
_PATHS = {"ratio": "economics.ltv_cac_whatif", "months": "economics.payback_whatif"}
_TITLES = {"ratio": ("LTV to CAC", "3:1"), "months": ("CAC payback in months", "12 months")}
_KIND, _EXAMPLE = "unit economics", "scenarios.json"


class UnitEconomics(MetricWidget):
    """LTV to CAC and payback by segment against 3:1 and 12 months, with levers, and scenarios that are kept.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    scenarios
        Scenarios kept before, as in `scenarios`.
    gross_margin
        As a share; by default from the tables, as in `sm.economics.ltv`.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        column (the segment that customers and spend share; "" for none), churn, price, margin and cac: changes in per
        cent, whole numbers from -50 to 50.
    scenarios : list of dict, both ways
        What is kept: name, churn, price, margin, cac.
    ratio, months, kept : dict, Python to browser
        LTV to CAC, payback, the scenarios side by side: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "ratio" or "months"} with the value of the segment column: the customers won. {"of": "kept", "name"}
        moves the levers to those of a scenario.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> units = UnitEconomics(sm.demo(customers=200), cac=-20)
    >>> units.keep("Cheaper leads")
    >>> units.scenarios[0]["cac"]
    -20
    """

    kind = "economics"
    words = "Unit economics with levers"
    layout = ((("ratio", 50), ("months", 50)), (("kept", 57), ("table", 43)))

    scenarios: traitlets.List[Any] = traitlets.List().tag(sync=True)
    ratio = traitlets.Dict().tag(sync=True)
    months = traitlets.Dict().tag(sync=True)
    kept = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        book: Book,
        scenarios: Sequence[Mapping[str, Any]] = (),
        gross_margin: float | None = None,
        **controls: Any,
    ) -> None:
        self._margin = () if gross_margin is None else (("gross_margin", gross_margin),)
        super().__init__(book, **controls)
        if scenarios:
            self.scenarios = [*scenarios]

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book)
        spend = book.tables["spend"].data.column_names if "spend" in book.tables else []
        self._columns = [name for name in self._choices.columns if name in spend]

    def keep(self, name: str) -> None:
        """Keep the levers as they are as a scenario; one of the same name is replaced."""
        made = checked({"name": name, **{lever: self.controls[lever] for lever in LEVERS}})
        self.scenarios = [*(one for one in self.scenarios if one["name"] != made["name"]), made]

    def save(self, path: str | Path) -> Path:
        """Write scenarios and controls to a file of JSON, whole or not at all, and return its path.

        Raises
        ------
        DataError
            If that is no path, or the file cannot be written.
        """
        told = {"controls": self.controls, "scenarios": list(self.scenarios)}
        return save(path, _KIND, told, _EXAMPLE)

    @classmethod
    def load(cls, book: Book, path: str | Path) -> UnitEconomics:
        """Open what was saved on a book.

        Raises
        ------
        DataError
            If there is no such file, or it holds something else.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> book, path = sm.demo(customers=200), tempfile.mkdtemp() + "/scenarios.json"
        >>> UnitEconomics.load(book, UnitEconomics(book, price=10).save(path)).controls["price"]
        10
        """
        told = load(path, _KIND, _EXAMPLE)
        kept, scenarios = told.get("controls"), told.get("scenarios")
        if (
            not isinstance(kept, dict)
            or not {*_NAMES} <= {*kept}
            or not isinstance(scenarios, list)
        ):
            msg = f"{path} holds no controls or no scenarios; save it anew."
            raise DataError(msg)
        controls = plain({name: kept[name] for name in _NAMES}, "Control")
        found = cls(book, scenarios=scenarios)
        known = controls["column"] in ("", *found._columns)
        found.controls = controls if known else {**controls, "column": ""}
        return found

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        usual = self._columns[0] if self._columns else ""
        column = wanted.get("column", usual)
        if column not in ("", *self._columns):
            raise UnknownNameError.of(
                "segment column that spend has too", column, ("", *self._columns)
            )
        return {"column": column, **{name: lever(name, wanted.get(name)) for name in LEVERS}}

    def _call(self, of: str, column: str, levers: Mapping[str, Any]) -> Call:
        """Return the call of one of the two numbers under levers, by segment or of all."""
        by = (("by", column),) if column else ()
        moved = tuple((name, levers[name] / 100) for name in LEVERS if levers.get(name))
        return Call(_PATHS[of], (*by, *moved, *self._margin))

    def _result(self, call: Call) -> Result:
        """Return a result; one with levers is moved from the one without, so that nothing is counted again."""
        options = dict(call.options)
        moved = {name: options.pop(name) for name in LEVERS if name in options}
        if moved and call not in self._results:
            base: Any = self._results[Call(call.path, tuple(options.items()))]
            self._results.put(call, base.moved(**moved))
        return self._results[call]

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        columns = dict.fromkeys(("", now["column"]))
        return [self._call(of, column, {}) for column in columns for of in _PATHS]

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        if not wait and any(one not in self._results for one in self._needs(now)):
            return {
                "headline": self._headline(now),
                "controls": self._row(now),
                "forms": self._forms(),
                "panels": {},
            }
        panels = {of: self._drawn(of, now) for of in _PATHS}
        return {
            "headline": self._headline(now),
            "answer": self._answer_of(now),
            "controls": self._row(now),
            "forms": self._forms(),
            "cards": cards(now, self._first, self.book.currency),
            "panels": {**panels, "kept": self._side_by_side(now)},
            "footnotes": footnotes(
                self._results, [self._call(of, now["column"], now) for of in _PATHS]
            ),
        }

    def _headline(self, now: Mapping[str, Any]) -> str:
        by = f"by {now['column'].replace('_', ' ')}, " if now["column"] else ""
        return f"Unit economics, {by}as of {self.book.as_of_text}, {self.book.currency}, policy {self.book.policy.name}"

    def _drawn(self, of: str, now: Mapping[str, Any]) -> dict[str, Any]:
        call, before = self._call(of, now["column"], now), self._call(of, now["column"], {})
        self._kept_or_error(call)

        def draw(result: Result) -> dict[str, Any]:
            return verdicts.panel(result, self._result(before), of, *_TITLES[of])

        return self._panels.panel(of, call, (), draw)

    def _kept_or_error(self, call: Call) -> Result | DataError:
        try:
            return self._result(call)
        except DataError as error:
            return error

    def _first(self, of: str, levers: Mapping[str, Any]) -> tuple[Reading, Mapping[str, Any]]:
        """Return one of the two numbers of all customers under levers, with its row."""
        found = self._kept_or_error(self._call(of, "", levers))
        if isinstance(found, DataError):
            return Reading(reason=str(found).split("\n", maxsplit=1)[0]), {}
        row = {str(name): value for name, value in found.df.iloc[0].items()}
        return reading(row), row

    def _answer_of(self, now: Mapping[str, Any]) -> str:
        """Return the verdict on LTV to CAC of all customers in words."""
        this, row = self._first("ratio", now)
        if this.value is None:
            return f"LTV:CAC is not known: {this.reason.rstrip('.')}."
        words, currency = moved(now), self.book.currency
        band, verdict = interval(this, "multiple", currency), against_target(this, "multiple")
        said = f"LTV:CAC {format_value(this.value, 'multiple', currency)} ({band}), {verdict}"
        chance = verdicts.chance(row)
        return f"{words}: {said}{f', {chance} that LTV reaches 3 CAC' if chance else ''}."

    def _row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        names = {
            "": "None",
            **{name: name.replace("_", " ").capitalize() for name in self._columns},
        }
        return [
            select("column", "Segment", now, names),
            *(select(name, label, now, STEPS, "range") for name, label in LEVERS.items()),
        ]

    def _forms(self) -> list[dict[str, Any]]:
        names = [one["name"] for one in self.scenarios]
        last, many = names[-1] if names else "", len(names)
        hint = "Name of the scenario"
        return [
            entry("name", "Keep these levers as", "keep", button="Keep", hint=hint, of=many),
            entry(
                "kept", "Scenarios", "forget", button="Remove", options=names, value=last, of=many
            ),
        ]

    def _side_by_side(self, now: Mapping[str, Any]) -> dict[str, Any]:
        def code(levers: Mapping[str, Any]) -> str:
            return self._call("ratio", "", levers).code()

        return scenarios.panel(self.scenarios, now, self._first, code, self.book.currency)

    def _asks(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return {
            "keep": lambda content: self.keep(str(content.get("value") or "")),
            "forget": lambda content: self._forget(str(content.get("value") or "")),
        }

    def _forget(self, name: str) -> None:
        self.scenarios = [one for one in self.scenarios if one["name"] != name]

    def _fits(self, name: str, value: Any) -> None:
        super()._fits(name, value)
        if name == "scenarios":
            all_checked(value)

    @traitlets.validate("scenarios")
    def _check_scenarios(self, proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
        return all_checked(proposal["value"])

    @traitlets.observe("scenarios")
    def _compare(self, _change: Mapping[str, Any]) -> None:
        if self._open:
            self._again()

    @traitlets.observe("selection")
    def _move(self, change: Mapping[str, Any]) -> None:
        """Move the levers to those of a chosen scenario."""
        if change["new"].get("of") != "kept":
            return
        found = next(
            (one for one in (UNMOVED, *self.scenarios) if one["name"] == change["new"].get("name")),
            None,
        )
        if found is not None:
            self.selection = {}
            self.controls = {**self.controls, **{name: found[name] for name in LEVERS}}

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        return dict(selection) if old["column"] == now["column"] else {}

    def _links(
        self, now: Mapping[str, Any], selection: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        del now
        other = {"ratio": "months", "months": "ratio"}[selection["of"]]
        return ({**selection, "of": other},)

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        of = str(selection.get("of", ""))
        if of == "kept":
            raise UnknownNameError.of(
                "scenario", selection.get("name"), [one["name"] for one in self.scenarios]
            )
        if of not in _PATHS:
            raise UnknownNameError.of("part of unit economics", of, (*_PATHS, "kept"))
        column = now["column"] if now["column"] in selection else ""
        call = self._call(of, column, now)
        self._result(call)
        where = (
            dict(self._choices.where({"column": column, "value": selection[column]}))
            if column
            else {}
        )
        who = "".join(f", {value}" for value in where.values())
        return Cell(call, where, (), (), f"Customers won, {_TITLES[of][0]}{who}")


def unit_economics(book: Book, **controls: Any) -> UnitEconomics:
    """Open the unit economics of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: column, churn, price, margin, cac; and scenarios.

    Returns
    -------
    UnitEconomics
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> unit_economics(sm.demo(customers=200), churn=-10).controls["churn"]
    -10
    """
    return UnitEconomics(book, **controls)
