"""Raw exports of billing, support, sales and finance systems as tables.

`import_folder` recognizes the system of each file by its columns, and so does `sm.read`. Each system is also a function
of its own, whose help says where the export comes from:

- billing: stripe, chargebee, recurly, zuora, paddle, maxio, saasoptics, recharge, chartmogul, baremetrics
- any list of invoices: invoice_list
- sales: hubspot, salesforce
- support: zendesk, intercom, freshdesk

A profit and loss by month (QuickBooks, Xero) and a customer cube in a workbook are recognized by what is above their
months. What comes back has the tables, what each column became, and what was left out and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.importers.folder import import_folder
from saasmetrics.importers.systems import IMPORTERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from saasmetrics.importers.imported import Imported

__all__ = [
    "baremetrics",
    "chargebee",
    "chartmogul",
    "freshdesk",
    "hubspot",
    "import_folder",
    "intercom",
    "invoice_list",
    "maxio",
    "paddle",
    "recharge",
    "recurly",
    "saasoptics",
    "salesforce",
    "stripe",
    "zendesk",
    "zuora",
]


def _reader(name: str) -> Callable[..., Imported]:
    """Return the function that reads the exports of one system, with its own help."""

    def read(path: str | Path, **told: Any) -> Imported:
        return import_folder(path, only=name, **told)

    system = IMPORTERS[name]
    read.__name__ = read.__qualname__ = name
    read.__doc__ = f"""Read the exports of {system.title} and make tables of them.

    Where they come from: {system.menu}.

    Parameters
    ----------
    path
        Folder of CSV, Parquet or XLSX files, or one file.
    **told
        dayfirst, decimal and encoding, as for `saasmetrics.read`.

    Returns
    -------
    Imported
        Tables for `Book(**imported.tables)`, what each column became, and what was left out.

    Raises
    ------
    DataError
        If no file is one of {system.title}, or a file that is needed is missing.
    """
    return read


baremetrics = _reader("baremetrics")
chargebee = _reader("chargebee")
chartmogul = _reader("chartmogul")
freshdesk = _reader("freshdesk")
hubspot = _reader("hubspot")
intercom = _reader("intercom")
invoice_list = _reader("invoice_list")
maxio = _reader("maxio")
paddle = _reader("paddle")
recharge = _reader("recharge")
recurly = _reader("recurly")
saasoptics = _reader("saasoptics")
salesforce = _reader("salesforce")
stripe = _reader("stripe")
zendesk = _reader("zendesk")
zuora = _reader("zuora")


def __dir__() -> list[str]:
    return __all__
