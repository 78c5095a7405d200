"""Cohorts as a heat map, with nothing drawn where nothing was observed yet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import NO_VALUES, Canvas, axis, data, freq_of, options_of, what
from saasmetrics.charts.text import period_text, text_width
from saasmetrics.charts.theme import Palette, Theme, Width, along, blend, readable_on
from saasmetrics.money import counted, format_money
from saasmetrics.periods import PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

MOST_LABELED = 24
MOST_ROWS = 48
_COARSER = {"D": "M", "W": "Q", "M": "Q", "Q": "Y"}
_NOUNS = {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}


def cohorts(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw cohorts by age as a heat map; a cell that is not observed yet is hatched, never 0.

    Parameters
    ----------
    result
        Result of kind "cohorts"; groups are pooled. More than 48 cohorts are pooled into
        quarters or years (numerators and denominators added), and the subtitle says so.
    theme
        "light" or "dark".
    width, height
        Size in pixels; width "container" takes that of the page.
    title
        Replaces the generated message; "" draws no title.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> chart = cohorts(sm.retention.cohorts(sm.demo(customers=50), freq="Q"))
    """
    canvas = Canvas.of(result, theme, width, height or 0, title)
    frame = result.df
    if not len(frame) or not frame["observed"].astype(bool).any():
        return canvas.empty("no cohort has been observed for a full period.")
    if frame["numerator"].isna().all():
        return canvas.empty(NO_VALUES)
    measure = options_of(result).get("measure")
    ratio = result.definition.unit == "ratio" and measure not in ("mrr", "gross_profit")
    freq = freq_of(result, frame.rename(columns={"cohort": "period"}))
    cells, row_freq = pooled(frame, freq, divided=measure != "mrr")
    return _chart(cells, freq, row_freq, canvas, ratio=ratio)


def pooled(frame: pd.DataFrame, freq: str, *, divided: bool) -> tuple[pd.DataFrame, str]:
    """Return one row per cohort and age over all groups, in cohorts few enough to be read.

    A pooled cell is observed only where every cohort in it is.

    Examples
    --------
    >>> import pandas as pd
    >>> two = pd.DataFrame({"cohort": pd.to_datetime(["2025-01-01"] * 2), "age": 1,
    ...     "numerator": [2, 3], "denominator": [2, 6], "observed": True})
    >>> pooled(two, "M", divided=True)[0]["value"].tolist()
    [0.625]
    """
    rows, row_freq = frame[["cohort", "age", "numerator", "denominator", "observed"]], freq
    while rows["cohort"].nunique() > MOST_ROWS and row_freq in _COARSER:
        row_freq = _COARSER[row_freq]
        rows = rows.assign(cohort=rows["cohort"].dt.to_period(row_freq).dt.start_time)
    kinds = {"numerator": "sum", "denominator": "sum", "observed": "min"}
    cells = rows.groupby(["cohort", "age"], as_index=False, sort=True).agg(kinds)
    cells["observed"] = cells["observed"].astype(bool)
    amount = cells["numerator"].astype(float)
    base = cells["denominator"].astype(float)
    values = amount / base.where(base != 0) if divided else amount
    cells["value"] = values.where(cells["observed"])
    return cells, row_freq


