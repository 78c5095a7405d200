"""Every formula as a plain function on numbers, to check a figure by hand.

Numbers in, a number out; None where the denominator is 0 or the formula has no meaning. Rates are
shares (0.05 is 5 %), money is in currency units, losses count by size whatever their sign.

- recurring: mrr, arr, arpa, committed, quick_ratio, concentration, hhi, existing_share
- retention: nrr, grr, logo_retention, logo_churn, gross_churn, net_churn, annualize_churn, scale_churn, daily_churn
- renewals: gross_renewal_rate, net_renewal_rate, expected_renewals
- lifetime: lifetime, capped_lifetime, ltv, ltv_simple, ltv_capped, ltv_discounted, ltv_survival, ltv_skok,
  ltv_skok_finance, ltv_cac, monthly_discount
- cost: cac, cac_ratio, payback, payback_simple, payback_bessemer, payback_churn_adjusted, gross_margin
- efficiency: magic_number, burn_multiple, burn_band, efficiency_score, rule_of_40, runway
- intervals: wilson, nps
"""

from __future__ import annotations

from saasmetrics.metrics.formulas.acquisition import (
    burn_band,
    burn_multiple,
    cac,
    cac_ratio,
    efficiency_score,
    gross_margin,
    magic_number,
    payback,
    payback_bessemer,
    payback_churn_adjusted,
    payback_simple,
    rule_of_40,
    runway,
)
from saasmetrics.metrics.formulas.lifetime import (
    capped_lifetime,
    lifetime,
    ltv,
    ltv_cac,
    ltv_capped,
    ltv_discounted,
    ltv_simple,
    ltv_skok,
    ltv_skok_finance,
    ltv_survival,
    monthly_discount,
)
from saasmetrics.metrics.formulas.recurring import (
    arpa,
    arr,
    committed,
    concentration,
    existing_share,
    hhi,
    mrr,
    quick_ratio,
)
from saasmetrics.metrics.formulas.renewals import (
    expected_renewals,
    gross_renewal_rate,
    net_renewal_rate,
)
from saasmetrics.metrics.formulas.retention import (
    annualize_churn,
    daily_churn,
    gross_churn,
    grr,
    logo_churn,
    logo_retention,
    net_churn,
    nrr,
    scale_churn,
)
from saasmetrics.metrics.formulas.sampling import nps, wilson

__all__ = [
    "annualize_churn",
    "arpa",
    "arr",
    "burn_band",
    "burn_multiple",
    "cac",
    "cac_ratio",
    "capped_lifetime",
    "committed",
    "concentration",
    "daily_churn",
    "efficiency_score",
    "existing_share",
    "expected_renewals",
    "gross_churn",
    "gross_margin",
    "gross_renewal_rate",
    "grr",
    "hhi",
    "lifetime",
    "logo_churn",
    "logo_retention",
    "ltv",
    "ltv_cac",
    "ltv_capped",
    "ltv_discounted",
    "ltv_simple",
    "ltv_skok",
    "ltv_skok_finance",
    "ltv_survival",
    "magic_number",
    "monthly_discount",
    "mrr",
    "net_churn",
    "net_renewal_rate",
    "nps",
    "nrr",
    "payback",
    "payback_bessemer",
    "payback_churn_adjusted",
    "payback_simple",
    "quick_ratio",
    "rule_of_40",
    "runway",
    "scale_churn",
    "wilson",
]


def __dir__() -> list[str]:
    return __all__
