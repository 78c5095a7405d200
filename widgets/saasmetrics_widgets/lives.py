"""How long customers stay: curves, what a model makes of them beyond, why customers leave, and who stays longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from saasmetrics.charts.text import wrap
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.periods import NOUNS
from saasmetrics.survival.fits import MODELS
from saasmetrics_widgets import curve
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.cards import chosen
from saasmetrics_widgets.choices import FREQS, Choices, check_names, one_of, select
from saasmetrics_widgets.panels import blank
from saasmetrics_widgets.scene import Scene
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_NAMES = ("freq", "column", "value", "weight", "cause", "model", "horizon")
_WEIGHTS = {"logos": "Customers", "mrr": "Starting MRR"}
_HORIZONS = {
    "W": (52, 104, 156, 260),
    "M": (24, 36, 60, 120),
    "Q": (8, 12, 20, 40),
    "Y": (3, 5, 10),
}
_CAUSE = "churn_cause"
_WIDTH, _HIGH = 1000, 230
_MOST_PAIRS = 6


class SurvivalExplorer(MetricWidget):
    """How long customers, or their money, stay: curves by group with a test, causes, and a model that goes on.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        freq ("W", "M", "Q", "Y"), column and value (the groups; "" for none and all), weight ("logos", "mrr"), cause
        (the column of the cause; "" for none), model (one of `sm.survival.fit`; "" for none), horizon (the age to which
        the model goes on; 0 for twice as far as was seen).
    survival, causes, pairs : dict, Python to browser
        The curves, the shares lost to each cause, the groups compared in words: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "survival", "age", "group"} or {"of": "causes", "age", "group"} with the cause as group.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> lives = SurvivalExplorer(sm.demo(customers=100), column="segment", model="weibull")
    >>> lives.view["answer"].startswith("All groups at once")
    True
    """

    kind = "lives"
    words = "Survival of customers"
    layout = ((("survival", 100),), (("causes", 50), ("pairs", 50)), (("table", 100),))

    survival = traitlets.Dict().tag(sync=True)
    causes = traitlets.Dict().tag(sync=True)
    pairs = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book)
        named = (name for name in self._choices.columns if "cause" in name or "reason" in name)
        columns = dict.fromkeys((_CAUSE, *named))
        self._causes = {"": "None", **{c: c.replace("_", " ").capitalize() for c in columns}}
        kinds = {name: words.removesuffix(" model") for name, words in MODELS.items()}
        self._models = {"": "None", **kinds, "auto": "Of lowest AIC"}

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, _NAMES)
        freq = self._choices.when(wanted)["freq"]
        horizon = wanted.get("horizon") or 0
        cause = wanted.get("cause")
        return {
            "freq": freq,
            **self._choices.segment(wanted),
            "weight": one_of("weight", wanted.get("weight") or "logos", _WEIGHTS),
            "cause": one_of("column of causes", _CAUSE if cause is None else cause, self._causes),
            "model": one_of("model", wanted.get("model") or "", self._models),
            "horizon": horizon if horizon in _HORIZONS[freq] else 0,
        }

    def _calls(self, now: Mapping[str, Any]) -> dict[str, Call]:
        """Return the calls behind what is shown, by what they are of."""
        freq = ("freq", now["freq"])
        by = (("by", now["column"]),) if now["column"] else ()
        found = {"survival": Call("survival.curve", (*by, ("weight", now["weight"]), freq))}
        if now["column"]:
            found["pairs"] = Call("survival.compare", (*by, freq))
        if now["cause"]:
            only = by if now["value"] else ()
            found["causes"] = Call("survival.causes", (*only, ("column", now["cause"]), freq))
        if now["model"] and now["weight"] == "logos":
            until = (("horizon", now["horizon"]),) if now["horizon"] else ()
            found["fit"] = Call("survival.fit", (("model", now["model"]), *by, freq, *until))
        return found

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return tuple(self._calls(now).values())

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        calls = self._calls(now)
        there = {name for name, one in calls.items() if wait or one in self._results}
        panels: dict[str, Any] = {name: {} for name in ("causes", "pairs") if name not in calls}
        if there >= {"survival", "fit"} & {*calls}:
            fit = calls.get("fit")
            carried = "" if fit is None else fit.code()
            panels["survival"] = self._panels.panel(
                "survival",
                calls["survival"],
                (now["value"], carried, now["model"]),
                lambda r: self._curves(r, now, fit),
            )
        key = (now["value"],)
        if "causes" in there:
            panels["causes"] = self._panels.panel(
                "causes", calls["causes"], key, lambda r: self._lost(r, now)
            )
        if "pairs" in there:
            panels["pairs"] = self._panels.panel("pairs", calls["pairs"], (), self._pairs)
        whole = "survival" in there
        return {
            "headline": ", ".join(self._told(now)),
            "answer": self._answered(now, calls) if there == {*calls} else "",
            "controls": self._row(now),
            "cards": self._cards(now, calls["survival"]) if whole else [],
            "panels": panels,
            "footnotes": footnotes(self._results, calls.values()),
        }

    def _told(self, now: Mapping[str, Any]) -> tuple[str, ...]:
        who = self._choices.who(now)
        if now["column"] and not now["value"]:
            who = f"By {now['column'].replace('_', ' ')}"
        weight = "customers" if now["weight"] == "logos" else "starting MRR"
        return f"Survival of {weight}", who, f"as of {self.book.as_of_text}", self.book.currency

    def _row(self, now: Mapping[str, Any]) -> list[dict[str, Any]]:
        noun = f"{NOUNS[now['freq']]}s"
        ahead = {0: "Twice what was seen", **{n: f"{n} {noun}" for n in _HORIZONS[now["freq"]]}}
        return [
            select("freq", "By", now, FREQS),
            *self._choices.segments(now),
            select("weight", "Weigh by", now, _WEIGHTS),
            select("cause", "Causes", now, self._causes),
            select("model", "Model beyond", now, self._models),
            select("horizon", "Up to", now, ahead),
        ]

    def _answered(self, now: Mapping[str, Any], calls: Mapping[str, Call]) -> str:
        """Return the test of the groups in words, or how long half of the customers stay."""
        name = "pairs" if "pairs" in calls else "survival"
        try:
            found = self._results[calls[name]]
        except DataError as error:
            return str(error).split("\n", maxsplit=1)[0] if name == "pairs" else ""
        if name == "pairs":
            return f"{found.extra['headline']}".rstrip(".") + "."
        if not len(found.df):
            return "No customer has a lifetime yet."
        measured = {**now, "measure": now["weight"]}
        words = curve.half(found, measured, NOUNS[now["freq"]])
        return f"{words[:1].upper()}{words[1:]}."

    def _cards(self, now: Mapping[str, Any], asked: Call) -> list[dict[str, Any]]:
        """Return the median lifetime of each group, the largest ones."""
        try:
            summary = self._results[asked].extra["summary"]
        except DataError:
            return []
        column, noun = now["column"], NOUNS[now["freq"]]
        if column and now["value"]:
            summary = summary[summary[column].map(str) == now["value"]]
        summary = summary[summary["n"] > 0]
        rows = summary.sort_values("n", ascending=False, kind="stable").head(curve.MOST_CURVES)
        return [_median(row, column, noun) for row in rows.to_dict("records")]

    def _curves(self, result: Result, now: Mapping[str, Any], fit: Call | None) -> dict[str, Any]:
        title = self._told(now)[0]
        found, left_out = curve.curves(result.df, now)
        if not found:
            return blank(title, "No customer has a lifetime yet.", _WIDTH)
        noun = NOUNS[now["freq"]]
        notes = curve.axes(found, noun)
        if fit is not None:
            found, words = self._carried_on(found, now, fit)
            notes.append(words)
        elif now["model"]:
            notes.append("models are of customers: weigh by customers to see beyond")
        if left_out:
            notes.append(f"the {len(found)} largest of {len(found) + left_out} groups")
        currency = "" if now["weight"] == "logos" else self.book.currency
        plot = curve.Plot(noun, currency, width=_WIDTH, high=_HIGH)
        scene = curve.drawn(found, plot, title)
        return {"title": title, "note": "; ".join(notes) + ".", "scene": scene.as_dict()}

    def _carried_on(
        self, found: list[curve.Curve], now: Mapping[str, Any], fit: Call
    ) -> tuple[list[curve.Curve], str]:
        """Return curves with what a model makes of them beyond the oldest age seen, and the words for it."""
        try:
            fitted = self._results[fit]
        except DataError as error:
            return found, f"no model: {error}"
        out: list[curve.Curve] = []
        names: dict[str, None] = {}
        summary = fitted.extra["summary"]
        for one in found:
            df, about = fitted.df, summary
            if one.name:
                df = df[df[now["column"]].map(str) == one.name]
                about = about[about[now["column"]].map(str) == one.name]
            last = int(one.rows[-1]["age"])
            out.append(curve.carried(one, df[(df["age"] >= last) & df["value"].notna()]))
            for name in about["model"].tolist():
                names[self._models.get(name, name)] = None
        return out, f"dashed: {' and '.join(names)} beyond what was observed"

    def _lost(self, result: Result, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return the shares lost to each cause, ready to be drawn."""
        df = chosen(result.df, now) if now["value"] else result.df
        df = df[df["value"].notna()]
        title = "Lost to each cause"
        if not len(df):
            return blank(title, "No customer has left yet.")
        names = [str(name) for name in dict.fromkeys(df["cause"])]
        lines = [
            curve.Curve(name, f"g{i}", curve.records(df[df["cause"] == name]))
            for i, name in enumerate(names[: curve.MOST_CURVES])
        ]
        noun = NOUNS[now["freq"]]
        top = (
            0.25
            if float(df["value"].max()) <= 0.25
            else 0.5
            if float(df["value"].max()) <= 0.5
            else 1.0
        )
        plot = curve.Plot(noun, of="causes", width=500, high=150, top=top)
        scene = curve.drawn(lines, plot, title)
        note = f"By age in {noun}s; causes compete, so that with those still there they are all."
        return {"title": title, "note": note, "scene": scene.as_dict()}

    def _pairs(self, result: Result) -> dict[str, Any]:
        """Return the comparison of every pair in words."""
        df = result.df.sort_values("p_corrected", kind="stable", na_position="last")
        title = "Who stays longer"
        parts = [wrap(text, 480, 11) for text in df["words"].head(_MOST_PAIRS)]
        scene = Scene(500, 10 + sum(16 * len(lines) + 10 for lines in parts), title)
        y = 0.0
        for row, (lines, group) in enumerate(zip(parts, df["group"].tolist(), strict=False)):
            pick = {"of": "survival", "age": 0, "group": str(group)}
            high = 16 * len(lines) + 4
            scene.mark((0, y, 500, high), pick, " ".join(lines), place=(row, 0), fill="ground")
            for number, line in enumerate(lines):
                scene.text(8, y + 14 + 16 * number, line, size=11)
            y += high + 6
        many = f"The {_MOST_PAIRS} clearest of {len(df)} pairs." if len(df) > _MOST_PAIRS else ""
        return {
            "title": title,
            "note": many or "Pair by pair, the clearest first.",
            "scene": scene.as_dict(),
        }

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        names = ("freq", "column", "value", "weight", "cause")
        return dict(selection) if all(old.get(name) == now[name] for name in names) else {}

    def _links(
        self, now: Mapping[str, Any], selection: Mapping[str, Any]
    ) -> Sequence[Mapping[str, Any]]:
        del now
        other = {"survival": "causes", "causes": "survival"}[selection["of"]]
        return ({"of": other, "age": selection["age"]},)

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        calls, of = self._calls(now), str(selection.get("of", ""))
        if of not in ("survival", "causes") or of not in calls:
            raise UnknownNameError.of("part of the explorer", of, ("survival", "causes"))
        if "age" not in selection:
            msg = f"A selection of {of!r} names its age."
            raise DataError(msg)
        age, group = int(selection["age"]), str(selection.get("group") or "")
        noun = f"{NOUNS[now['freq']]}{'' if age == 1 else 's'}"
        if of == "causes":
            where = {"age": age, "cause": group, **dict(self._choices.where(now))}
            return Cell(
                calls[of],
                where,
                ("mrr", "duration"),
                (),
                f"Lost by age {age} {noun}, cause {group}",
            )
        value = now["value"] or group
        where = {"age": age, **dict(self._choices.where({**now, "value": value}))}
        who = f", {value}" if value else ""
        columns = ("mrr", "duration", "event")
        return Cell(calls[of], where, columns, (), f"At risk at age {age} {noun}{who}")