def _chart(
    cells: pd.DataFrame, freq: str, row_freq: str, canvas: Canvas, *, ratio: bool
) -> alt.LayerChart:
    result, colors = canvas.result, canvas.colors
    starts = sorted(cells["cohort"].unique())
    ages = range(int(cells["age"].min()), int(cells["age"].max()) + 1)
    labeled = len(starts) <= MOST_LABELED and len(ages) <= MOST_LABELED
    row_height = 22 if labeled else max(5, min(18, 560 // len(starts)))
    height = canvas.height or max(90, row_height * len(starts))
    seen = _cells(cells, starts, ratio, canvas.currency, colors, row_freq)
    slot = (canvas.room - 110) / len(ages)
    x = alt.Scale(domain=[ages.start - 0.5, ages.stop - 0.5], nice=False, zero=False)
    y = alt.Scale(domain=[len(starts) - 0.5, -0.5], nice=False, zero=False)
    encoding = {
        "x": alt.X(
            "left:Q",
            scale=x,
            axis=_age_axis(ages, slot, f"{_noun(result, freq)} since {since(result)}"),
        ),
        "x2": alt.X2("right:Q"),
        "y": alt.Y("top:Q", scale=y, axis=_cohort_axis(starts, cells, row_freq, height, colors)),
        "y2": alt.Y2("bottom:Q"),
    }
    layers = [
        _ground(ages, len(starts), encoding, colors),
        _hatch(ages, len(starts), canvas.room - 110, height, x, y, colors),
        _filled(seen, encoding),
        *(_numbers(seen, slot, x, y) if labeled else []),
    ]
    notes = ["Hatched: not observed yet"] if len(seen) < len(starts) * len(ages) else []
    if row_freq != freq:
        notes.append(f"Cohorts pooled into {_NOUNS[row_freq]}")
    if result.by:
        notes.append("All groups pooled")
    return canvas.finish(
        layers,
        message=message(cells, freq, result, ratio=ratio),
        subtitle=what(result, note=". ".join(notes), unit="ratio" if ratio else "money"),
        height=height,
    )


def _filled(seen: list[dict[str, Any]], encoding: dict[str, Any]) -> alt.Chart:
    filled: alt.Chart = (
        alt.Chart(data(seen))
        .mark_rect(aria=False, strokeWidth=0.6)
        .encode(
            **encoding,
            stroke=alt.Stroke("color:N", scale=None),
            color=alt.Color("color:N", scale=None),
            tooltip=[alt.Tooltip(f"{name}:N") for name in ("cohort", "age", "value", "of")],
        )
    )
    return filled


def _numbers(
    seen: list[dict[str, Any]], slot: float, x: alt.Scale, y: alt.Scale
) -> list[alt.Chart]:
    """Return the values as text in the cells, where the longest fits."""
    longest = max((row["label"] for row in seen), key=len)
    size = 10 if text_width(longest, 10) < slot - 2 else 8
    if text_width(longest, size) > slot + 2:
        return []
    return [
        alt.Chart(data(seen))
        .mark_text(fontSize=size, baseline="middle", aria=False)
        .encode(
            x=alt.X("i:Q", scale=x),
            y=alt.Y("j:Q", scale=y),
            text=alt.Text("label:N"),
            color=alt.Color("ink:N", scale=None),
        )
    ]


def _cells(
    cells: pd.DataFrame, starts: list[Any], ratio: bool, currency: str, colors: Palette, freq: str
) -> list[dict[str, Any]]:
    place = {start: index for index, start in enumerate(starts)}
    shade = _shades(cells, ratio, colors)
    rows = []
    for row in cells[cells["value"].notna()].to_dict("records"):
        i, j = int(row["age"]), place[row["cohort"]]
        color = shade(row["value"])
        value = f"{row['value'] * 100:.0f}%" if ratio else format_money(row["value"], currency)
        rows.append(
            {
                "i": i,
                "j": j,
                "left": i - 0.5,
                "right": i + 0.5,
                "top": j - 0.5,
                "bottom": j + 0.5,
                "cohort": period_text(row["cohort"], freq),
                "age": i,
                "color": color,
                "ink": readable_on(color),
                "value": value,
                "label": value.rstrip("%"),
                "of": f"{row['numerator']:,.0f} of {row['denominator']:,.0f}",
            }
        )
    return rows


def _shades(cells: pd.DataFrame, ratio: bool, colors: Palette) -> Any:
    values = cells["value"].dropna()
    top, low = float(values.max()), float(values.min())
    if ratio and top > 1.005:
        # symmetric in distance from 100 %, so that equal color means equal gain and loss
        reach = max(min(max(top - 1, 1 - low), 1.0), 0.05)
        return lambda v: blend(
            colors.middle,
            colors.above if v >= 1 else colors.below,
            min(abs(v - 1) / reach, 1.0) ** 0.8,
        )
    floor = 0.0 if not ratio or low < 0.4 else 0.1 * math.floor(low * 10)
    span = ((1.0 if ratio else top) - floor) or 1.0
    return lambda v: along(colors.ramp, (v - floor) / span)


def _ground(ages: range, count: int, encoding: dict[str, Any], colors: Palette) -> alt.Chart:
    whole = {"left": ages.start - 0.5, "right": ages.stop - 0.5, "top": -0.5, "bottom": count - 0.5}
    drawn: alt.Chart = (
        alt.Chart(data([whole]))
        .mark_rect(fill=blend(colors.surface, colors.grid, 0.5), aria=False)
        .encode(**encoding)
    )
    return drawn


def _hatch(
    ages: range, count: int, wide: float, high: float, x: alt.Scale, y: alt.Scale, colors: Palette
) -> alt.Chart:
    """Return diagonals under the whole matrix; observed cells cover them."""
    gap, per_age, per_row = 9.0, wide / len(ages), high / count
    lines = []
    for number in range(1, int((wide + high) / gap) + 1):
        reach = number * gap  # the line x + y = reach, in pixels from the top left corner
        left, right = max(0.0, reach - high), min(wide, reach)
        lines.append(
            {
                "left": ages.start - 0.5 + left / per_age,
                "right": ages.start - 0.5 + right / per_age,
                "bottom": (reach - left) / per_row - 0.5,
                "top": (reach - right) / per_row - 0.5,
            }
        )
    drawn: alt.Chart = (
        alt.Chart(data(lines))
        .mark_rule(color=colors.rule, strokeWidth=0.7, opacity=0.6, aria=False)
        .encode(
            x=alt.X("left:Q", scale=x),
            x2=alt.X2("right:Q"),
            y=alt.Y("bottom:Q", scale=y),
            y2=alt.Y2("top:Q"),
        )
    )
    return drawn


def since(result: Result) -> str:
    """Return from when ages count, in words."""
    return "sign-up" if options_of(result).get("cohort") == "sign_up" else "the first payment"


def _noun(result: Result, freq: str) -> str:
    return str(getattr(result, "extra", {}).get("noun") or _NOUNS[freq])


def _age_axis(ages: range, slot: float, title: str) -> alt.Axis:
    need = max(1, math.ceil(22 / max(slot, 0.1)))
    step = next((s for s in (1, 2, 3, 6, 12, 24, 36, 60) if s >= need), need)
    return axis(
        {float(age): str(age) for age in ages if age % step == 0},
        title=title,
        orient="top",
        domain=False,
        ticks=False,
        grid=False,
        titleAnchor="start",
    )


def _cohort_axis(
    starts: list[Any], cells: pd.DataFrame, freq: str, height: float, colors: Palette
) -> alt.Axis:
    first = cells[cells["age"] == cells["age"].min()].set_index("cohort")["denominator"]
    step = max(1, math.ceil(13 * len(starts) / height))
    shown = list(range(0, len(starts), step))
    texts = [period_text(starts[k], freq) for k in shown]
    sizes = [_size(first.get(starts[k])) for k in shown]
    labels = [
        f"{text}  ({size})" if size else text for text, size in zip(texts, sizes, strict=True)
    ]
    return axis(
        dict(zip(map(float, shown), labels, strict=True)),
        domain=False,
        ticks=False,
        grid=False,
        labelColor=colors.muted,
        labelLimit=140,
    )


def _size(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:,.0f}" if value < 10_000 else format_money(float(value), "")


def message(cells: pd.DataFrame, freq: str, result: Result, *, ratio: bool) -> str:
    """Return what is left of all cohorts old enough, as a sentence."""
    name = result.definition.name
    known = cells[cells["observed"]]
    nouns = _noun(result, freq)
    year = 1 if nouns == "renewals" else PER_YEAR[freq]
    at = min(year, int(known["age"].max()))
    mature = known[known["age"] == at]
    measure = options_of(result).get("measure")
    if measure == "gross_profit" and mature["denominator"].sum():
        each = mature["numerator"].sum() / mature["denominator"].sum()
        money = format_money(float(each), result.context.currency)
        noun = nouns if at != 1 else nouns[:-1]
        return f"After {at} {noun}, a customer has brought {money} of gross profit on average"
    if measure == "mrr":
        return f"MRR by age of {counted(known['cohort'].nunique(), 'cohort')}"
    if not ratio or not mature["denominator"].sum():
        return f"{name}: {counted(known['cohort'].nunique(), 'cohort')}"
    left = mature["numerator"].sum() / mature["denominator"].sum()
    measure = {
        "logos": "customers are",
        "net": "MRR, with expansion, is",
        "gross": "MRR, without expansion, is",
    }
    of = measure.get(str(options_of(result).get("measure", "")), "the base is")
    noun = nouns if at != 1 else nouns[:-1]
    return f"After {at} {noun}, {left * 100:.0f}% of {of} left in cohorts old enough to tell"
