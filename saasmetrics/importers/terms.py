"""Versions of a row, as a system keeps them, as successive terms of a subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def successive(
    rows: pd.DataFrame, key: str, changed: str, first: str, same: list[str]
) -> pd.DataFrame:
    """Return one row per stretch of time in which nothing that counts changed.

    Parameters
    ----------
    rows
        Versions: the row's id, when each version came, and what it says.
    key, changed, first
        Columns: the id, the moment of the version, and the moment at which the first version began.
    same
        Columns in which two versions must agree to be one stretch.

    Returns
    -------
    DataFrame
        The first version of each stretch with `from` and `until`, moments; `until` is missing for the last one.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"])
    >>> rows = pd.DataFrame({"id": "a", "at": day, "begun": day[0], "price": [10, 10, 12]})
    >>> successive(rows, "id", "at", "begun", ["price"])[["price", "from", "until"]].astype(str).values.tolist()
    [['10', '2026-01-01', '2026-03-01'], ['12', '2026-03-01', 'NaT']]
    """
    rows = rows.sort_values([key, changed], kind="stable").reset_index(drop=True)
    opens = rows[key] != rows[key].shift()
    before = rows.groupby(key)[same].shift()
    equal = (rows[same] == before) | (rows[same].isna() & before.isna())
    out = rows[opens | ~equal.all(axis=1)].copy()
    begins = out[key] != out[key].shift()
    out["from"] = out[changed].where(~begins, out[first].fillna(out[changed]))
    out["until"] = out["from"].shift(-1).where(out[key] == out[key].shift(-1))
    return out.reset_index(drop=True)


def services(rows: pd.DataFrame, same: list[str]) -> pd.DataFrame:
    """Return one row per stretch of service at one price; a version that is gone ends it until a later one serves.

    Parameters
    ----------
    rows
        Versions with `id`, `changed`, `begun`, `served` (whether the version is in service), `leaves` (when a version
        in service will end), `gone` (when one out of service ended), `asked` (when it was cancelled) and `reason`.
    same
        Columns in which two versions must agree to be one stretch.

    Returns
    -------
    DataFrame
        The first version of each stretch with `from`, `until`, `asked` and `reason`; the latter two where it ended.
    """
    rows = rows.assign(leaves=rows["leaves"].where(rows["served"]))
    out = successive(rows, "id", "changed", "begun", [*same, "served", "leaves"])
    gone = out["gone"].fillna(out["changed"]).where(~out["served"])
    later, earlier = out["id"] == out["id"].shift(-1), out["id"] == out["id"].shift()
    # A service that begins again says when, unless it only says when it first began.
    again = earlier & (out["begun"] > gone.shift()) & (out["begun"] <= out["changed"])
    out["from"] = out["from"].mask(again, out["begun"])
    follows_gone = later & ~out["served"].shift(-1, fill_value=True)
    until = out["from"].shift(-1).where(later)
    until = until.mask(out["leaves"].notna() & ~(until <= out["leaves"]), out["leaves"])
    until = until.mask(follows_gone, gone.shift(-1)).where(out["served"], gone)
    ended = until.notna() & (~later | follows_gone | (until < out["from"].shift(-1)))
    for name in ("asked", "reason"):
        said = out[name].mask(follows_gone & out[name].shift(-1).notna(), out[name].shift(-1))
        out[name] = said.where(ended)
    return out.assign(until=until)[out["served"] | ~earlier].reset_index(drop=True)
