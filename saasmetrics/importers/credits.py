"""Credit notes that cancel a whole invoice, which say of no month of their own what was paid for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.referenced import BILLED, CENT, WHO, Referenced, referenced, shown
from saasmetrics.importers.same_months import in_same_months
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Callable

_MONTH = pd.Timedelta(31, "D")
_DAY = pd.Timedelta(1, "D")
_WORDS = (
    (
        False,
        "cancels a whole invoice, which counts as if it never was",
        "cancel whole invoices, which count as if they never were",
    ),
    (
        True,
        "gives a month free, before and after which the customer pays, and counts as a refund: see policy refunds=",
        "give a month free, before and after which the customer pays, and count as refunds: see policy refunds=",
    ),
)


def settled(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Let a credit note that cancels a whole invoice serve the period of that invoice, and be of its kind.

    The invoice then never was. Where the customer pays for the days just before and just after, and nothing was billed
    instead, a month was given free, which is no churn: the credit note is a refund, and the policy decides. A credit
    note that names an invoice takes from that one, whether all of it or a part.

    Parameters
    ----------
    table
        Lines of invoices: number, cancels (the number of the invoice that a credit note names, missing where it names
        none), customer_id, date, amount (credits negative), service_start, service_end, kind, currency, product.

    Returns
    -------
    tuple
        The lines, and what was done in words.
    """
    table, taken_back = _without_taken_back(table)
    lines = _dated(table.assign(cancels=_named(table)))
    told = referenced(lines)
    bills = lines[lines["what"].isin(BILLED)]
    open_bills = bills[~bills["number"].isin(told.pairs["number"])]
    unsaid = (lines["kind"] == "credit") & lines["cancels"].isna()
    pairs = _pairs(_whole(open_bills), _whole(lines[unsaid]))
    recurring = bills[(bills["what"] == "recurring") & (bills["amount"] > 0)]
    both = pd.concat([told.pairs, pairs], ignore_index=True) if len(told.pairs) else pairs
    free = _free(both, recurring)
    both = both.assign(free=free).set_index("number_note")
    out = _guessed(table, both[both.index.isin(pairs["number_note"])])
    out, days = in_same_months(_with_mirrored(out, told, both))
    return out, [*taken_back, *_said(both), *told.notes, *days]


