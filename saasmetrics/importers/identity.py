"""Which customer of billing a row of another system is of: by id, by e-mail, by domain, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Domains of many people who have nothing to do with each other.
_PUBLIC = (
    "aol.com", "fastmail.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com",
    "live.com", "mail.ru", "me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "qq.com", "163.com",
    "t-online.de", "web.de", "yahoo.com", "yandex.ru", "zoho.com",
)  # fmt: skip


def known_customers(
    rows: pd.DataFrame, customers: pd.DataFrame | None, ids: Mapping[str, str], system: str
) -> tuple[pd.Series, str]:
    """Return the customer of each row, and in words how they were found.

    Parameters
    ----------
    rows
        Rows with `customer_id` of their own system and, where it says so, `email` and `company`.
    customers
        The customers of billing, with `customer_id` and, where known, `email` and `name`.
    ids
        What the user says: id of the other system -> customer.
    system
        Name of the other system.

    Returns
    -------
    customer_id, words
        Rows that belong to no customer that is known keep the id of their own system.
    """
    found = pd.Series(None, index=rows.index, dtype="object")
    counts: dict[str, int] = {}
    chance = 0
    for way, keys, table in _ways(rows, customers, ids):
        hit = keys.map(table).astype("object").where(found.isna(), None)
        if way == "id" and customers is not None:
            wrong = _contradicts(rows, customers, hit)
            chance = int(wrong.sum())
            hit = hit.where(~wrong, None)
        counts[way] = int(hit.notna().sum())
        found = _filled(found, hit)
    lost = int(found.isna().sum())
    parts = [f"{count:,} by {way}" for way, count in counts.items() if count]
    belong = f"{counted(len(rows), 'row')} of {system} {agreeing(len(rows), 'belongs', 'belong')} to customers"
    said = f"{belong}: {', '.join(parts) or 'none'}"
    if lost:
        keep = (
            f"{lost:,} of none that is known {agreeing(lost, 'keeps', 'keep')} the id of {system}"
        )
        said += f"; {keep}. Add customer_ids.csv (id, customer_id)"
    if chance:
        theirs = f"{chance:,} {agreeing(chance, 'has', 'have')} the id of a customer"
        said += f"; {theirs} whose domain and name are others, and is not theirs"
    return _filled(found, _own_ids(rows, customers, system)), said


def with_accounts(customers: pd.DataFrame | None, accounts: pd.DataFrame) -> pd.DataFrame:
    """Return customers with what a CRM says of their accounts; accounts that are no customers are left aside.

    What billing says of a customer is kept; of several accounts of one customer the first counts.
    """
    accounts = accounts.rename(columns={"company": "name"}).drop(columns="email")
    accounts = accounts.drop_duplicates("customer_id")
    if customers is None:
        return accounts
    joined = customers.merge(accounts, on="customer_id", how="left", suffixes=("", "_of_account"))
    for name in [name for name in joined if str(name).endswith("_of_account")]:
        own = str(name).removesuffix("_of_account")
        joined[own] = _filled(joined[own], joined[name])
    return joined[[name for name in joined if not str(name).endswith("_of_account")]]


def _ways(
    rows: pd.DataFrame, customers: pd.DataFrame | None, ids: Mapping[str, str]
) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """Yield each way with the key of each row and customer_id by key; a key of several customers tells nothing."""
    own = rows["customer_id"].astype("object")
    yield "the ids given", own, pd.Series(dict(ids), dtype="object")
    if customers is None:
        return
    who = customers["customer_id"]
    yield "id", own, _alone(who, who)
    if "email" in customers and "email" in rows:
        mail, theirs = _plain(rows["email"]), _plain(customers["email"])
        yield "e-mail", mail, _alone(theirs, who)
        yield "domain", _domain(mail), _alone(_domain(theirs), who)
    if "name" in customers and "company" in rows:
        yield "name", _plain(rows["company"]), _alone(_plain(customers["name"]), who)


def _own_ids(rows: pd.DataFrame, customers: pd.DataFrame | None, system: str) -> pd.Series:
    """Return the ids of a system, with its name before those that are of somebody else in billing."""
    own = rows["customer_id"].astype("object")
    if customers is None:
        return own
    return own.mask(own.isin(customers["customer_id"]), system + " " + own.astype(str))


def _contradicts(rows: pd.DataFrame, customers: pd.DataFrame, hit: pd.Series) -> pd.Series:
    """Whether what both sides know of a customer that has the same id differs, and nothing of it agrees."""
    by = customers.drop_duplicates("customer_id").set_index("customer_id")
    agrees = pd.Series(False, index=rows.index)
    differs = agrees.copy()
    if "email" in by and "email" in rows:
        for read in (_plain, _domain):
            ours, theirs = read(rows["email"]), read(hit.map(by["email"]))
            known = ours.notna() & theirs.notna()
            agrees |= known & (ours == theirs)
            differs |= known & (ours != theirs) & (read is _domain)
    if "name" in by and "company" in rows:
        ours, theirs = _company(rows["company"]), _company(hit.map(by["name"]))
        known = ours.notna() & theirs.notna()
        like = (ours == theirs).fillna(value=False).astype(bool)
        unlike = known & ~like
        # Acme and Acme Inc. are one.
        pairs = zip(ours[unlike], theirs[unlike], strict=True)
        within = np.array([a in b or b in a for a, b in pairs], dtype=bool)
        like |= rows.index.isin(rows.index[unlike.to_numpy(bool)][within])
        agrees |= known & like
        differs |= known & ~like
    return differs & ~agrees & hit.notna()


def _company(names: pd.Series) -> pd.Series:
    """Return names as they compare; an e-mail in place of a name tells of no company."""
    plain = _plain(names)
    text = plain.fillna("").astype(str)
    return plain.mask(text.str.contains("@", regex=False) | (text == ""), None)


def _filled(values: pd.Series, others: pd.Series) -> pd.Series:
    """Return values, and those of others where they are missing."""
    if values.isna().all():
        return others
    if values.dtype != "object":
        return values.fillna(others)
    either = np.where(values.notna(), values.astype("object"), others.astype("object"))
    return pd.Series(either, index=values.index, dtype="object")


def _plain(values: pd.Series) -> pd.Series:
    return values.astype("string").str.strip().str.lower().astype("object")


def _domain(mail: pd.Series) -> pd.Series:
    domain = mail.astype("string").str.strip().str.lower().str.extract(r"@([^@\s]+)$", expand=False)
    return domain.mask(domain.isin(_PUBLIC)).astype("object")


def _alone(keys: pd.Series, values: pd.Series) -> pd.Series:
    """Return value by key, without keys that are missing or stand for several values."""
    pairs = pd.DataFrame({"key": keys.to_numpy(object), "value": values.to_numpy(object)})
    pairs = pairs.dropna().drop_duplicates()
    return pairs.drop_duplicates("key", keep=False).set_index("key")["value"]
