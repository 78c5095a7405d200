"""Two cohorts by age, each with its band, beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.periods import NOUNS
from saasmetrics_widgets.cards import chosen
from saasmetrics_widgets.curve import Curve, Plot, axes, drawn
from saasmetrics_widgets.panels import blank

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from saasmetrics.result import Result

_TITLES = {
    "logos": "Customers left",
    "net": "MRR left, with expansion",
    "gross": "MRR left, without expansion",
}
_WIDTH, _HIGH = 560, 190
_MOST = 4.0  # times the MRR at the start, beyond which a curve leaves the picture


def panel(
    result: Result, now: Mapping[str, Any], names: tuple[str, str], measure: str
) -> dict[str, Any]:
    """Return the comparison of two cohorts, ready to be drawn.

    Parameters
    ----------
    result
        Of `sm.retention.compare_cohorts`.
    now
        The controls: column, value, freq.
    names
        How people read the two.
    measure
        "logos", "net" or "gross".
    """
    df = chosen(result.df, now)
    title = f"{_TITLES[measure]}: {names[0]} against {names[1]}"
    sides = [(side, name) for side, name in zip("ab", names, strict=True) if df[side].notna().any()]
    if not sides:
        return blank(title, "Neither has been observed for a full period.")
    found = [
        Curve(f"{side.upper()} {name}", f"g{n}", _rows(df, side), short=side.upper())
        for n, (side, name) in enumerate(sides)
    ]
    edges = [
        column for side, _ in sides for column in (side, f"{side}_high") if column in df.columns
    ]
    top = max(1.0, min(float(df[[*edges]].max().max()), _MOST))
    noun = NOUNS[now["freq"]]
    scene = drawn(found, Plot(noun, of="pair", width=_WIDTH, high=_HIGH, top=top), title)
    return {
        "title": title,
        "note": "; ".join([*axes(found, noun), "below: customers old enough."]),
        "scene": scene.as_dict(),
    }


def _rows(df: pd.DataFrame, side: str) -> list[dict[str, Any]]:
    names = {
        "age": "age",
        side: "value",
        f"{side}_low": "low",
        f"{side}_high": "high",
        f"{side}_n": "at_risk",
    }
    there = [name for name in names if name in df.columns]
    rows = df.loc[df[side].notna(), there].rename(columns=names).to_dict("records")
    return [{name: _known(row.get(name)) for name in names.values()} for row in rows]


def _known(value: Any) -> Any:
    return None if value is None or value != value else value
