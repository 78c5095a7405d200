"""A review of cohorts: the heat map, two cohorts compared with a test, and what was noted, kept with the review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.periods import NOUNS
from saasmetrics_widgets import cohorts, notes, pair
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import chosen
from saasmetrics_widgets.choices import FREQS, MEASURES, Choices, check_names, entry, one_of, select
from saasmetrics_widgets.given import plain
from saasmetrics_widgets.located import COHORT
from saasmetrics_widgets.saved import load, save
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NAMES = ("measure", "freq", "column", "value", "ages", "a", "b")
_YEAR = {"W": 52, "M": 12, "Q": 4, "Y": 1}
_AGES = {0: "All", 6: "First 6", 12: "First 12", 24: "First 24", 36: "First 36"}
_KIND, _EXAMPLE = "cohort review", "review.json"
_WIDTH = 1000


class CohortReview(MetricWidget):
    """Cohorts to review: what is left by age, two of them compared, and notes that are kept.

    Parameters
    ----------
    book
        The company's tables.
    notes
        What was noted before, as in `notes`.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        measure ("logos", "net", "gross", "mrr"), freq ("W", "M", "Q", "Y"), column and value (the segment; "" for none
        and all), ages (how many are drawn; 0 for all), a and b (first days of the cohorts that are compared).
    notes : list of dict, both ways
        What was noted: text, and of what: freq, column, value, cohort (its first day), age (None for the whole cohort).
    cohorts, pair, noted : dict, Python to browser
        The heat map, the comparison, the list of notes: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "cohorts", "cohort", "age"} or {"of": "pair", "age", "group"} with group "A" or "B".

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> review = CohortReview(sm.demo(customers=60), freq="Q")
    >>> review.note("The price rise of January", cohort="2025-01-01", age=1)
    >>> review.notes[0]["text"]
    'The price rise of January'
    """

    kind = "review"
    words = "Review of cohorts"
    layout = ((("cohorts", 100),), (("pair", 57), ("table", 43)), (("noted", 100),))

    notes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    cohorts = traitlets.Dict().tag(sync=True)
    pair = traitlets.Dict().tag(sync=True)
    noted = traitlets.Dict().tag(sync=True)

    def __init__(
        self, book: Book, notes: Sequence[Mapping[str, Any]] = (), **controls: Any
    ) -> None:
        super().__init__(book, **controls)
        if notes:
            self.notes = [*notes]

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book)

    def note(self, text: str, cohort: str, age: int | None = None) -> None:
        """Note something of a cohort, or of one of its ages, in what is shown; an empty text takes a note away.

        Parameters
        ----------
        text
            What is noted.
        cohort
            The first day of the cohort.
        age
            The age in periods; None for the cohort as a whole.
        """
        now = self.controls
        place = {"freq": now["freq"], "column": now["column"], "value": now["value"]}
        made = notes.checked({**place, "cohort": cohort, "age": age, "text": text})
        other = [one for one in self.notes if any(one[name] != made[name] for name in notes.PLACE)]
        self.notes = [*other, made] if made["text"] else other

    def save(self, path: str | Path) -> Path:
        """Write notes and controls to a file of JSON, whole or not at all, and return its path.

        Raises
        ------
        DataError
            If that is no path, or the file cannot be written.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> book, path = sm.demo(customers=60), tempfile.mkdtemp() + "/review.json"
        >>> CohortReview.load(book, CohortReview(book, measure="net").save(path)).controls["measure"]
        'net'
        """
        book = self.book
        known = {"as_of": book.as_of_text, "currency": book.currency, "policy": book.policy.name}
        told = {"book": known, "controls": self.controls, "notes": list(self.notes)}
        return save(path, _KIND, told, _EXAMPLE)

    @classmethod
    def load(cls, book: Book, path: str | Path) -> CohortReview:
        """Open a review that was saved; controls that no longer fit the book take their defaults, notes stay.

        Raises
        ------
        DataError
            If there is no such file, or it is no review.
        """
        told = load(path, _KIND, _EXAMPLE)
        controls, kept = told.get("controls"), told.get("notes")
        if not isinstance(controls, dict) or not isinstance(kept, list):
            msg = f"{path} is a cohort review without its notes or controls; save it anew."
            raise DataError(msg)
        known = plain({n: controls[n] for n in _NAMES if n in controls}, "Control")
        found = cls(book, notes=kept)
        if known.get("column") not in ("", *found._choices.columns):
            known |= {"column": "", "value": ""}
        found.controls = known
        return found

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        freq = self._choices.when(wanted)["freq"]
        days = [*self._choices.periods(freq)]
        at = min(_YEAR[freq], len(days) - 1)
        a, b = wanted.get("a"), wanted.get("b")
        a = a if a in days else days[at]
        ages = wanted.get("ages") or 0
        return {
            "measure": one_of("measure", wanted.get("measure") or "logos", MEASURES),
            "freq": freq,
            **self._choices.segment(wanted),
            "ages": ages if ages in _AGES else 0,
            "a": a,
            "b": b if b in days else days[min(at + 1, len(days) - 1)],
        }

    def _calls(self, now: Mapping[str, Any]) -> tuple[Call, Call]:
        by = (("by", now["column"]),) if now["value"] else ()
        measure = _compared(now)
        options = (("measure", measure), ("freq", now["freq"]), *by)
        return (
            Call("retention.cohorts", (("measure", now["measure"]), ("freq", now["freq"]), *by)),
            Call("retention.compare_cohorts", options, inputs=(now["a"], now["b"])),
        )

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return self._calls(now)

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        whole, two = self._calls(now)
        panels = {"noted": self._listed(now)}
        if wait or whole in self._results:
            panels["cohorts"] = self._map(now, whole)
        if wait or two in self._results:
            names = (self._cohort(now, now["a"]), self._cohort(now, now["b"]))
            key = (now["value"], *names)
            panels["pair"] = self._panels.panel(
                "pair", two, key, lambda r: pair.panel(r, now, names, _compared(now))
            )
        measure = self._choices.measures()[now["measure"]]
        return {
            "headline": f"{measure}, {self._choices.who(now)}, as of {self.book.as_of_text}, {self.book.currency}",
            "answer": self._answered(now, two) if "pair" in panels else "",
            "controls": self._row(now),
            "forms": self._forms(now),
            "panels": panels,
            "footnotes": footnotes(self._results, self._calls(now)),
        }

    def _map(self, now: Mapping[str, Any], whole: Call) -> dict[str, Any]:
        said = {(n["cohort"], n["age"]): n["text"] for n in self._here(now)}
        letters = {now["a"]: "A", now["b"]: "B"}
        key = (now["value"], now["ages"], sorted(map(str, said)), *letters)
        ages = now["ages"] or cohorts.MOST

        def draw(result: Result) -> dict[str, Any]:
            return cohorts.panel(result, now, width=_WIDTH, ages=ages, said=said, compared=letters)

        return self._panels.panel("cohorts", whole, key, draw)

    def _answered(self, now: Mapping[str, Any], two: Call) -> str:
        """Return the test of the two cohorts in words, with their names as people read them."""
        try:
            found = self._results[two]
            tests = chosen(found.extra["tables"]["Tests"], now)
        except DataError:
            return ""
        if not len(tests):
            return ""
        words = str(tests["words"].iloc[0])
        for name, day in zip(found.extra["names"], (now["a"], now["b"]), strict=True):
            words = words.replace(name, self._cohort(now, day))
        return f"{words}."

    def _row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        periods = self._choices.periods(now["freq"])
        noun = f"{NOUNS[now['freq']]}s"
        ages = {age: text if not age else f"{text} {noun}" for age, text in _AGES.items()}
        return [
            select("measure", "Measure", now, self._choices.measures()),
            select("freq", "By", now, FREQS),
            *self._choices.segments(now),
            select("ages", "Ages", now, ages),
            select("a", "Compare A", now, periods),
            select("b", "with B", now, periods),
        ]

    def _cohort(self, now: Mapping[str, Any], day: str) -> str:
        return self._choices.text(now["freq"], self.book.calendar(now["freq"]).of(day))

    def _here(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the notes of what is shown."""
        names = ("freq", "column", "value")
        return [note for note in self.notes if all(note[name] == now[name] for name in names)]

    def _picked(self) -> dict[str, Any]:
        """Return the chosen cell of the heat map; nothing where none, or none that there could be, is chosen."""
        if self.selection.get("of") != "cohorts":
            return {}
        try:
            place = notes.checked({**self.selection, "text": ""})
        except DataError:
            return {}
        return {name: place[name] for name in ("cohort", "age")}

    def _forms(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the places to write a note of the chosen cohort and of the chosen cell."""
        picked = self._picked()
        texts = {(note["cohort"], note["age"]): note["text"] for note in self._here(now)}
        forms = []
        for name, what in (("cell", "cell"), ("cohort", "whole cohort")):
            cohort, age = picked.get("cohort"), picked.get("age") if name == "cell" else None
            label = f"Note on the {what}"
            if cohort:
                label = f"Note on {self._cohort(now, cohort)}" + (
                    "" if age is None else f", age {age}"
                )
            more = {"value": texts.get((cohort, age), ""), "of": f"{now['freq']}|{cohort}|{age}"}
            hint = "" if cohort else "Choose a cell first"
            forms.append(
                entry(
                    name,
                    label,
                    "note",
                    button="Keep",
                    lines=2,
                    hint=hint,
                    disabled=not cohort,
                    **more,
                )
            )
        return forms

    def _listed(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return the list of notes, each of which leads to its cell; nothing where there is none."""
        return notes.panel(self._here(now), lambda day: self._cohort(now, day))

    def _asks(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return {"note": self._written}

    def _written(self, content: Mapping[str, Any]) -> None:
        """Keep what was written of the chosen cell or cohort."""
        picked = self._picked()
        if not picked:
            return
        age = picked["age"] if content.get("name") == "cell" else None
        self.note(str(content.get("value") or ""), picked["cohort"], age)

    def _fits(self, name: str, value: Any) -> None:
        super()._fits(name, value)
        if name == "notes":
            notes.all_checked(value)

    @traitlets.validate("notes")
    def _check_notes(self, proposal: Mapping[str, Any]) -> list[dict[str, Any]]:
        return notes.all_checked(proposal["value"])

    @traitlets.observe("notes")
    def _renoted(self, _change: Mapping[str, Any]) -> None:
        if self._open:
            self._again()

    @traitlets.observe("selection")
    def _reform(self, _change: Mapping[str, Any]) -> None:
        """Offer to note something of what is chosen now."""
        if self._open:
            self.view = {**self.view, "forms": self._forms(self.controls)}

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        same = all(old.get(name) == now[name] for name in ("freq", "column", "value"))
        if not same or (selection.get("of") == "pair" and old != now):
            return {}
        return dict(selection)

    def _links(
        self, now: Mapping[str, Any], selection: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        """Light up the cell of a point of the comparison, and the point of a cell."""
        if selection["of"] == "pair":
            cohort = now[str(selection.get("group")).lower()]
            return ({"of": "cohorts", "cohort": cohort, "age": selection["age"]},)
        letter = {now["b"]: "B", now["a"]: "A"}.get(selection["cohort"])
        return ({"of": "pair", "age": selection["age"], "group": letter},) if letter else ()

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        whole, two = self._calls(now)
        group = dict(self._choices.where(now))
        who = "".join(f", {value}" for value in group.values())
        of = str(selection.get("of", ""))
        if of not in ("cohorts", "pair"):
            raise UnknownNameError.of("part of the review", of, ("cohorts", "pair"))
        try:
            age = int(selection["age"])
            noun = f"{NOUNS[now['freq']]}{'' if age == 1 else 's'}"
            if of == "cohorts":
                day = selection["cohort"]
                where = {"cohort": day, "age": age, **group}
                title = f"Cohort {self._cohort(now, day)} after {age} {noun}{who}"
                return Cell(whole, where, ("start", COHORT[now["measure"]]), (), title)
            side = one_of("cohort", str(selection["group"]).lower(), ("a", "b"))
        except KeyError as error:
            msg = f"A selection of {of!r} names its {error.args[0]}."
            raise DataError(msg) from None
        columns = ("start", COHORT[_compared(now)])
        title = f"Cohort {self._cohort(now, now[side])} after {age} {noun}{who}"
        return Cell(two, {"age": age, "cohort": side, **group}, columns, (), title)


def _compared(now: Mapping[str, Any]) -> str:
    """Return the measure by which two cohorts are compared: amounts of MRR by what is left of them."""
    return "net" if now["measure"] == "mrr" else str(now["measure"])


def review_cohorts(book: Book, **controls: Any) -> CohortReview:
    """Open a review of the cohorts of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: measure, freq, column, value, ages, a, b; and notes.

    Returns
    -------
    CohortReview
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> review_cohorts(sm.demo(customers=50), freq="Q").controls["freq"]
    'Q'
    """
    return CohortReview(book, **controls)
