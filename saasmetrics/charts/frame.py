"""What every chart shares: data as plain rows, the title, the chart that says why it is empty."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.display import OfflineChart, Rows
from saasmetrics.charts.text import frequency, period_text, thinned, wrap
from saasmetrics.charts.theme import ASSUMED_WIDTH, Palette, Width, config, palette
from saasmetrics.periods import NOUNS
from saasmetrics.printable import printable

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

_FREQUENCIES = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "Y": "yearly"}
_UNITS = {
    "ratio": "per cent",
    "count": "number",
    "multiple": "multiple",
    "months": "months",
    "points": "points",
    "fte": "FTE",
    "hours": "time",
}
EMPTY_HEIGHT = 120
NO_VALUES = "the table has no values."
MOST_BANDS = 3  # more would hide one another


def data(rows: Iterable[Mapping[str, Any]]) -> alt.Data:
    """Return rows as chart data; missing values become null, never 0.

    Examples
    --------
    >>> data([{"value": float("nan")}]).to_dict()
    {'values': [{'value': None}]}
    """
    rows_only = [{printable(key): _plain(value) for key, value in row.items()} for row in rows]
    return Rows(values=rows_only)  # type: ignore[no-untyped-call]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if value is None or isinstance(value, bool | int):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int) else printable(str(value))


def pixels(width: Width) -> int:
    """Return the width to measure with: of a container it is assumed.

    Examples
    --------
    >>> pixels("container")
    680
    """
    return ASSUMED_WIDTH if width == "container" else int(width)


def group_text(row: Mapping[str, Any] | Sequence[Any], by: Sequence[str]) -> str:
    """Return the name of a group: its values, joined.

    Examples
    --------
    >>> group_text({"segment": "SMB", "region": None}, ["segment", "region"])
    'SMB · (none)'
    """
    values = [row[name] for name in by] if isinstance(row, Mapping) else list(row)
    return " · ".join(_word(value) for value in values)


def _word(value: Any) -> str:
    if value is None or value != value:
        return "(none)"
    if hasattr(value, "hour"):  # the first day of a period
        return f"{value:%b %Y}" if value.day == 1 else f"{value:%Y-%m-%d}"
    return printable(str(value))


def with_group(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return a copy with the column `group`; "" where there are no groups."""
    if not by:
        return frame.assign(group="")
    names = [
        group_text(values, by) for values in frame[list(by)].itertuples(index=False, name=None)
    ]
    return frame.assign(group=names)


def freq_of(result: Result, frame: pd.DataFrame) -> str:
    """Return the frequency of a result: as computed, else by the spacing of its periods."""
    return frequency(frame["period"], freq_option(result))


def freq_option(result: Result) -> str | None:
    """Return the frequency among the options of a result, a code or a noun, as a code."""
    given = str(options_of(result).get("freq", ""))
    by_noun = {noun: code for code, noun in NOUNS.items()}
    return given if given in NOUNS else by_noun.get(given.removesuffix("s"))


def options_of(result: Result) -> Mapping[str, Any]:
    """Return the options that a result was computed with."""
    found = getattr(result.context, "options", None)
    return found if isinstance(found, Mapping) else {}


def who(result: Result) -> str:
    """Return the name of the metric with its abbreviation.

    Examples
    --------
    >>> from types import SimpleNamespace as S
    >>> who(S(definition=S(name="Net revenue retention", abbr="NRR")))
    'Net revenue retention (NRR)'
    """
    name, abbr = result.definition.name, getattr(result.definition, "abbr", "") or ""
    return f"{name} ({abbr})" if abbr and abbr.casefold() != name.casefold() else name


def what(
    result: Result, *, freq: str = "", unit: str | None = None, note: str = "", name: str = ""
) -> str:
    """Return the line below the title: metric or another name, unit, groups, frequency, as-of date and a note."""
    unit = unit or result.definition.unit
    currency = result.context.currency
    parts = [name or who(result), "in " + (currency if unit == "money" else _UNITS.get(unit, unit))]
    if unit in {"table", "curve"}:
        parts.pop()
    if result.by:
        parts.append("by " + printable(", ".join(result.by)))
    window = options_of(result).get("window")
    if window and unit == "ratio":
        parts.append(f"over {window}" if isinstance(window, str) else f"over {window} periods")
    if freq:
        parts.append(_FREQUENCIES.get(freq, freq))
    parts.append(f"as of {result.context.as_of}")
    return ", ".join(parts) + (f". {note}." if note else ".")


def band_note(lines: int, *, known: bool) -> str:
    """Return what is said of the intervals of some lines: whether they are drawn, and else where they stand.

    Examples
    --------
    >>> band_note(1, known=True), band_note(10, known=True), band_note(1, known=False)
    ('Band: 95% interval', 'The tooltips have the 95% intervals', '')
    """
    told = "Band: 95% interval" if lines <= MOST_BANDS else "The tooltips have the 95% intervals"
    return told if known else ""


