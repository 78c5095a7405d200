"""What charts by age share: round ages on the axis, labels at the right end of lines, words for ages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from saasmetrics.charts.frame import data, freq_option, options_of
from saasmetrics.charts.series import MOST_GROUPS, readable_text
from saasmetrics.charts.text import spread
from saasmetrics.periods import NOUNS

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.charts.theme import Palette
    from saasmetrics.result import Result

_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 180, 365)
SINCE = "since the first payment"


def age_marks(last: float, room: float, first: int = 0) -> list[int]:
    """Return the ages to label: round steps that do not touch.

    Examples
    --------
    >>> age_marks(48, 490)
    [0, 6, 12, 18, 24, 30, 36, 42, 48]
    """
    most = max(2, int(room / 52))
    step = next((s for s in _STEPS if last / s <= most), 730)
    return list(range(first if step == 1 else 0, int(last) + 1, step))


def age_noun(result: Result) -> str:
    """Return what an age of a result counts: "months", "renewals"."""
    if options_of(result).get("per") == "renewal":
        return "renewals"
    noun = getattr(result, "extra", {}).get("noun")
    return str(noun or f"{NOUNS[freq_option(result) or 'M']}s")


def age_title(noun: str) -> str:
    """Return the title of an axis of ages.

    Examples
    --------
    >>> age_title("months"), age_title("renewals")
    ('months since the first payment', 'number of the renewal')
    """
    return "number of the renewal" if noun == "renewals" else f"{noun} {SINCE}"


def largest_groups(frame: pd.DataFrame, most: int = MOST_GROUPS) -> tuple[list[str], str]:
    """Return the groups to draw, those with most at risk, and a note if some are left out."""
    size = frame.groupby("group", sort=False)["at_risk"].max().sort_values(ascending=False)
    kept = set(size.index[:most])
    named = [str(group) for group in dict.fromkeys(frame["group"]) if group in kept]
    note = f"The {len(named)} largest of {len(size)} groups" if len(size) > len(named) else ""
    return named, note


def tips(**words: str) -> list[alt.Tooltip]:
    """Return tooltips: for each column of the rows the words before its text.

    Examples
    --------
    >>> tips(was="observed")[0].to_dict()["title"]
    'observed'
    """
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in words.items()]


def end_labels(
    values: Sequence[tuple[str, float, str]],
    at: float,
    colors: Palette,
    height: float,
    x: alt.Scale,
    y: alt.Scale,
    top: float = 1.0,
    limit: float = 0,
) -> alt.Chart:
    """Return labels to the right of lines, moved apart where they would touch.

    Parameters
    ----------
    values
        For each line its label, its last value and its color.
    at
        Where the lines end.
    colors
        The palette.
    height
        Pixels from 0 to `top`.
    x, y
        The scales.
    top
        Value at the height.
    limit
        Pixels after which a label is cut; 0 for none.
    """
    wanted = [height * (1 - value / top) for _, value, _ in values]
    placed = spread(wanted, 15, 6, height - 6)
    rows: list[dict[str, Any]] = [
        {
            "age": at,
            "y": (1 - spot / height) * top,
            "color": readable_text(color, colors),
            "label": label,
        }
        for (label, _, color), spot in zip(values, placed, strict=True)
    ]
    drawn: alt.Chart = (
        alt.Chart(data(rows))
        .mark_text(align="left", dx=8, fontWeight=600, baseline="middle", limit=limit)
        .encode(
            x=alt.X("age:Q", scale=x),
            y=alt.Y("y:Q", scale=y),
            text=alt.Text("label:N"),
            color=alt.Color("color:N", scale=None),
        )
    )
    return drawn
