"""Coupons on subscription lines: so many per cent or so much off, once, for some months or forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.importers.fields import added, amounts, from_minor, moments, words

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts


def coupons_of(files: Parts) -> pd.DataFrame:
    """Return one row per discount of a subscription: what is off, from when, until when; `once` lasts one interval."""
    rows = files.frame("discounts")
    rows = files.keep("discounts", rows["subscription_id"].notna(), "of no subscription", rows)
    coupons = files.frame("coupons").drop_duplicates("id").set_index("id")
    known = rows["coupon_id"].isin(coupons.index)
    rows = files.keep("discounts", known, "whose coupon is in no file", rows)
    coupon = coupons.loc[rows["coupon_id"]].set_index(rows.index)
    start, lasts = moments(rows["start"]), words(coupon["duration"])
    until = added(start, amounts(coupon["months"])).where(lasts == "repeating")
    ended = moments(rows["end"])
    return pd.DataFrame(
        {
            "subscription": rows["subscription_id"],
            "percent": amounts(coupon["percent_off"]).fillna(0.0),
            "off": from_minor(coupon["amount_off"], coupon["currency"]).fillna(0.0),
            "start": start,
            "until": ended.where(ended.notna(), until),
            "once": lasts == "once",
        }
    )


def discounted(lines: pd.DataFrame, coupons: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return lines with their coupons taken off, and what is said of coupons that cannot be.

    Parameters
    ----------
    lines
        Rows of the table subscriptions, with the column `subscription` that coupons name.
    coupons
        As `coupons_of` gives them.

    Returns
    -------
    lines, notes
        `amount` after discount, `list_amount` before it and `discount_end`. Per cent are taken off before amounts, and
        an amount is shared by the lines of the subscription; a line has one end of discount, that of the last coupon.
    """
    notes = []
    begins_later = coupons["subscription"].map(lines.groupby("subscription")["start"].min())
    late = coupons["start"] > begins_later + pd.Timedelta(days=1)
    if late.any():
        notes.append(
            f"{int(late.sum()):,} coupons begin after their subscription; they are taken off from its start, since a "
            "row has one amount"
        )
    factor = (1 - coupons["percent"] / 100).groupby(coupons["subscription"]).prod()
    off = coupons.groupby("subscription")["off"].sum()
    used = lines["subscription"].isin(factor.index)
    left = lines["amount"] * lines["subscription"].map(factor).fillna(1.0)
    whole = left.groupby(lines["subscription"]).transform("sum")
    share = np.divide(left, whole, out=np.zeros(len(left)), where=whole.to_numpy() > 0)
    amount = (left - share * lines["subscription"].map(off).fillna(0.0)).clip(lower=0).round(6)
    ends = _ends(lines, coupons)
    forever = used & ends.isna()
    return (
        lines.assign(
            list_amount=lines["amount"].where(used & ~forever),
            amount=amount.where(used, lines["amount"]),
            discount_end=ends,
        ),
        notes,
    )


def _ends(lines: pd.DataFrame, coupons: pd.DataFrame) -> pd.Series:
    """Return the day on which the last coupon of each line ends; missing where one lasts forever, or there is none."""
    none = pd.Series(pd.NaT, index=lines.index, dtype="datetime64[us]")
    open_ended = coupons["until"].isna() & ~coupons["once"]
    last = coupons.groupby("subscription")["until"].max()
    once = set(coupons.loc[coupons["once"], "subscription"])
    forever = set(coupons.loc[open_ended, "subscription"])
    ends = lines["subscription"].map(last).astype("datetime64[us]")
    first = added(lines["start"], _months(lines)) if once else none
    ends = ends.where(ends.notna() | ~lines["subscription"].isin(once), first)
    return ends.where(~lines["subscription"].isin(forever), none)


def _months(lines: pd.DataFrame) -> pd.Series:
    """Return the months of one billing interval; days and weeks count as the month they are in."""
    of_interval = {"month": 1, "quarter": 3, "year": 12}
    return lines["interval"].map(of_interval).fillna(1) * lines["interval_count"]
