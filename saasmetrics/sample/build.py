"""The public entry: all tables of the sample company, its truths, and its folder of files."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.export.files import unwritable
from saasmetrics.sample import (
    accounts,
    finance,
    invoices,
    lifecycle,
    money_flows,
    plans,
    subscriptions,
    success,
    support,
)
from saasmetrics.sample import people as staffing
from saasmetrics.sample.company import Company, found
from saasmetrics.sample.truths import PARAMETERS, SEGMENTS, TENURE_BANDS, Truths

if TYPE_CHECKING:
    import pyarrow as pa

AS_OF = "2026-10-31"
MOST = 1_000_000
"""Customers that a company may have."""
_SMALL = 500  # customers of a company that takes so little memory that it is kept


def tables(customers: int = 2000, seed: int = 7, as_of: str = AS_OF) -> dict[str, pa.Table]:
    """Generate every table of the sample company, for five years that end on a date.

    Parameters
    ----------
    customers
        Companies that paid at least once. Prospects that only tried come on top of them in the
        table ``customers``, with ids that begin with P.
    seed
        Which company: the same seed gives the same bytes.
    as_of
        Last day of the extract. What happens later is unknown to the tables.

    Returns
    -------
    dict of str to pyarrow.Table
        By table name. ``invoices`` bill what ``subscriptions`` say: use one of them for MRR.

    Examples
    --------
    >>> tables(customers=50)["subscriptions"].num_columns
    22
    """
    return dict((_kept if customers <= _SMALL else _made)(customers, seed, as_of))


def _made(customers: int, seed: int, as_of: str) -> dict[str, pa.Table]:
    company = found(customers, seed, as_of)
    history = lifecycle.simulate(company)
    trials = accounts.trials_of(company)
    staff = staffing.staff_of(history)
    requests = support.requests_of(history, trials, staff)
    return {
        "subscriptions": subscriptions.subscriptions(history),
        "customers": accounts.customers(company, trials),
        "contracts": subscriptions.contracts(history),
        "spend": finance.spend(history),
        "finance": finance.finance(history),
        "trials": accounts.trials_table(company, trials),
        "targets": plans.targets(history),
        "activities": success.activities(history, staff),
        "tickets": support.tickets(history, trials, staff, requests),
        "usage": success.usage(history),
        "surveys": success.surveys(history, trials, requests),
        "people": staffing.people(staff),
        "hours": staffing.hours(staff, requests.person, requests.month, requests.handled),
        "invoices": invoices.invoices(history),
        "fx": money_flows.fx(company),
    }


_kept = lru_cache(maxsize=4)(_made)


def truths(customers: int = 2000, seed: int = 7, as_of: str = AS_OF) -> Truths:
    """Tell the true parameters behind `tables` of the same arguments.

    Examples
    --------
    >>> truths(customers=50).onboarding_hazard_ratio
    0.6
    """
    history = lifecycle.simulate(found(customers, seed, as_of))
    company, made = history.company, history.decisions
    day = company.calendar.day(made["month"], company.anchor[made["customer"]])
    known = day <= company.calendar.as_of
    cell = company.segment[made["customer"]] * 3 + np.digitize(made["tenure"], [4, 13])
    months = np.bincount(cell[known], minlength=9)
    expected = np.bincount(cell[known], made["chance"][known], 9)
    keys = [(segment, band) for segment in SEGMENTS for band in TENURE_BANDS]
    return Truths(
        customers=customers,
        seed=seed,
        as_of=as_of,
        price_rise_dates=_rise_dates(company),
        hazard=MappingProxyType(
            {
                key: float(expected[i] / months[i]) if months[i] else float("nan")
                for i, key in enumerate(keys)
            }
        ),
        person_months=MappingProxyType({key: int(months[i]) for i, key in enumerate(keys)}),
        expected_churn=MappingProxyType({key: float(expected[i]) for i, key in enumerate(keys)}),
    )


def _rise_dates(company: Company) -> MappingProxyType[str, float]:
    starts = company.calendar.month_starts
    return MappingProxyType(
        {str(starts[month]): rise for month, rise in PARAMETERS.price_rises.items()}
    )


def write(
    folder: str | os.PathLike[str],
    customers: int = 2000,
    seed: int = 7,
    as_of: str = AS_OF,
) -> Path:
    """Write one CSV file per table into a folder that does not exist yet or is empty.

    The files appear all at once: they are written beside the folder and moved into place.

    Raises
    ------
    DataError
        If they cannot be written; then nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> sorted(p.name for p in write(tempfile.mkdtemp(), customers=20).iterdir())[:2]
    ['activities.csv', 'contracts.csv']
    """
    from pyarrow import csv

    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} exists and is not an empty folder; name another one or empty it first"
        raise FileExistsError(msg)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for name, table in tables(customers, seed, as_of).items():
            csv.write_csv(table, beside / f"{name}.csv")
        beside.chmod(0o755)
        if target.exists():
            target.rmdir()
        beside.replace(target)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        if isinstance(error, OSError):
            raise DataError(unwritable(target, error)) from error
        raise
    return target


def is_written(folder: Path, customers: int, seed: int) -> bool:
    """Return whether a folder holds the very files that `write` would write, so that writing them again is fine.

    Examples
    --------
    >>> is_written(Path("nowhere"), 50, 7)
    False
    """
    from filecmp import cmpfiles
    from tempfile import TemporaryDirectory

    if not folder.is_dir():
        return False
    with TemporaryDirectory() as beside:
        names = {path.name for path in write(beside, customers, seed).iterdir()}
        same, _, _ = cmpfiles(folder, beside, names, shallow=False)
        return {path.name for path in folder.iterdir()} == names == set(same)
