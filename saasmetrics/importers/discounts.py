"""Coupons on subscription lines: so many per cent or so much off, once, for some months or forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.fields import added, amounts, from_minor, moments, words
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_ALL = 100  # per cent


def coupons_of(files: Parts, subscriptions: pd.Series) -> pd.DataFrame:
    """Return one row per discount of a subscription: what is off, from when, until when; `once` lasts one interval.

    Raises
    ------
    DataError
        If per cent are not 0 to 100, or a coupon or discount is there twice with different values.
    """
    rows = files.frame("discounts")
    rows = files.keep("discounts", rows["subscription_id"].notna(), "of no subscription", rows)
    rows = files.keep("discounts", ~rows.duplicated(), "that are there twice", rows)
    there = rows["subscription_id"].isin(subscriptions)
    rows = files.keep("discounts", there, "of subscriptions that are in no table", rows)
    files.refuse_twice("discounts", rows)
    coupons = files.frame("coupons").drop_duplicates()
    files.refuse_twice("coupons", coupons)
    _refuse_percent(files, coupons)
    coupons = coupons.set_index("id")
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
            "currency": coupon["currency"].str.upper(),
            "begins": start,
            "until": ended.where(ended.notna(), until),
            "once": (lasts == "once") & ended.isna(),
        }
    )


def _refuse_percent(files: Parts, coupons: pd.DataFrame) -> None:
    percent = amounts(coupons["percent_off"])
    if len(wrong := coupons[(percent < 0) | (percent > _ALL)]):
        msg = (
            f"{files.labels['coupons']}: percent_off of {wrong['id'].iloc[0]!r} is "
            f"{wrong['percent_off'].iloc[0]}. It is 0 to 100."
        )
        raise DataError(msg)


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
        One row per stretch of time with the same coupons, each with its `amount`. The last coupon of a line that ends
        is no stretch: its row has the amount before it as `list_amount` and its end as `discount_end`. Per cent are
        taken off before amounts, and an amount is shared by the lines of the subscription.
    """
    lines = lines.reset_index(drop=True).assign(line=range(len(lines)))
    pairs = _pairs(lines, coupons)
    if not len(pairs):
        return lines.drop(columns="line"), []
    strange = (pairs["off"] > 0) & (pairs["currency"] != pairs["currency_of_line"])
    notes = []
    if many := int(strange.sum()):
        notes.append(
            f"{counted(many, 'amount')} off {agreeing(many, 'is', 'are')} in another currency than the line, and not "
            "taken off"
        )
    cut = _stretches(lines, pairs)
    cut = _taken_off(cut, pairs[~strange])
    return _rows(cut).drop(columns=["line", "paid", "begin", "finish"]), notes


def _pairs(lines: pd.DataFrame, coupons: pd.DataFrame) -> pd.DataFrame:
    """Return each coupon with each line of its subscription, and when it begins and ends on it."""
    own = lines[["line", "subscription", "start", "end", "currency", "interval", "interval_count"]]
    pairs = coupons.merge(own, on="subscription", suffixes=("", "_of_line"))
    # What is granted within a day of the start is granted with it.
    same = pairs["begins"].isna() | (pairs["begins"] <= pairs["start"] + pd.Timedelta(days=1))
    begins = pairs["begins"].mask(same, pairs["start"])
    once = added(begins, _months(pairs))
    until = pairs["until"].where(~pairs["once"], once)
    pairs = pairs.assign(begins=begins, until=until)
    return pairs[~(pairs["until"] <= pairs["begins"]) & ~(pairs["begins"] >= pairs["end"])]


def _stretches(lines: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return lines cut at each moment at which a coupon of their subscription begins or ends."""
    moments_of = [pairs[["subscription", name]].set_axis(["subscription", "begin"], axis=1)
                  for name in ("begins", "until")]  # fmt: skip
    at = pd.concat(moments_of).dropna().drop_duplicates()
    inner = lines[["line", "subscription", "start", "end"]].merge(at, on="subscription")
    inner = inner[(inner["begin"] > inner["start"]) & ~(inner["begin"] >= inner["end"])]
    first = lines[["line", "start"]].rename(columns={"start": "begin"})
    cuts = pd.concat([first, inner[["line", "begin"]]]).sort_values(["line", "begin"])
    cuts = cuts.assign(finish=cuts.groupby("line")["begin"].shift(-1))
    cut = cuts.merge(lines, on="line")
    return cut.assign(finish=cut["finish"].fillna(cut["end"]))


def _taken_off(cut: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return stretches with what is paid in each: `paid`."""
    both = cut[["line", "begin"]].reset_index().merge(pairs, on="line")
    both = both[(both["begins"] <= both["begin"]) & ~(both["until"] <= both["begin"])]
    factor = (1 - both["percent"] / 100).groupby(both["index"]).prod().reindex(cut.index)
    left = cut["amount"] * factor.fillna(1.0)
    of_all = left.groupby([cut["subscription"], cut["begin"]]).transform("sum")
    share = np.divide(left, of_all, out=np.zeros(len(left)), where=of_all.to_numpy() > 0)
    off = both["off"].groupby(both["index"]).sum().reindex(cut.index).fillna(0.0)
    return cut.assign(paid=(left - share * off).clip(lower=0).round(6))


def _rows(cut: pd.DataFrame) -> pd.DataFrame:
    """Return stretches at one amount as rows; one before the full amount has its end of discount instead."""
    cut = cut.sort_values(["line", "begin"], kind="stable")
    again = (cut["line"] == cut["line"].shift()) & (cut["paid"] == cut["paid"].shift())
    out = cut[~again].copy()
    last = out["line"] != out["line"].shift(-1)
    out["finish"] = out["begin"].shift(-1).where(~last, out["end"])
    full = last & (out["paid"] == out["amount"]) & (out["line"] == out["line"].shift())
    before = full.shift(-1, fill_value=False)
    out["list_amount"] = out["amount"].where(before)
    out["discount_end"] = out["finish"].where(before)
    out["end"] = out["finish"].where(~before, out["end"])
    final = last | before
    for name in ("cancel_requested_at", "churn_cause"):
        out[name] = out[name].where(final)
    first = out["line"] != out["line"].shift()
    out["start"] = out["begin"]
    out["trial_end"] = out["trial_end"].where(first | (out["trial_end"] > out["begin"]))
    return out.assign(amount=out["paid"])[~full].reset_index(drop=True)


def _months(lines: pd.DataFrame) -> pd.Series:
    """Return the months of one billing interval; days and weeks count as the month they are in."""
    of_interval = {"month": 1, "quarter": 3, "year": 12}
    return lines["interval"].map(of_interval).fillna(1) * lines["interval_count"]
