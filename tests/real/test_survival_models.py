"""Public data sets of lifetimes against lifelines run here, and against what became of the customers."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm

s = sm.survival
KEPT = ["contract", "internet_service", "payment_method", "senior_citizen"]


@pytest.fixture(scope="module")
def telco(real_data: Path) -> tuple[sm.Book, pd.DataFrame]:
    """IBM's 7,043 customers as a book: tenure in months up to January 2020."""
    raw = pd.read_csv(real_data / "telco_ibm" / "Telco-Customer-Churn.csv")
    names = ("Contract", "InternetService", "PaymentMethod", "SeniorCitizen")
    raw = raw.rename(columns=dict(zip(names, KEPT, strict=True)))
    raw["senior_citizen"] = raw["senior_citizen"].map({0: "no", 1: "yes"})
    raw["gone"] = raw["Churn"] == "Yes"
    last = pd.Period("2020-01", "M")
    subscriptions = pd.DataFrame(
        {
            "subscription_id": raw["customerID"],
            "customer_id": raw["customerID"],
            "start": pd.to_datetime([(last - t).start_time for t in raw["tenure"]]),
            "end": pd.Series(last.start_time, index=raw.index).where(raw["gone"]),
            "amount": raw["MonthlyCharges"],
            "interval": "month",
        }
    )
    customers = raw.rename(columns={"customerID": "customer_id"})[["customer_id", *KEPT]]
    return sm.Book(subscriptions=subscriptions, customers=customers, as_of="2020-01-31"), raw


def quietly(fit):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return fit()


def test_the_cumulative_hazard_of_telco_agrees_with_lifelines(telco) -> None:
    from lifelines import NelsonAalenFitter

    book, raw = telco
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(raw["tenure"], raw["gone"])
    ours = s.hazard(book).df.set_index("age")["cumulative"]
    expected = theirs.cumulative_hazard_.iloc[:, 0]
    np.testing.assert_allclose(ours.loc[expected.index.astype(int)], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("test", "weightings"),
    [("logrank", None), ("wilcoxon", "wilcoxon"), ("tarone_ware", "tarone-ware")],
)
def test_tests_of_telcos_contracts_agree_with_lifelines(telco, test: str, weightings) -> None:
    from lifelines.statistics import multivariate_logrank_test, pairwise_logrank_test

    book, raw = telco
    found = s.compare(book, "contract", test=test, correction="none")
    asked = (raw["tenure"], raw["contract"], raw["gone"])
    theirs = multivariate_logrank_test(*asked, weightings=weightings)
    assert found.extra["overall"].statistic == pytest.approx(theirs.test_statistic, rel=1e-9)
    pairs = pairwise_logrank_test(*asked, weightings=weightings).summary["test_statistic"]
    ours = found.df.set_index(["group", "against"])["statistic"]
    np.testing.assert_allclose(ours, pairs.loc[ours.index], rtol=1e-9)


def test_telcos_hazard_ratios_agree_with_lifelines(telco) -> None:
    from lifelines import CoxPHFitter

    book, raw = telco
    found = s.cox(book, KEPT).df
    x = pd.get_dummies(raw[KEPT], prefix=KEPT, prefix_sep="|", dtype=float)
    x = x.drop(
        columns=[
            f"{c}|{r}" for c, r in set(zip(found["covariate"], found["reference"], strict=True))
        ]
    )
    tight = {"precision": 1e-18, "r_precision": 1e-15}  # its default stops at 1e-8
    frame = x.assign(d=raw["tenure"], e=raw["gone"])
    theirs = quietly(lambda: CoxPHFitter().fit(frame, "d", "e", fit_options=tight))
    ours = found.set_index(found["covariate"] + "|" + found["level"]).loc[theirs.params_.index]
    np.testing.assert_allclose(ours["coefficient"], theirs.params_, atol=1e-9)
    np.testing.assert_allclose(ours["se"], theirs.standard_errors_, atol=1e-9)
    assert found["n"].max() <= 7043


