"""Movements of MRR by their reason: the subtypes of expansion and contraction, and churn by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.engine.reason_sums import KINDS
from saasmetrics.engine.tally import tally
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code, made, money
from saasmetrics.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.engine.reason_cells import ReasonCells, ReasonRows
    from saasmetrics.result import Result

MOVEMENTS = tuple(KINDS)
NAMES = tuple((movement, subtype) for movement, known in KINDS.items() for subtype in known)
_OFFSET = np.array([NAMES.index((movement, known[0])) for movement, known in KINDS.items()])
_APART = (
    "{} differs between the subscriptions of one customer, and a move between them is itself a reason, which belongs "
    "to neither side. Group by a column of customers; or look at one part with book.where(...), in which such a move "
    "is new or churn."
)
WORDS = {
    "seats": "seats: more or fewer units at the same price",
    "price": "price: another price for the same plan",
    "plan": "plan: another plan of the same product",
    "cross_sell": "cross-sell: a product or plan added or dropped beside others",
    "interval": "interval: another billing interval",
    "discount_start": "discount start: a discount begins or grows",
    "discount_end": "discount end: a discount ends or shrinks",
    "escalator": "escalator: a contracted uplift of the price",
    "usage": "usage: charges for use",
    "fx": "fx: what exchange rates did, which counts as expansion and contraction by policy",
    "pause": "pause: the customer pauses or resumes",
    "voluntary": "voluntary: the customer left",
    "involuntary": "involuntary: the payment failed",
    "unknown": "unknown: no cause is recorded",
}


def choices(book: Book) -> dict[str, bool]:
    """Return how reasons are told under the policy of a book."""
    policy = book.policy
    return {
        "midpoint": policy.price_volume == "midpoint",
        "voluntary": policy.churn_cause == "voluntary",
    }


def subtypes(book: Book, freq: str, by: tuple[str, ...]) -> Result:
    """Return movements by subtype, in long form; per group and movement they sum to the bridge.

    Raises
    ------
    DataError
        If a column of the subscriptions is asked for: what a customer moves between plans is itself a reason.
    """
    import pandas as pd

    found = book.engine.reason_cells(freq, by, **choices(book))
    if found is None:
        raise DataError(_APART.format(" and ".join(by)))
    cube = book.movements(freq, by)
    first, periods, _ = book.engine.extent(freq)
    shape = len(book.engine.grouping(by)) * periods
    cell = found.group * periods + (found.period - first)
    kept = cube.index.to_numpy()
    told = dict.fromkeys(MOVEMENTS, np.zeros(len(kept), np.int64))
    codes, parts = _code(found), []
    for code in np.unique(codes):
        mine = codes == code
        movement, subtype = NAMES[code]
        value = tally(cell[mine], found.amount[mine], shape)[kept]
        customers = tally(cell[mine], found.customers[mine], shape)[kept]
        told[movement] = told[movement] + value
        parts.append(_part(cube, by, movement, subtype, value, customers))
    if book.policy.fx == "spot":
        for movement in MOVEMENTS[:2]:
            value = cube[movement].to_numpy() - told[movement]
            if value.any():
                parts.append(_part(cube, by, movement, "fx", value, pd.NA))
    df = _joined(parts, cube, by)
    used = dict.fromkeys(WORDS[name] for name in df["subtype"].unique())
    notes = (f"Subtypes are {'; '.join(used)}",) if used else ()
    options = {"freq": freq, "subtypes": True}
    drill = _drill(book, freq, by)

    def trace(**cell: Any) -> Trace:
        return Trace.of_sides(drill(**cell).rename(columns={"value": "numerator"}), {})

    return made(
        book,
        "movements",
        df,
        "subtypes",
        by=by,
        options=options,
        notes=notes,
        extra={"periods": list(cube.loc[cube["complete"], "period"].drop_duplicates())},
        drill=drill,
        trace=trace,
    )


def _code(found: ReasonCells | ReasonRows) -> NDArray[np.int64]:
    """Return the place in `NAMES` of each element."""
    return _OFFSET[found.movement] + found.subtype


def _part(
    cube: pd.DataFrame, by: tuple[str, ...], movement: str, subtype: str, value: Any, customers: Any
) -> pd.DataFrame:
    """Return the periods and groups in which a reason moved anybody."""
    part = cube[["period", *by]].assign(movement=movement, subtype=subtype, value=money(value))
    part = part.assign(customers=customers, complete=cube["complete"])
    moved = value != 0 if np.ndim(customers) == 0 else (value != 0) | (customers != 0)
    kept: pd.DataFrame = part[moved]
    return kept


def _joined(parts: list[pd.DataFrame], cube: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    if parts:
        return pd.concat(parts, ignore_index=True).sort_values(
            [*by, "period"], kind="stable", ignore_index=True
        )
    columns = ["period", *by, "movement", "subtype", "value", "customers", "complete"]
    return cube.iloc[:0].reindex(columns=columns)


def _drill(book: Book, freq: str, by: tuple[str, ...]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: customers of a period with movement, subtype and amount."""

    def rows(
        period: Any = None, movement: str | None = None, subtype: str | None = None, **cell: Any
    ) -> pd.DataFrame:
        import pandas as pd

        _, _, full = book.engine.extent(freq)
        when = full if period is None else book.calendar(freq).of(period)
        code = group_code(book, by, cell)
        found = book.engine.reason_rows(freq, when, by, code, **choices(book))
        named = np.array(NAMES, object)[_code(found)].reshape(-1, 2)
        out = pd.DataFrame(
            {
                "customer_id": found.customer_ids,
                "movement": named[:, 0],
                "subtype": named[:, 1],
                "value": money(found.amount),
            }
        )
        if book.policy.fx == "spot":
            out = pd.concat([out, _rates(book, freq, by, when, code, out)], ignore_index=True)
        for name, wanted, known in (
            ("movement", movement, MOVEMENTS),
            ("subtype", subtype, tuple(WORDS)),
        ):
            if wanted is not None:
                one_of(name, wanted, known)
            if wanted is not None:
                out = out[out[name] == wanted]
        order = out["value"].abs().sort_values(ascending=False, kind="stable").index
        return out.loc[order].reset_index(drop=True)

    return rows


def _rates(
    book: Book, freq: str, by: tuple[str, ...], period: int, group: int | None, told: pd.DataFrame
) -> pd.DataFrame:
    """Return what exchange rates did to each customer of a period, where that is expansion and contraction."""
    import pandas as pd

    rows = book.engine.rows("movements", period=period, freq=freq, by=by, group=group)
    parts = []
    for movement in MOVEMENTS[:2]:
        known = told[told["movement"] == movement].groupby("customer_id")["value"].sum()
        value = (
            money(rows[movement]) - known.reindex(rows["customer_id"], fill_value=0.0).to_numpy()
        )
        part = pd.DataFrame({"customer_id": rows["customer_id"], "value": value.round(6)})
        parts.append(part[part["value"] != 0].assign(movement=movement, subtype="fx"))
    return pd.concat(parts)[list(told.columns)]
