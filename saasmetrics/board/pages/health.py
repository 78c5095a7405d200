"""Customer health: how ARR is spread over the bands, and the largest customers in danger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.figures import head_of, scale_of
from saasmetrics.board.making import footnote
from saasmetrics.board.model import Chart, Page, Row, Series, Table, Text, Tile, Total
from saasmetrics.errors import DataError

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
    arr, count, shares = _by_band(making, frame)
    scale = scale_of(making.value(key) for key in arr)
    head = head_of("money", scale, making.currency)
    lines = tuple(
        Row(band, (n, money, share))
        for band, n, money, share in zip(_BANDS, count, arr, shares, strict=True)
    )
    bands = Table(
        "health",
        f"Customers by health, {head}",
        ("Customers", "ARR", "Share"),
        lines,
        scale=scale,
        head=head,
    )
    chart = Chart(
        "health", "columns", making.settings.company or "Company", "ARR by health of its customers",
        f"as of {making.book.as_of_text}", "money", _BANDS, (Series("ARR", tuple(arr), "actual"),), scale,
    )  # fmt: skip
    title = f"{making.say(arr[2])} of ARR, {making.say(shares[2])}, is with customers in danger"
    return Page(
        "health", "Customer health", title, arr[2], f"{_sentence(result.text)}.",
        footnote=footnote([result]), calculation="The score of each customer is in the table Health of the workbook.",
        tiles=_tiles(making), charts=(chart,), tables=(bands, _danger(making, frame, scale)),
    )  # fmt: skip


def _by_band(making: Making, frame: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Return the quantities of each band: its ARR, its customers, and its share of ARR."""
    numbers = making.numbers
    arr: list[str] = []
    count: list[str] = []
    for band in _BANDS:
        rows = frame[frame["band"] == band]
        numbers.frame("Health", band, rows, ["customer_id", "name", "score", "arr", "customers"])
        money = {"total": Total("Health", "arr", band)}
        heads = {"total": Total("Health", "customers", band)}
        arr.append(
            numbers.total(
                f"health[{band}]", f"ARR, {band}", "money", float(rows["arr"].sum()), "total", money
            )
        )
        count.append(
            numbers.total(
                f"health[{band}].n", f"Customers, {band}", "count", float(len(rows)), "total", heads
            )
        )
    whole = numbers.derived(
        "health.arr", "ARR of scored customers", "a + b + c", dict(zip("abc", arr, strict=True))
    )
    shares = [
        numbers.derived(
            f"{key}.share",
            f"Share of ARR, {band}",
            "part / whole",
            {"part": key, "whole": whole},
            "ratio",
        )
        for key, band in zip(arr, _BANDS, strict=True)
    ]
    return arr, count, shares


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _tiles(making: Making) -> tuple[Tile, ...]:
    parts = {"red": "health[red].n", "green": "health[green].n", "amber": "health[amber].n"}
    share = making.numbers.derived(
        "health.red_share",
        "Share of customers in danger",
        "red / (red + amber + green)",
        parts,
        "ratio",
    )
    return (
        Tile("Customers in danger", "health[red].n", better="lower"),
        Tile("Share of customers", share),
    )


def _danger(making: Making, frame: object, scale: str) -> Table:
    import pandas as pd

    assert isinstance(frame, pd.DataFrame)
    worst = frame[frame["band"] == "red"].nlargest(_SHOWN, "arr")
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
    title = f"The largest customers in danger, {head}"
    return Table("danger", title, ("ARR", "Score", "CSM"), tuple(rows), scale=scale, head=head)
