"""Books of business: which accounts each customer success manager looks after, against limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, listed, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine import drill
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import unreserved
from saasmetrics.engine.row_groups import of_customers
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError, hint
from saasmetrics.metrics.made import made, money
from saasmetrics.money import counted, multiplied

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

NOBODY = "(none)"


@metric(
    id="book_of_business",
    name="Book of business",
    unit="count",
    better="neutral",
    meaning="How many paying accounts, and how much ARR, each customer success manager looks after.",
    formula="paying customers by owner at the as-of date",
    missing="Never missing; accounts without an owner are a row of their own.",
    sources=("METRICS.md", "Poster POS: 50 to 200 accounts a manager"),
    options={"limits": "limits {value} accounts", "arr_limit": "at most {value:,.0f} of ARR"},
)
def books(
    book: Book,
    by: str = "csm_id",
    *,
    limits: Sequence[int] = (50, 200),
    arr_limit: float | None = None,
) -> Result:
    """Accounts and ARR of each owner at the as-of date, and which books are too large or too small.

    Parameters
    ----------
    book
        The company's tables; needs `customers` with the column of `by`.
    by
        Column of customers that names the owner: csm_id, or pod_id.
    limits
        Fewest and most accounts of a book.
    arr_limit
        Most ARR of a book, in currency; None for no such limit.

    Returns
    -------
    Result
        The column of `by`, value and n (accounts), arr, arr_share, verdict ("under", "within", "over", "no owner"),
        reason (of the verdict). `.rows(csm_id=...)` are the accounts of a book.

    Raises
    ------
    MissingTableError
        If there is no table customers.
    DataError
        If it has no such column.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.books(sm.demo(customers=300), limits=(10, 30))
    >>> sorted(made.df["verdict"].unique())
    ['over', 'within']
    """
    import pandas as pd

    if "customers" not in book.tables:
        raise MissingTableError.of("customers", "Books of business")
    if not isinstance(by, str) or not of_customers(book.tables, (by,)):
        known = book.tables["customers"].data.column_names
        msg = f"customers has no column {by!r} that names the owner of an account."
        raise UnknownNameError(msg + hint(str(by), known))
    unreserved((by,), ("arr", "arr_share"))
    low, high = _limits(limits)
    most = math.inf if arr_limit is None else finite("arr_limit", arr_limit, "ARR", least=0)
    engine = followed(book.engine)
    grouping, code = engine.grouping((by,)), engine.origin((by,))
    mrr = engine.entities.state(engine.as_of)[0]
    many = len(grouping)
    accounts = np.bincount(code[mrr > 0], minlength=many)
    micro = np.zeros(many, np.int64)
    np.add.at(micro, code, mrr)
    arr = money(multiplied(micro, 12))
    owner = np.array([label[0] for label in grouping.labels], object)
    here = np.flatnonzero(accounts > 0)
    df = pd.DataFrame(
        {
            by: owner[here],
            "value": accounts[here].astype(float),
            "n": accounts[here],
            "arr": arr[here],
            "arr_share": arr[here] / arr.sum() if arr.sum() else np.nan,
        }
    )
    df["verdict"], df["reason"] = _verdicts(df, by, (low, high), most)
    df = df.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    said = {"limits": f"{low:,} to {high:,}", "arr_limit": arr_limit}
    return made(
        book,
        "book_of_business",
        df,
        "books",
        by=by,
        options=said,
        extra={"headline": _headline(df, (low, high)), "limits": (low, high)},
        drill=_Accounts(book, by, code, mrr),
    )


def _limits(limits: Any) -> tuple[int, int]:
    ends = listed("limits", limits, "the fewest and the most accounts")
    if len(ends) != 2:
        msg = f"limits={limits!r} is not two numbers: the fewest and the most accounts of a book."
        raise DataError(msg)
    low, high = whole("limits", ends[0], 0), whole("limits", ends[1], 1)
    if low > high:
        msg = f"limits={limits!r}: the fewest accounts are more than the most; swap the two."
        raise DataError(msg)
    return low, high


def _verdicts(
    df: pd.DataFrame, by: str, limits: tuple[int, int], most: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    accounts, arr = df["value"].to_numpy(float), df["arr"].to_numpy(float)
    lost = (df[by] == NOBODY).to_numpy(bool)
    many, rich, few = accounts > limits[1], arr > most, accounts < limits[0]
    verdict = np.select([lost, many | rich, few], ["no owner", "over", "under"], "within")
    why = np.select(
        [lost, many & rich, many, rich, few],
        [
            "nobody looks after these accounts",
            "more accounts and more ARR than the limits",
            f"more than {limits[1]:,} accounts",
            "more ARR than the limit",
            f"fewer than {limits[0]:,} accounts",
        ],
        "",
    )
    return verdict, why


def _headline(df: pd.DataFrame, limits: tuple[int, int]) -> str:
    owned = df[df["verdict"] != "no owner"]
    accounts = int(owned["n"].sum())
    over, under = (int((owned["verdict"] == word).sum()) for word in ("over", "under"))
    fewest = -(-accounts // limits[1])
    most = accounts // max(limits[0], 1)
    need = (
        f"; {counted(accounts, 'account')} take {fewest:,} to {max(most, fewest):,}"
        if limits[0]
        else ""
    )
    return f"{counted(len(owned), 'book')}, {over} over the limit, {under} under it{need}"


@dataclass(frozen=True)
class _Accounts:
    """The accounts of one book, or of all."""

    book: Book
    by: str
    code: NDArray[np.int32]
    mrr: NDArray[np.int64]

    def __call__(self, **group: Any) -> pd.DataFrame:
        """Return the accounts with what each adds to the book."""
        from saasmetrics.metrics.made import group_code

        mine = self.mrr > 0
        code = group_code(self.book, (self.by,), group)
        if code is not None:
            mine &= self.code == code
        entity = np.flatnonzero(mine)
        arr = money(multiplied(self.mrr[entity], 12))
        return drill.frame(
            self.book.engine, entity, {"numerator": np.ones(len(entity)), "arr": arr}
        )
