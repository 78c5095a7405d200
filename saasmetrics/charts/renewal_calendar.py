"""What comes up for renewal by forecast category, and expansion by cause, as stacked bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.charts.frame import Canvas, what
from saasmetrics.charts.stacked import Segment, stacked
from saasmetrics.charts.text import period_text
from saasmetrics.money import format_money, format_part

if TYPE_CHECKING:
    import altair as alt

    from saasmetrics.charts.theme import Palette, Theme, Width
    from saasmetrics.result import Result

CATEGORIES = {
    "won": "Won",
    "commit": "Commit",
    "best": "Best case",
    "at_risk": "At risk",
    "omit": "Omitted",
    "unclassified": "Unclassified",
    "lost": "Lost",
}
CAUSES = ("seats", "plan", "cross_sell", "price", "interval", "usage", "escalator", "discount_end")


def category_colors(colors: Palette) -> dict[str, str]:
    """Return the color of each forecast category by its name on the chart."""
    moves = colors.movements
    shades = (
        colors.total,
        moves["new"],
        moves["expansion"],
        moves["contraction"],
        moves["churn"],
        colors.plain,
        moves["residual"],
    )
    return dict(zip(CATEGORIES.values(), shades, strict=True))


def renewal_calendar(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw what comes up in the next quarters, stacked by forecast category; what is overdue stands first.

    Parameters
    ----------
    result
        Result of kind "renewal_calendar". Groups are added up.
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
    >>> chart = renewal_calendar(sm.renewals.calendar(sm.demo(customers=100)))
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df
    if not len(frame) or not frame["value"].sum() > 0:
        return canvas.empty("nothing comes up for renewal in these quarters.")
    late = bool(frame["overdue"].any())
    periods = list(result.extra["quarters"])
    labels = (["Overdue"] if late else []) + [
        period_text(p, "Q", result.context.fiscal_start) for p in periods
    ]
    place = {period: i + late for i, period in enumerate(periods)}
    summed = frame.groupby(["overdue", "period", "category"], as_index=False).agg(
        value=("value", "sum"), n=("n", "sum")
    )
    parts = [
        Segment(
            0 if row["overdue"] else place[row["period"]],
            CATEGORIES[row["category"]],
            float(row["value"]),
            f"{int(row['n']):,} terms",
        )
        for row in summed.to_dict("records")
    ]
    merged = _merged(parts)
    note = "Overdue: due in an earlier quarter, still open in the grace" if late else ""
    return canvas.finish(
        stacked(merged, labels, category_colors(canvas.colors), canvas),
        message=message(result),
        subtitle=what(result, note=note),
    )


def _merged(parts: list[Segment]) -> list[Segment]:
    """Add up parts of one bar and kind."""
    found: dict[tuple[int, str], Segment] = {}
    for part in parts:
        key = (part.bar, part.kind)
        before = found.get(key)
        amount = part.amount + (before.amount if before else 0.0)
        found[key] = Segment(part.bar, part.kind, amount, part.tip)
    return list(found.values())


def message(result: Result) -> str:
    """Return what comes up and how much of it is won, committed and at risk, as a sentence."""
    frame = result.df[~result.df["overdue"]]
    total, currency = float(frame["value"].sum()), result.context.currency
    if not total:
        return f"{format_money(float(result.df['value'].sum()), currency)} is overdue for renewal"
    by = frame.groupby("category")["value"].sum()
    quarters = len(result.extra["quarters"])
    span = f"the next {quarters} quarters" if quarters > 1 else "the next quarter"
    said = [
        f"{format_part(float(by[name]) / total, 0)} is {words}"
        for name, words in (("won", "won"), ("commit", "committed"), ("at_risk", "at risk"))
        if name in by.index
    ]
    tail = f": {', '.join(said)}" if said else ""
    return f"{format_money(total, currency)} comes up for renewal in {span}{tail}"


def expansion_causes(
    result: Result,
    *,
    theme: Theme = "light",
    width: Width = 680,
    height: int = 280,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw the ARR of expansion by year of the customer's life, stacked by cause.

    Parameters
    ----------
    result
        Result of kind "expansion_causes". Groups are added up.
    theme, width, height, title
        As for `renewal_calendar`.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.expansion(sm.demo(customers=100), measure="causes")
    >>> chart = expansion_causes(found)
    """
    canvas = Canvas.of(result, theme, width, height, title)
    frame = result.df[result.df["value"] > 0] if len(result.df) else result.df
    if not len(frame):
        return canvas.empty("no customer has expanded.")
    years = sorted(frame["year"].unique())
    place = {year: i for i, year in enumerate(years)}
    summed = frame.groupby(["year", "cause"], as_index=False).agg(
        value=("value", "sum"), customers=("customers", "sum")
    )
    names = {cause: cause.replace("_", " ").capitalize() for cause in CAUSES}
    hues = (*canvas.colors.groups, canvas.colors.plain)
    color = {names[cause]: hues[i % len(hues)] for i, cause in enumerate(CAUSES)}
    parts = [
        Segment(place[row["year"]], names[row["cause"]], float(row["value"]))
        for row in summed.to_dict("records")
        if row["cause"] in names
    ]
    total = float(frame["value"].sum())
    at = frame.groupby("at")["value"].sum()
    said = f"{format_money(total, canvas.currency)} of expansion ARR"
    if "unknown" not in at.index:
        share = float(at.get("renewal", 0.0)) / total
        said += f": {format_part(share, 0)} at renewal, {format_part(1 - share, 0)} during the term"
    return canvas.finish(
        stacked(parts, [f"Year {year}" for year in years], color, canvas),
        message=said,
        subtitle=what(result, unit="money", note="By year of the customer's life and cause"),
    )