def test_a_model_of_telco_is_that_of_lifelines_on_the_same_intervals(telco) -> None:
    from lifelines import WeibullFitter

    book, raw = telco
    seen = raw[raw["tenure"] > 0]
    lower = np.where(seen["gone"], seen["tenure"] - 1, seen["tenure"])
    upper = np.where(seen["gone"], seen["tenure"], np.inf)
    theirs = quietly(lambda: WeibullFitter().fit_interval_censoring(lower, upper))
    found = s.fit(book, "weibull")
    assert found.params["lambda"] == pytest.approx(theirs.lambda_, rel=1e-4)
    assert found.params["rho"] == pytest.approx(theirs.rho_, rel=1e-4)
    assert found.fitted().log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-3)


@pytest.fixture(scope="module")
def cohorts(real_data: Path) -> pd.DataFrame:
    """Two cohorts of 1,000 yearly contracts: at which renewal each customer left, 8 for not yet."""
    return pd.read_csv(real_data / "sbg_fader_hardie" / "sbg_cohorts.csv")


def contracts(cohorts: pd.DataFrame, years: int) -> sm.Book:
    """The cohorts as a book that has seen some renewals: contracts from January 2010 on."""
    left = cohorts["recency"].clip(upper=years + 1)
    end = pd.to_datetime([f"{2010 + n}-01-01" for n in left])
    subscriptions = pd.DataFrame(
        {
            "subscription_id": cohorts["customer_id"].astype(str),
            "customer_id": cohorts["customer_id"].astype(str),
            "start": pd.Timestamp("2010-01-01"),
            "end": pd.Series(end, index=cohorts.index).where(left <= years),
            "amount": 120,
            "interval": "year",
            "cohort_name": cohorts["cohort"],
        }
    )
    return sm.Book(subscriptions=subscriptions, as_of=f"{2010 + years}-12-31")


def test_the_high_end_cohort_of_a_book_gives_the_published_sbg(cohorts: pd.DataFrame) -> None:
    book = contracts(cohorts, 7).where(cohort_name="highend")
    found = s.fit(book, "sbg", freq="Y")
    # Fader and Hardie 2007, appendix B: 0.668 and 3.806
    assert found.params["alpha"] == pytest.approx(0.668, abs=5e-4)
    assert found.params["beta"] == pytest.approx(3.806, abs=5e-4)
    assert not found.df.set_index("age").loc[7, "projected"]
    assert found.df.set_index("age").loc[8, "projected"]


def test_from_four_years_the_bdw_tells_year_12_better_and_auto_takes_it(
    cohorts: pd.DataFrame,
) -> None:
    book = contracts(cohorts, 4).where(cohort_name="highend")
    still_there = 0.394  # of the high-end cohort in year 12: Fader and Hardie 2007, table 1
    missed = {
        model: abs(s.fit(book, model, freq="Y").predict(12)[12] - still_there)
        for model in ("sbg", "bdw")
    }
    assert missed["bdw"] < 0.01
    assert missed["sbg"] > 0.05
    auto = s.fit(book, freq="Y", horizon=12)
    assert auto.extra["summary"]["model"].tolist() == ["bdw"]
    band = auto.df.set_index("age").loc[12]
    shares = s.fit_shares([1, 0.869, 0.743, 0.653, 0.593], customers=1000)
    assert shares.params == pytest.approx(auto.params, rel=1e-6)
    assert band["low"] < still_there < band["high"]


def test_the_two_cohorts_differ(cohorts: pd.DataFrame) -> None:
    found = s.fit(contracts(cohorts, 7), "sbg", by="cohort_name", freq="Y")
    assert found.extra["difference"]["p"] < 1e-9
    assert found.params["regular"]["alpha"] == pytest.approx(0.704, abs=5e-4)  # appendix B
    assert found.params["regular"]["beta"] == pytest.approx(1.182, abs=5e-4)
