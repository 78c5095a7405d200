"""Customer health: how ARR is spread over the bands, and the largest customers in danger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text, Tile, Total
from saasmetrics.board.notes import footnote
from saasmetrics.errors import DataError
from saasmetrics.money import inside

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.board.making import Making

_BANDS = ("green", "amber", "red")
_SHOWN = 8  # customers in danger


def health(making: Making) -> Page:
    """ARR by band of the health score, how many customers could be scored, and who is in danger."""
    from saasmetrics import success

    result = making.used(success.health(making.book))
    scored = result.df[result.df["band"].isin(_BANDS)]
    if not len(scored):
        msg = "No customer could be scored."
        raise DataError(msg)
    frame = scored.rename(columns={"value": "score"}).assign(customers=1)
    bands = _bands(making, frame)
    arr = [f"health[{band}]" for band in _BANDS]
    chart = Chart(
        "health", "columns", making.settings.company or "Company", "ARR by health of its customers",
        f"as of {making.book.as_of_text}", "money", _BANDS, (Series("ARR", tuple(arr), "actual"),), bands.scale,
    )  # fmt: skip
    red = "health[red]"
    unseen = tuple(f"{text}." for text in (result.extra["unseen"],) if text)
    return Page(
        "health", "Customer health", _title(making, len(frame)), red,
        f"As of {making.book.as_of_text}: {inside(result.text)}.",
        footnote=footnote(making, [result], unseen),
        calculation="The score of each customer is in the table Health of the workbook.",
        tiles=_tiles(making), charts=(chart,), tables=(bands, *_danger(making, frame)),
    )  # fmt: skip


def _title(making: Making, scored: int) -> str:
    if not making.value("health[red].n"):
        who = (
            f"None of the {scored:,} scored customers is"
            if scored > 1
            else "The 1 scored customer is not"
        )
        return f"{who} in danger; {making.say('health[amber].share')} of their ARR is amber"
    red, share = making.say("health[red]"), making.say("health[red].share")
    return f"{red}, {share} of the ARR of scored customers, is with customers in danger"


def _bands(making: Making, frame: pd.DataFrame) -> Table:
    """Return customers and ARR of each band, with its share of the ARR of all that are scored."""
    numbers = making.numbers
    for band in _BANDS:
        rows = frame[frame["band"] == band]
        columns = ["customer_id", "name", "score", "arr", "customers"]
        numbers.frame("Health", band, rows, columns, columns[-2:])
        for key, column, unit, words in (
            (f"health[{band}]", "arr", "money", f"ARR, {band}"),
            (f"health[{band}].n", "customers", "count", f"Customers, {band}"),
        ):
            totals = {"total": Total("Health", column, band)}
            numbers.total(key, words, unit, float(rows[column].sum()), "total", totals)
    parts = {band: f"health[{band}]" for band in _BANDS}
    whole = numbers.derived("health.arr", "ARR of scored customers", " + ".join(_BANDS), parts)
    lines = []
    for band, part in parts.items():
        sides = {"part": part, "whole": whole}
        share = numbers.derived(
            f"{part}.share",
            f"Share of the ARR of scored customers, {band}",
            "part / whole",
            sides,
            "ratio",
        )
        lines.append(Row(band, (f"{part}.n", part, share)))
    scale = scale_of(making.value(part) for part in parts.values())
    head = head_of("money", scale, making.currency)
    title = f"Customers by health as of {making.book.as_of_text}, {head}"
    return Table(
        "health",
        title,
        ("Customers", "ARR", "Share of scored"),
        tuple(lines),
        scale=scale,
        head=head,
    )


def _tiles(making: Making) -> tuple[Tile, ...]:
    parts = {"red": "health[red].n", "green": "health[green].n", "amber": "health[amber].n"}
    share = making.numbers.derived(
        "health.red_share",
        "Share of scored customers in danger",
        "red / (red + amber + green)",
        parts,
        "ratio",
    )
    return (
        Tile("Customers in danger", "health[red].n", better="lower"),
        Tile("Share of scored customers", share),
    )


def _danger(making: Making, frame: pd.DataFrame) -> tuple[Table, ...]:
    """Return the largest customers in danger, no table where nobody is."""
    worst = frame[frame["band"] == "red"].nlargest(_SHOWN, "arr")
    if not len(worst):
        return ()
    scale = scale_of(worst["arr"])
    rows = []
    for row in worst.to_dict("records"):
        label = making.name_of(row["customer_id"])
        arr = making.numbers.given(
            f"danger[{row['customer_id']}].arr", f"ARR, {label}", row["arr"], "money", "health"
        )
        key = f"danger[{row['customer_id']}].score"
        score = making.numbers.given(key, f"Health of {label}", row["score"], "score", "health")
        rows.append(Row(label, (arr, score, Text(str(row.get("csm_id") or "–")))))
    head = head_of("money", scale, making.currency)
    title = f"The largest customers in danger as of {making.book.as_of_text}, {head}"
    columns = ("ARR", "Score", "CSM")
    return (Table("danger", title, columns, tuple(rows), scale=scale, head=head),)
