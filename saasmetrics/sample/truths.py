"""What is true of the made-up company: the parameters it is generated from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SEGMENTS = ("SMB", "Mid-Market", "Enterprise")
CHANNELS = ("outbound", "inbound", "partner", "self_serve")
REGIONS = ("North America", "EMEA", "APAC")
PLANS = ("Starter", "Growth", "Scale")
TENURE_BANDS = ("1-3", "4-12", "13+")


def _fixed(**values: float) -> Mapping[str, float]:
    return MappingProxyType(values)


def _by_segment(smb: float, mid: float, enterprise: float) -> Mapping[str, float]:
    return MappingProxyType(dict(zip(SEGMENTS, (smb, mid, enterprise), strict=True)))


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The numbers that the sample company is generated from.

    A customer may leave at each end of its term (every month for monthly terms), t months after
    it began, with probability ``1 - exp(-rate)`` and ``rate = months in the term x
    base_rate[segment] x term_factor[term] x tenure_factor[band of t]`` times the hazard ratios
    that apply to it.

    Attributes
    ----------
    base_rate
        Monthly churn rate per segment of a monthly-term customer in tenure band 4-12 with no hazard
        ratio applied.
    term_factor
        How the rate per month of term falls with the length of the term in months.
    tenure_factor
        Multiplies the rate by months since the customer began (or came back).
    onboarding_hazard_ratio
        Causal effect of guided onboarding. Randomised (half of all) for those who began in the
        months of `onboarding_experiment` (first, first after); outside them better-fitting
        customers get it more often.
    programme_hazard_ratio
        Causal effect of the success-plan programme, rolled out to the books of CSMs in random order
        in the months `programme_waves` (a stepped wedge).
    save_play_hazard_ratio
        Causal effect of a save play; only customers whose usage falls get one, so that a naive
        comparison says it harms.
    icp_hazard_ratio
        Customers inside the ideal customer profile.
    signal_hazard_ratios
        Effect on the next decision while the signal is on. ``nps`` is 1: the score says nothing.
    usage_decline_level
        Usage while declining, as a share of the customer's own normal level.
    price_rises
        Month counted from the first month -> rise of the list price; paid from the next renewal on.
    cause_split
        Shares of (voluntary, involuntary, unknown) among churned customers per segment.
    expansion_rate, contraction_rate
        Chance per month (contraction: per renewal for terms of a year and more) that seats change.
    trial_conversion
        Chance that a trial converts, by channel, support contact averaged out.
    trial_support_ratio
        How much more likely a trial converts that talked to support.
    chat_team_month, chat_reply_minutes, chat_csat_top
        A dedicated chat team starts in that month: median minutes to the first reply, and the
        chance of a score of 4 or 5 (less 0.25 in months of trouble), before and after.
    macro_handle_ratio
        Handling time of a ticket with a macro, as a share of that without.
    """

    base_rate: Mapping[str, float] = field(default_factory=lambda: _by_segment(0.058, 0.038, 0.021))
    term_factor: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({1: 1.0, 3: 0.9, 12: 0.55, 24: 0.45})
    )
    tenure_factor: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType(
            dict(zip(TENURE_BANDS, (1.4, 1.0, 0.75), strict=True))
        )
    )
    onboarding_hazard_ratio: float = 0.6
    onboarding_experiment: tuple[int, int] = (22, 34)
    programme_hazard_ratio: float = 0.8
    programme_waves: tuple[int, ...] = (34, 38, 42, 46)
    save_play_hazard_ratio: float = 0.7
    icp_hazard_ratio: float = 0.7
    signal_hazard_ratios: Mapping[str, float] = field(
        default_factory=lambda: _fixed(
            usage_decline=3.5, champion_change=2.0, support_trouble=1.6, nps=1.0
        )
    )
    signal_entry: Mapping[str, float] = field(
        default_factory=lambda: _fixed(
            usage_decline=0.02, champion_change=0.01, support_trouble=0.02
        )
    )
    usage_decline_exit: float = 0.18
    usage_decline_level: float = 0.45
    champion_change_months: int = 6
    support_trouble_months: int = 3
    save_play_share: float = 0.5
    price_rises: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({20: 0.06, 44: 0.05})
    )
    cause_split: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: MappingProxyType(
            dict(
                zip(
                    SEGMENTS,
                    ((0.68, 0.27, 0.05), (0.85, 0.11, 0.04), (0.93, 0.04, 0.03)),
                    strict=True,
                )
            )
        )
    )
    expansion_rate: Mapping[str, float] = field(
        default_factory=lambda: _by_segment(0.036, 0.062, 0.08)
    )
    expansion_size: float = 0.19
    contraction_rate: Mapping[str, float] = field(
        default_factory=lambda: _by_segment(0.010, 0.010, 0.010)
    )
    contraction_size: float = 0.18
    plan_upgrade_rate: float = 0.006
    addon_rate: float = 0.008
    addon_drop_rate: float = 0.012
    pause_rate: float = 0.004
    reactivation_rate: float = 0.012
    trial_conversion: Mapping[str, float] = field(
        default_factory=lambda: _fixed(inbound=0.42, self_serve=0.28)
    )
    trial_support_share: float = 0.3
    trial_support_ratio: float = 1.4
    chat_team_month: int = 40
    chat_reply_minutes: tuple[float, float] = (5.0, 1.75)
    chat_csat_top: tuple[float, float] = (0.90, 0.96)
    macro_handle_ratio: float = 0.7


@dataclass(frozen=True, kw_only=True)
class Truths(Parameters):
    """`Parameters` plus what they amount to for one generated company.

    Attributes
    ----------
    customers, seed, as_of
        Which company.
    price_rise_dates
        First day on which the raised list price is charged at renewal -> the rise.
    hazard
        (segment, tenure band) -> true probability to leave per month lived, averaged over the
        customer months that were lived. Churned customers over customer months estimate it.
    person_months, expected_churn
        Denominator and numerator of `hazard`: months lived, and the sum of true probabilities.
    """

    customers: int
    seed: int
    as_of: str
    price_rise_dates: Mapping[str, float]
    hazard: Mapping[tuple[str, str], float]
    person_months: Mapping[tuple[str, str], int]
    expected_churn: Mapping[tuple[str, str], float]


PARAMETERS = Parameters()