def _without_taken_back(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out credit notes that were cancelled themselves, with what cancels them: neither counts."""
    lines = table.assign(currency=table["currency"].fillna(""), cancels=_named(table))
    lines["credit"] = lines["kind"] == "credit"
    of = {"amount": ("amount", "sum"), "credit": ("credit", "any"), "cancels": ("cancels", "first")}
    whole = lines.groupby(["number", *WHO], as_index=False).agg(**of)
    notes = whole.loc[whole["credit"], ["number", *WHO, "amount"]].rename(
        columns={"number": "cancels"}
    )
    both = whole.merge(notes, on=["cancels", *WHO], suffixes=("", "_note"))
    both = both[(both["amount"].abs() - both["amount_note"].abs()).abs() < CENT]
    both = both[(both["number"] != both["cancels"]) & ~both["number"].isin(both["cancels"])]
    if not len(both):
        return table, []
    words = agreeing(len(both), "was cancelled itself", "were cancelled themselves")
    said = f"{counted(len(both), 'credit note')} {words}, and {agreeing(len(both), 'counts', 'count')} as if"
    said += f" never written ({shown(both, 'cancels')})"
    gone = table["number"].isin([*both["number"], *both["cancels"]])
    return table[~gone].reset_index(drop=True), [said]


def _named(table: pd.DataFrame) -> pd.Series:
    """Return the invoice that each line names; lines of a note that name none go with its first."""
    text = table["cancels"].astype("object").str.strip()
    text = text.where(text != "", None)
    return text.fillna(text.groupby(table["number"]).transform("first"))


def _guessed(table: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with the period and kind of the invoice that a note cancels, though it does not name it."""
    out, number = table.copy(), table["number"]
    noted = number.where(table["kind"] == "credit").isin(pairs.index)
    for name, end in (("service_start", "begin"), ("service_end", "until")):
        out[name] = out[name].mask(noted, number.map(pairs[end]))
    kind = pairs["what"].where(~pairs["free"], "refund").replace("recurring", "credit")
    out["kind"] = out["kind"].mask(noted, number.map(kind))
    return out


def _with_mirrored(table: pd.DataFrame, told: Referenced, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with those of credit notes that name an invoice replaced by what they take from its months."""
    if not len(told.lines):
        return table
    free = pairs.index[pairs["free"]]
    new = table.loc[told.lines.index].assign(
        amount=told.lines["amount"],
        service_start=told.lines["begin"],
        service_end=told.lines["until"],
        product=told.lines["product"],
        kind=told.lines["what"].replace("recurring", "credit"),
    )
    given = (new["kind"] == "credit") & told.lines["whole"] & new["number"].isin(free)
    new["kind"] = new["kind"].mask(given, "refund")
    new["quantity"] = new["quantity"].mask(told.lines["several"])
    return pd.concat([table.drop(index=told.gone), new]).sort_index(kind="stable")


def _dated(lines: pd.DataFrame) -> pd.DataFrame:
    """Add the first and last day that a line serves, the month of its date where it does not say."""
    month = lines["date"].dt.floor("D").dt.to_period("M")
    served = lines["service_start"].notna() & lines["service_end"].notna()
    begin = lines["service_start"].where(served, month.dt.start_time)
    until = lines["service_end"].where(served, month.dt.end_time.dt.floor("D"))
    what = lines["kind"].replace("discount", "recurring")
    currency = lines["currency"].fillna("")
    return lines.assign(begin=begin, until=until, served=served, currency=currency, what=what)


def _whole(lines: pd.DataFrame) -> pd.DataFrame:
    """Return what documents bill of one kind, where all of it serves one period."""
    found = lines.groupby(["number", "what", *WHO], as_index=False).agg(
        date=("date", "min"),
        amount=("amount", "sum"),
        begin=("begin", "min"),
        until=("until", "max"),
        served=("served", "any"),
        begins=("begin", "nunique"),
        ends=("until", "nunique"),
    )
    return found[(found["begins"] == 1) & (found["ends"] == 1)]


def _pairs(invoices: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    """Return which note cancels which invoice wholly: the last of its amount and period."""
    both = invoices.merge(notes, on=WHO, suffixes=("", "_note"))
    fits = (both["amount"] + both["amount_note"]).abs() < CENT
    fits &= both["date"] <= both["date_note"]
    same = (both["begin"] == both["begin_note"]) & (both["until"] == both["until_note"])
    both = both[fits & (same | ~both["served_note"])]
    both = both.sort_values(["date_note", "number_note", "date"], ascending=[True, True, False])
    return both.drop_duplicates("number_note").drop_duplicates("number")


def _free(pairs: pd.DataFrame, recurring: pd.DataFrame) -> pd.Series:
    """Whether a cancelled month was given free: the customer pays just before and after it, and nothing replaces it."""
    kept = recurring[~recurring["number"].isin(pairs["number"])]
    near = pairs.merge(kept, on=WHO, suffixes=("", "_other"))

    def any_that(which: Callable[[pd.DataFrame], pd.Series]) -> pd.Series:
        return pairs["number"].isin(near.loc[which(near), "number"])

    before = any_that(lambda n: (n["begin"] - n["until_other"]).between(0 * _DAY, _DAY))
    after = any_that(lambda n: (n["begin_other"] - n["until"]).between(0 * _DAY, _DAY))
    instead = any_that(
        lambda n: (
            (n["date_other"] >= n["date_note"])
            & (n["begin_other"] < n["until"])
            & (n["until_other"] > n["begin"])
        )
    )
    month = (pairs["what"] == "recurring") & (pairs["until"] - pairs["begin"] <= _MONTH)
    return month & before & after & ~instead


def _said(pairs: pd.DataFrame) -> list[str]:
    said = []
    for free, one, many in _WORDS:
        some = pairs[pairs["free"] == free]
        if len(some):
            named = some.rename(columns={"number": "cancels"}).rename_axis("number").reset_index()
            words = f"{counted(len(some), 'credit note')} {agreeing(len(some), one, many)}"
            said.append(f"{words} ({shown(named, 'for')})")
    return said
