"""The systems whose exports are known, in the order in which they are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.importers.systems.baremetrics import BAREMETRICS
from saasmetrics.importers.systems.chargebee import CHARGEBEE
from saasmetrics.importers.systems.chartmogul import CHARTMOGUL
from saasmetrics.importers.systems.freshdesk import FRESHDESK
from saasmetrics.importers.systems.hubspot import HUBSPOT
from saasmetrics.importers.systems.intercom import INTERCOM
from saasmetrics.importers.systems.paddle import PADDLE
from saasmetrics.importers.systems.recharge import RECHARGE
from saasmetrics.importers.systems.recurly import RECURLY
from saasmetrics.importers.systems.salesforce import SALESFORCE
from saasmetrics.importers.systems.stripe import STRIPE
from saasmetrics.importers.systems.zendesk import ZENDESK
from saasmetrics.importers.systems.zuora import ZUORA

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Importer

BILLING = (STRIPE, CHARGEBEE, RECURLY, ZUORA, PADDLE, RECHARGE, CHARTMOGUL, BAREMETRICS)
SALES = (HUBSPOT, SALESFORCE)
SUPPORT = (ZENDESK, INTERCOM, FRESHDESK)
IMPORTERS: dict[str, Importer] = {one.id: one for one in (*BILLING, *SALES, *SUPPORT)}
