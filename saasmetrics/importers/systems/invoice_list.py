"""Invoices of any billing system or spreadsheet, with column names of several languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.errors import DataError
from saasmetrics.importers.called_credits import (
    called_credits,
    charged_credits,
    settled_otherwise,
)
from saasmetrics.importers.credits import settled
from saasmetrics.importers.currencies import (
    amounts_with_currency,
    currency_said,
    no_amounts,
    refuse_unclear,
)
from saasmetrics.importers.fields import UnreadableError, amounts, moments, words
from saasmetrics.importers.headed import headed
from saasmetrics.importers.languages import said
from saasmetrics.importers.layout import Importer, Layout
from saasmetrics.importers.note_files import (
    NOTES,
    beside,
    column_of_invoices,
    joined,
    of_notes,
    plainly_numbered,
)
from saasmetrics.importers.referenced import column_of_references
from saasmetrics.importers.references import exact
from saasmetrics.money import agreeing, counted
from saasmetrics.tables.months import month_of_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from saasmetrics.importers.layout import Parts

_KIND = "invoices"
_CENT = 0.015  # a cent, and half of one that rounding leaves
_DAY = r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}[/.]\d{1,2}[/.]\d{1,2}"
_PERIOD = re.compile(
    rf"(?<!\d)(?P<from>{_DAY})\s*(?:-|–|—|to|bis|au|al|a|tot|até|~|〜)\s*(?P<until>{_DAY})(?!\d)"
)
_KINDS = {
    "recurring": "recurring", "subscription": "recurring", "one_time": "one_time", "one_off": "one_time",
    "usage": "usage", "metered": "usage", "tax": "tax", "discount": "discount", "refund": "refund",
}  # fmt: skip


def _fields() -> dict[str, tuple[str, ...]]:
    """Return field -> names of its column; a customer without a number goes by the name."""
    names = {name: tuple(given) for name, given in said()["fields"].items()}
    return {**names, "customer_id": (*names["customer_id"], *names["customer"])}


def _seen_in_notes(data: pa.Table, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a file of credit notes that have other names: amounts, and the invoice that each names."""
    paid = amounts_with_currency(_fields(), data.column_names, fields)
    return paid | column_of_invoices(data.column_names, {**fields, **paid})