def _median(row: Mapping[str, Any], column: str, noun: str) -> dict[str, Any]:
    """Return a group's median lifetime as a card."""
    name = str(row[column]) if column else "Median lifetime"
    known = row["median"] == row["median"]
    value = f"{row['median']:g}" if known else "–"
    edges = [row.get("median_low"), row.get("median_high")]
    low, high = (None if edge is None or edge != edge else f"{edge:g}" for edge in edges)
    band = f"95%: {low}–{high}" if low and high else f"95%: above {low}" if low else ""
    note = band if known else "more than half are left"
    many = f"{row['n']:,} customer{'' if row['n'] == 1 else 's'}, {row['events']:,} lost"
    pick = {"of": "survival", "age": 0} | ({"group": name} if column else {})
    return {
        "id": name,
        "title": f"{name}: half stay" if column else name,
        "value": value,
        "unit": f"{noun}s" if known else "",
        "change": many,
        "note": note,
        "tip": "The age at which half of the customers are gone, by the survival curve.",
        "say": f"{name}, half are gone after {value} {noun}s, {note}, {many}",
        "pick": pick,
    }


def explore_survival(book: Book, **controls: Any) -> SurvivalExplorer:
    """Open the survival explorer of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: freq, column, value, weight, cause, model, horizon.

    Returns
    -------
    SurvivalExplorer
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or does not fit the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> explore_survival(sm.demo(customers=50), weight="mrr").controls["weight"]
    'mrr'
    """
    return SurvivalExplorer(book, **controls)
