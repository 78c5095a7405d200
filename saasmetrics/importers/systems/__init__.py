"""The systems whose exports are known, in the order in which they are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.importers.systems.baremetrics import BAREMETRICS
from saasmetrics.importers.systems.chargebee import CHARGEBEE
from saasmetrics.importers.systems.chartmogul import CHARTMOGUL
from saasmetrics.importers.systems.freshdesk import FRESHDESK
from saasmetrics.importers.systems.hubspot import HUBSPOT
from saasmetrics.importers.systems.intercom import INTERCOM
from saasmetrics.importers.systems.invoice_list import INVOICE_LIST
from saasmetrics.importers.systems.maxio import MAXIO
from saasmetrics.importers.systems.paddle import PADDLE
from saasmetrics.importers.systems.recharge import RECHARGE
from saasmetrics.importers.systems.recurly import RECURLY
from saasmetrics.importers.systems.saasoptics import SAASOPTICS
from saasmetrics.importers.systems.salesforce import SALESFORCE
from saasmetrics.importers.systems.stripe import STRIPE
from saasmetrics.importers.systems.zendesk import ZENDESK
from saasmetrics.importers.systems.zuora import ZUORA

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Importer

BILLING = (
    STRIPE,
    CHARGEBEE,
    RECURLY,
    ZUORA,
    PADDLE,
    MAXIO,
    SAASOPTICS,
    RECHARGE,
    CHARTMOGUL,
    BAREMETRICS,
    INVOICE_LIST,
)
SALES = (HUBSPOT, SALESFORCE)
SUPPORT = (ZENDESK, INTERCOM, FRESHDESK)
IMPORTERS: dict[str, Importer] = {one.id: one for one in (*BILLING, *SALES, *SUPPORT)}
