"""Customers that are there under several ids: the same name, or the same domain, with an id to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.errors import Problem
from saasmetrics.money import counted
from saasmetrics.tables.arrays import one_chunk
from saasmetrics.tables.findings import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from saasmetrics.tables import Table

__all__ = ["several_ids"]

MAILS = ("email", "e_mail", "billing_email", "contact_email")
DOMAINS = ("domain", "website", "url")
_FORMS = (
    "incorporated|inc|corporation|corp|company|co|limited|ltd|llc|llp|plc|gmbh|ag|kg|ug|se|sa|sas|sarl|srl|spa|bv|nv|"
    "ab|as|oy|aps|pty|pte|kk"
)
_FREE = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "proton.me",
    "protonmail.com",
    "mail.com",
    "qq.com",
    "163.com",
    "yandex.ru",
    "mail.ru",
]
_FEWEST = 3  # letters of a name that says who it is


def several_ids(tables: Mapping[str, Table]) -> Iterable[Problem]:
    """Return the customers that share a name or a domain with an earlier one.

    Parameters
    ----------
    tables
        Normalized tables by name.

    Returns
    -------
    iterable of Problem
        At most one; `found` holds the ids with the id that is suggested for each.
    """
    if "customers" not in tables or not tables["customers"].num_rows:
        return []
    data = tables["customers"].data
    ids = data["customer_id"].combine_chunks()
    kept = np.full(len(ids), -1, np.int64)
    because = np.full(len(ids), "", object)
    for words, keys in _keys(data):
        first = _first_of_key(keys, _order(data))
        new = (first >= 0) & (first != np.arange(len(ids))) & (kept < 0)
        kept[new], because[new] = first[new], words
    rows = np.flatnonzero(kept >= 0)
    if not len(rows):
        return []
    for _ in range(2):  # by name to one, and from there by domain to another
        again = kept[kept[rows]] >= 0
        kept[rows[again]] = kept[kept[rows[again]]]
    rows = _of_others(ids, rows, kept)
    if not len(rows):
        return []
    return [_problem(data, ids, rows, kept[rows], because[rows].tolist())]


def _of_others(
    ids: pa.Array, rows: npt.NDArray[np.intp], kept: npt.NDArray[np.int64]
) -> npt.NDArray[np.intp]:
    """Return the first row of each id among some, where the row that is kept is of another id and no copy."""
    code = np.asarray(ids.dictionary_encode().indices)
    rows = rows[code[kept[rows]] != code[rows]]
    return np.sort(rows[np.unique(code[rows], return_index=True)[1]])


def _problem(
    data: pa.Table,
    ids: pa.Array,
    rows: npt.NDArray[np.intp],
    kept: npt.NDArray[np.int64],
    because: list[str],
) -> Problem:
    columns = {
        "customer_id": ids.take(pa.array(rows)),
        "suggested_id": ids.take(pa.array(kept)),
        "same": pa.array(because),
    }
    if "name" in data.column_names:
        columns["name"] = data["name"].take(pa.array(rows))
    found = pa.table(columns)
    many = len(set(kept.tolist()))
    return Problem(
        "customers",
        "customer_id",
        f"{counted(len(rows), 'id')} besides those of {counted(many, 'customer')} with the same name or domain",
        len(rows),
        tuple(found.slice(0, SHOWN).to_pylist()),
        'See rows(finding="several-ids"). Where they are one, choose the remedy "merge", or name the suggested id as '
        'parent_id and count by policy entity="parent".',
        "warning",
        "several-ids",
        rows,
        found,
    )


def _keys(data: pa.Table) -> Iterable[tuple[str, pa.Array]]:
    """Return what two rows of one customer share, with what it is."""
    if "name" in data.column_names:
        yield "name", _named(data["name"])
    for column in (*MAILS, *DOMAINS):
        if column in data.column_names:
            yield "domain", _domain(data[column], mail=column in MAILS)


def _named(names: pa.ChunkedArray) -> pa.Array:
    """Names in lower case without legal forms and signs; missing where too little is left."""
    plain = pc.utf8_lower(names.cast(pa.string()))
    plain = pc.replace_substring_regex(plain, r"[.'’`]", "")
    plain = pc.replace_substring_regex(plain, r"[^\pL\pN]+", " ")
    plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, rf"( ({_FORMS}))+ *$", ""))
    return one_chunk(pc.if_else(pc.greater_equal(pc.utf8_length(plain), _FEWEST), plain, None))


def _domain(values: pa.ChunkedArray, *, mail: bool) -> pa.Array:
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(values.cast(pa.string())))
    if mail:
        plain = pc.if_else(pc.match_substring(plain, "@"), plain, None)
        plain = pc.replace_substring_regex(plain, r"^.*@", "")
    plain = pc.replace_substring_regex(plain, r"^(https?://)?(www\.)?", "")
    plain = pc.replace_substring_regex(plain, r"[/?#].*$", "")
    free = pc.is_in(plain, value_set=pa.array(_FREE))
    good = pc.and_(pc.match_substring(plain, "."), pc.invert(free))
    return one_chunk(pc.if_else(good, plain, None))


def _order(data: pa.Table) -> npt.NDArray[np.int64]:
    """Return the rows from the customer created first to the last; those without a day come last, in their order."""
    if "created_at" not in data.column_names:
        return np.arange(data.num_rows)
    day = pc.fill_null(one_chunk(data["created_at"]).cast(pa.date32()).cast(pa.int32()), 2**31 - 1)
    order: npt.NDArray[np.int64] = np.argsort(day.to_numpy(), kind="stable")
    return order


def _first_of_key(keys: pa.Array, order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return for each row the first row with its key; -1 where it has none."""
    coded = keys.dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy().astype(np.int64)
    first = np.full(len(coded.dictionary) + 1, -1, np.int64)
    first[codes[order][::-1]] = order[::-1]
    first[-1] = -1
    found: npt.NDArray[np.int64] = first[codes]
    return found