@dataclass(frozen=True)
class Canvas:
    """A result and how it is to be drawn: what every step of drawing needs.

    Parameters
    ----------
    result
        What is drawn.
    colors
        The palette of the theme.
    width, height
        Size in pixels.
    title
        Replaces the generated message; "" leaves title and subtitle to the page around the chart.

    Examples
    --------
    >>> Canvas.of(None, "dark", "container", 200, None).room
    680
    """

    result: Result
    colors: Palette
    width: Width
    height: float
    title: str | None

    @classmethod
    def of(cls, result: Any, theme: str, width: Width, height: float, title: str | None) -> Canvas:
        """Return the canvas of a result in a theme."""
        return cls(result, palette(theme), width, height, title)

    @property
    def room(self) -> int:
        """Width in pixels to measure with."""
        return pixels(self.width)

    @property
    def currency(self) -> str:
        """Currency of the result."""
        return self.result.context.currency

    @property
    def unit(self) -> str:
        """Unit of the result."""
        return self.result.definition.unit

    def finish(
        self, layers: Iterable[Any], *, message: str, subtitle: str, height: float | None = None
    ) -> alt.LayerChart:
        """Return the layers as a chart with size, theme, title (the message) and subtitle."""
        heading = message if self.title is None else self.title
        heading, subtitle = printable(heading), printable(subtitle)
        title: Any = alt.Undefined
        if heading:
            room = self.room - 16
            lines = wrap(subtitle, room) + wrap(self.result.definition.meaning, room)
            title = alt.TitleParams(wrap(heading, room, 15), subtitle=[x for x in lines if x])
        # All at once: each change to a chart of layers copies every layer twice.
        return OfflineChart(
            layer=list(layers),
            width=self.width,
            height=height or self.height,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            title=title,
            description=f"{(heading or message).rstrip('.')}. {subtitle}",
            config=alt.Config(**config(self.colors)),
        )

    def empty(self, reason: str = "") -> alt.LayerChart:
        """Return the chart that says that there is nothing to show yet, and why."""
        because = reason or first_reason(self.result) or "no customer counts here."
        lines = wrap(f"Nothing to show yet: {because}", self.room - 40, 12)
        text = (
            alt.Chart(data([{"text": "\n".join(lines)}]))
            .mark_text(baseline="middle", fontSize=12, color=self.colors.muted, lineBreak="\n")
            .encode(x=constant(alt.XValue, {"expr": "width / 2"}), text=alt.Text("text:N"))
        )
        name, height = self.result.definition.name, EMPTY_HEIGHT
        return self.finish([text], message=name, subtitle=what(self.result), height=height)


def constant(channel: Any, value: Any) -> Any:
    """Return a channel that is the same for all marks, such as `alt.XValue`: what `alt.value` is for, Altair infers.

    Examples
    --------
    >>> constant(alt.XValue, 0).to_dict()
    {'value': 0}
    """
    return channel(value)


def first_reason(result: Result) -> str:
    """Return the reason that most rows of a result give for their missing value, or ""."""
    if "reason" not in result.df.columns:
        return ""
    reasons = result.df["reason"].dropna()
    reasons = reasons[reasons.astype(str) != ""]
    return "" if reasons.empty else f"{reasons.mode().iloc[0]}."


def period_axis(
    periods: list[pd.Timestamp], freq: str, room: float, fiscal_start: int = 1
) -> dict[float, str]:
    """Return the positions of the periods to label, with labels that do not touch."""
    texts = [period_text(period, freq, fiscal_start) for period in periods]
    first = {"M": periods[0].month, "Q": periods[0].quarter}.get(freq, 1)
    return {
        float(index): texts[index] for index in thinned(texts, room, freq=freq, first_month=first)
    }


def _clean(text: str | list[str]) -> str | list[str]:
    return printable(text) if isinstance(text, str) else [printable(line) for line in text]


def axis(
    labels: Mapping[float, str | list[str]], *, title: str | None = None, **more: Any
) -> alt.Axis:
    """Return an axis that writes exactly these labels at these values.

    Examples
    --------
    >>> axis({0.0: "$0"}).to_dict()["labelExpr"]
    '["$0"][indexof([0.0], datum.value)]'
    """
    words = json.dumps([_clean(text) for text in labels.values()], ensure_ascii=False)
    return alt.Axis(
        values=list(labels),
        labelExpr=f"{words}[indexof({json.dumps(list(labels))}, datum.value)]",
        tickCount=max(len(labels), 2),  # with fewer, Vega drops every other of the given values
        title=title,
        **more,
    )