def _seen(data: pa.Table, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that have other names: amounts with their currency, and the invoice that a note names."""
    paid = amounts_with_currency(_fields(), data.column_names, fields)
    return paid | column_of_references(data, {**fields, **paid})


_NEEDS = ("number", "customer_id", "date")
# Of those of one kind, the last has most names, and reads what mapping.toml says to be of it.
LAYOUTS = (
    Layout(_KIND, _fields(), _NEEDS, tuple(said()["signs"]), _seen),
    Layout(
        _KIND,
        plainly_numbered(_fields()),
        _NEEDS,
        seen=_seen,
        named=tuple(said()["invoice_files_beside_notes"]),
        beside=NOTES,
    ),
    Layout(
        _KIND,
        plainly_numbered(_fields()),
        _NEEDS,
        seen=_seen,
        named=tuple(said()["invoice_files"]),
    ),
    Layout(
        NOTES,
        of_notes(_fields()),
        _NEEDS,
        seen=_seen_in_notes,
        named=tuple(said()["note_files"]),
        unless=(*said()["invoice_files"], *said()["invoice_files_beside_notes"]),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return the lines of invoices, before tax, credits negative, each with what it is."""
    files.frame(_KIND)  # which must be there
    rows = _issued(files)
    table, notes = settled(joined([_lines(files, kind, own) for kind, own in rows.items()]))
    table, others = settled_otherwise(table)
    files.notes += [*notes, *others]
    table.insert(0, "invoice_id", _ids(table))
    table = table.drop(columns=["number", "cancels"])
    made = {"invoices": table}
    if files.has(_KIND, "customer"):
        both = pd.concat([own[["customer_id", "customer"]] for own in rows.values()])
        first = both.drop_duplicates("customer_id")
        named = {"customer_id": first["customer_id"], "name": first["customer"]}
        made["customers"] = pd.DataFrame(named)
    return made


def _issued(files: Parts) -> dict[str, pd.DataFrame]:
    """Return the rows of each file that were issued, with what they credit as the invoice writes its number."""
    rows = {kind: _of_customers(files, kind) for kind in (_KIND, NOTES) if kind in files}
    if NOTES in rows:
        rows[NOTES] = beside(files, rows[_KIND], rows[NOTES])
    who = ["cancels", "number", "customer_id"]
    both = pd.concat([own[who].astype("object") for own in rows.values()], ignore_index=True)
    named, notes = exact(both["cancels"], both["number"], both["customer_id"])
    files.notes += notes
    first = len(rows[_KIND])
    of = {_KIND: named[:first], NOTES: named[first:]}
    live = {kind: ~words(own["status"]).isin(said()["void"]) for kind, own in rows.items()}
    never = pd.concat([own.loc[~live[kind], "number"] for kind, own in rows.items()])
    issued = pd.concat([own.loc[live[kind], "number"] for kind, own in rows.items()])
    out = {}
    for kind, own in rows.items():
        left = files.keep(
            kind, live[kind], "that were not issued", own.assign(cancels=of[kind].to_numpy())
        )
        idle = left["cancels"].isin(never) & ~left["cancels"].isin(issued)
        out[kind] = files.keep(kind, ~idle, "of credits whose invoice was not issued", left)
    return out


def _of_customers(files: Parts, kind: str) -> pd.DataFrame:
    """Return the rows of a file that have a number and a customer."""
    rows = files.frame(kind)
    rows = files.keep(kind, rows["number"].notna(), "without an invoice number", rows)
    rows, filled = headed(rows, said()["credit"])
    if filled:
        lines = f"{counted(filled, 'line')} of {files.labels[kind]} {agreeing(filled, 'has its', 'have their')}"
        files.notes.append(f"{lines} customer and date from the first line of the invoice")
    what = words(rows["type"])
    for other in sorted(set(what) & set(said()["no_invoice"])):
        shown = rows.loc[what == other, "type"].iloc[0]
        why = f"of the type {shown!r}, which is no invoice"
        rows = files.keep(kind, what[rows.index] != other, why, rows)
    return files.keep(kind, rows["customer_id"].notna(), "without a customer", rows)


def _lines(files: Parts, kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of one file with what each is."""
    net = _net(files, kind, rows)
    rows = files.keep(kind, net.notna(), "without an amount", rows)
    net = net[rows.index]
    credit = words(rows["type"]).isin(said()["credit"]) | (kind == NOTES)
    credit |= (net < 0) & (net.groupby(rows["number"]).transform("sum") < 0) & _refers(rows)
    turns = credit & (net.where(credit).groupby(rows["number"]).transform("sum") > 0)
    if turned := int((turns & (net > 0)).sum()):
        files.notes.append(
            f"{counted(turned, 'line')} of credit notes in {files.labels[kind]} with a positive amount "
            f"{agreeing(turned, 'is', 'are')} taken off"
        )
    begin, until = _period(files, kind, rows)
    label, valued = files.labels[kind], rows.assign(net=net)
    called = called_credits(rows["description"], net, rows["number"], until.notna()) & ~credit
    plain = _kinds(label, [], valued, until.notna(), credit) if called.any() else None
    files.notes += charged_credits(label, rows["description"], net, credit)
    return pd.DataFrame(
        {
            "number": rows["number"].astype("object").str.strip(),
            "customer_id": rows["customer_id"],
            "date": moments(rows["date"]),
            "amount": net.where(~turns, -net),
            "service_start": begin,
            "service_end": until,
            "kind": _kinds(label, files.notes, valued, until.notna(), credit | called),
            "otherwise": None if plain is None else plain.where(called),
            "currency": _currency(files, kind, rows),
            "product": rows["description"],
            "quantity": amounts(rows["quantity"]),
            "cancels": rows["cancels"],
        }
    )


def _refers(rows: pd.DataFrame) -> pd.Series:
    """Whether a line names another invoice, there or not."""
    named = rows["cancels"].astype("object").str.strip()
    return named.notna() & (named != "") & (named != rows["number"])


def _currency(files: Parts, kind: str, rows: pd.DataFrame) -> pd.Series:
    """Return the currency of each line: of its column, else the one that headers and signs of amounts name."""
    own = rows["currency"].str.strip().str.upper()
    return own if own.notna().all() else own.where(own.notna(), currency_said(files, kind, rows))


def _ids(rows: pd.DataFrame) -> pd.Series:
    """Return the number of each invoice, with the number of the line where it has several."""
    several = rows["number"].duplicated(keep=False)
    place = (rows.groupby("number").cumcount() + 1).astype(str)
    return rows["number"].where(~several, rows["number"] + "/" + place)


def _net(files: Parts, kind: str, rows: pd.DataFrame) -> pd.Series:
    """Return amounts without tax; where the file does not tell whether it is in them, the user is asked.

    Raises
    ------
    DataError
        If it does not tell, or net, tax and gross do not add up.
    """
    refuse_unclear(files, kind, _fields())
    has = {name: files.has(kind, name) for name in ("net", "tax", "gross", "amount")}
    read = {name: amounts(rows[name]) for name, there in has.items() if there}
    tax = read["tax"].fillna(0.0) if has["tax"] else None
    label, names = files.labels[kind], files.names[kind]
    gross = next((name for name in ("gross", "amount") if has[name]), "")
    if has["net"]:
        if tax is not None and gross:
            _refuse_unequal(
                files, kind, rows, read["net"] + tax - read[gross], ("net", "tax", gross)
            )
        net = read["net"]
    elif has["gross"] and tax is not None:
        net = read["gross"] - tax
    elif has["amount"] and tax is None and not has["gross"]:
        net = read["amount"]
        files.notes.append(
            f"{label}: {names['amount']!r} counts as the amount without tax; call it gross amount, and add a column "
            "of tax, if it is not"
        )
    elif has["amount"] or has["gross"]:
        name = names["amount" if has["amount"] else "gross"]
        msg = f"{label}: whether {name!r} includes tax is not said. Call it net amount or gross amount"
        raise DataError(f"{msg}, and give the tax of gross amounts in a column of its own.")
    else:
        raise no_amounts(files, kind, _fields())
    return net


def _refuse_unequal(
    files: Parts, kind: str, rows: pd.DataFrame, rest: pd.Series, names: tuple[str, str, str]
) -> None:
    wrong = rows[rest.abs() > _CENT]
    if len(wrong):
        net, tax, gross = (files.names[kind][name] for name in names)
        first = ", ".join(f"{row + 2:,}" for row in wrong.index[:3])
        msg = (
            f"{files.labels[kind]}: {net!r} and {tax!r} are not {gross!r} in {counted(len(wrong), 'row')} "
            f"(row {first}). Correct them, or leave one of the columns out."
        )
        raise DataError(msg)


def _period(files: Parts, kind: str, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return first and last day of service, as columns say it, else as the description does.

    Raises
    ------
    UnreadableError
        If a period is none.
    """
    found = rows["description"].astype("object").str.extract(_PERIOD)
    first, last = _in_one(rows["period"])
    begin, until = rows["from"], rows["until"]
    told = begin.isna() & until.isna() & first.isna() & found["from"].notna()
    if many := int(told.sum()):
        have = agreeing(many, "has its", "have their")
        files.notes.append(
            f"{counted(many, 'line')} of {files.labels[kind]} {have} period from the description"
        )
    first = moments(begin).fillna(first).fillna(moments(found["from"].where(told)))
    last = moments(until).fillna(last).fillna(moments(found["until"].where(told)))
    return first.dt.floor("D"), last.dt.floor("D")


def _in_one(periods: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return first and last day of periods in one column, which may be months."""
    text = periods.astype("object")
    found = text.str.extract(_PERIOD)
    months = {label: month_of_label(str(label)) for label in text.dropna().unique()}
    named = {label: month for label, month in months.items() if month}
    day = pd.to_datetime(text.map(named).astype("object")).astype("datetime64[us]")
    wrong = text[text.notna() & found["from"].isna() & day.isna()].drop_duplicates()
    if len(wrong):
        some = tuple(map(str, wrong.head(3)))
        rule = (
            "is no period of service. Write it as 2026-01-01 - 2026-12-31, or as a month, 2026-01."
        )
        raise UnreadableError("period", some, int(text.isin(wrong).sum()), rule)
    # Together, for of 01.01.2026 and 31.12.2026 the one says what the day of the other is.
    both = moments(pd.concat([found["from"], found["until"]], ignore_index=True).rename("period"))
    first = pd.Series(both.iloc[: len(text)].to_numpy(), index=text.index)
    last = pd.Series(both.iloc[len(text) :].to_numpy(), index=text.index)
    return first.fillna(day), last.fillna(day + pd.offsets.MonthEnd(0))


def _kinds(
    label: str, notes: list[str], rows: pd.DataFrame, served: pd.Series, credit: pd.Series
) -> pd.Series:
    """Return what each line is: as its type says, else the words of its description, else whether it has a period."""
    kind = words(rows["type"]).map(_KINDS).astype("object")
    text = rows["description"].astype("object").str.lower()
    for name, signs in said()["kinds"].items():
        says = text.str.contains(_pattern(name, tuple(signs)), na=False).astype(bool)
        says &= (rows["net"] < 0) | (name != "discount")  # a plan at a discount is a plan
        kind = kind.where(kind.notna() | ~says, name)
    kind = kind.mask(credit & ~kind.isin(("tax", "one_time", "usage")), "credit")
    unsaid = kind.isna()
    if unsaid.any():
        dated = bool(served.any())
        bare = unsaid & ~served
        if many := int(bare.sum()):
            some = ", ".join(map(repr, rows.loc[bare, "description"].dropna().unique()[:3]))
            what = "charged once" if dated else "recurring, for the month of the invoice's date"
            notes.append(
                f"{counted(many, 'line')} of {label} without a period of service "
                f"{agreeing(many, 'counts', 'count')} as {what}{f' ({some})' if some else ''}; a column type "
                "(recurring, one_time, usage, tax) says it better"
            )
        kind = kind.where(~unsaid, np.where(served | (not dated), "recurring", "one_time"))
    return kind


def _pattern(kind: str, signs: tuple[str, ...]) -> str:
    """Return a pattern of whole words; a line is of tax only if it begins with it."""
    latin = [re.escape(sign) for sign in signs if sign.isascii() or sign[0] < "\u3000"]
    rest = [re.escape(sign) for sign in signs if re.escape(sign) not in latin]
    letter = r"[^\W\d_]"
    whole = rf"(?<!{letter})(?:{'|'.join(latin)})(?:s|es|e|en|n)?(?!{letter})"
    either = "|".join([whole, *rest])
    return rf"^\W*\d*\W*(?:{either})" if kind == "tax" else either


INVOICE_LIST = Importer(
    "invoice_list",
    "Invoice list",
    "Invoices with their lines, exported from any billing or accounting system or kept in a spreadsheet: one row per "
    "line, columns named in English, German, French, Spanish, Dutch, Italian, Portuguese or Japanese",
    LAYOUTS,
    (_KIND,),
    build,
    generic=True,
)
