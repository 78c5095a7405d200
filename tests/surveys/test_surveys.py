"""Scores of surveys on tables small enough to check by hand, and on the demo company."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas

S = sm.surveys


def company(surveys, **tables):
    """Ada and Bo (SMB) and Cy (Enterprise) pay all of 2025; surveys are (customer, day, instrument, score, scale)."""
    names = ["Ada", "Bo", "Cy"]
    months = [str(m) for m in pd.period_range("2025-01", "2025-12", freq="M")]
    mrr = pd.DataFrame([{"customer_id": n, "month": m, "mrr": 100} for n in names for m in months])
    customers = pd.DataFrame({"customer_id": names, "segment": ["SMB", "SMB", "Enterprise"]})
    columns = ["customer_id", "at", "instrument", "score", "scale_max"]
    found = pd.DataFrame(surveys, columns=columns)
    return sm.Book(mrr=mrr, customers=customers, surveys=found, as_of="2025-12-31", **tables)


def answers(instrument, *scores, scale=None, month="2025-02"):
    names = ["Ada", "Bo", "Cy"]
    return [
        (names[k % 3], f"{month}-{k + 1:02}", instrument, score, scale)
        for k, score in enumerate(scores)
    ]


def test_nps_is_promoters_less_detractors_of_all_answers():
    book = company(answers("nps", 10, 9, 8, 7, 6, 0))
    row = S.nps(book, "Y", per="response").df.iloc[0]
    assert row["value"] == formulas.nps(2, 2, 2) == 0
    assert (row["promoters"], row["passives"], row["detractors"], row["n"]) == (2, 2, 2, 6)
    assert (row["low"], row["high"]) == pytest.approx(formulas.nps_interval(2, 2, 2))
    assert row["promoter_share"] == pytest.approx(1 / 3)
    assert (row["promoter_low"], row["promoter_high"]) == pytest.approx(formulas.wilson(2, 6))


@pytest.mark.row("P15")
def test_the_last_answer_of_an_account_counts_and_is_the_default():
    book = company(
        [
            ("Ada", "2025-01-10 09:00", "nps", 0, 10),
            ("Ada", "2025-01-10 17:00", "nps", 10, 10),
            ("Bo", "2025-01-05", "nps", 9, 10),
        ]
    )
    row = S.nps(book, "Y").df.iloc[0]
    assert (row["value"], row["n"]) == (100, 2)
    assert row["response"] == pytest.approx(2 / 3)  # of three who pay
    # the interval of two of three is narrowed by sqrt((3 - 2) / (3 - 1))
    assert (row["low"], row["high"]) == pytest.approx(formulas.nps_interval(2, 0, 0, population=3))


@pytest.mark.row("U6")
@pytest.mark.parametrize(
    ("promoters", "band"), [(13, "below 70%"), (14, "70-80%: good enough"), (16, "above 80%")]
)
def test_the_share_of_promoters_is_read_against_70_to_80_per_cent(promoters, band):
    book = company(answers("nps", *[9] * promoters, *[3] * (20 - promoters)))
    assert S.nps(book, "Y", per="response").df["band"].tolist() == [band]


def test_an_answer_without_a_score_is_counted_and_never_filled_in():
    book = company(answers("nps", 10, None, 2))
    found = S.nps(book, "Y", per="response")
    assert found.df[["n", "missing"]].iloc[0].tolist() == [2, 1]
    assert found.value == 0
    assert "1 answer without a score" in found.footnote


def test_scores_outside_the_scale_and_other_scales_of_nps_are_left_out_and_said():
    book = company([*answers("nps", 10, 12), ("Cy", "2025-02-09", "nps", 4, 5)])
    found = S.nps(book, "Y", per="response")
    assert found.df["n"].tolist() == [1]
    assert "1 answer outside the scale" in found.footnote
    assert "1 answer on another scale than 0 to 10" in found.footnote


def test_a_period_in_which_nobody_answered_is_missing_and_not_0():
    book = company(answers("nps", 10, month="2025-01") + answers("nps", 0, month="2025-09"))
    df = S.nps(book, "Q").df
    assert df["value"].isna().tolist() == [False, True, False, True]
    assert df["reason"].tolist() == ["", "nobody answered", "", "nobody answered"]
    assert df["complete"].all()


@pytest.mark.row("D2")
def test_csat_counts_scales_of_different_lengths_by_one_rule():
    # (score - 1) / (scale - 1) of at least 0.75: 4 of 5, 8 of 10, 6 of 7 and 3 of 3 are the lowest that satisfy
    least = {5: 4, 10: 8, 7: 6, 3: 3}
    rows = [
        ("Ada", "2025-02-01", "csat", score, scale)
        for scale, edge in least.items()
        for score in (edge - 1, edge)
    ]
    found = S.csat(company(rows), "Y")
    assert found.value == 0.5
    assert found.df["n"].tolist() == [8]
    assert "75% of its scale" in found.footnote


@pytest.mark.row("D2")
def test_a_score_is_normalized_by_a_stated_rule():
    assert formulas.normalize_score(4, 5) == 0.75
    assert formulas.normalize_score(4, 5, rule="share") == 0.8
    assert formulas.normalize_score(8, 10, rule="share") == 0.8
    assert formulas.normalize_score(8, 10) == pytest.approx(7 / 9)  # 4 of 5 and 8 of 10 differ
    with pytest.raises(sm.DataError, match="not on a scale of 1 to 5"):
        formulas.normalize_score(0, 5)


@pytest.mark.row("Z11")
def test_csat_of_a_segment_has_its_number_of_answers_and_its_interval():
    book = company(answers("csat", 5, 1, 5, 4, 2, 5))
    df = S.csat(book, "Y", by="segment").df.set_index("segment")
    assert df.loc["Enterprise", ["value", "numerator", "n"]].tolist() == [1.0, 2, 2]
    assert df.loc["SMB", ["value", "numerator", "n"]].tolist() == [0.5, 2, 4]
    edges = df.loc["SMB", ["low", "high"]].tolist()
    assert edges == pytest.approx(formulas.wilson(2, 4))


def test_the_answers_behind_a_cell_add_up_to_it():
    book = company(answers("csat", 5, 1, 5, 4, 2, 5))
    found = S.csat(book, "Y", by="segment")
    rows = found.rows(segment="SMB")
    assert set(rows["customer_id"]) == {"Ada", "Bo"}
    assert rows["numerator"].sum() / rows["denominator"].sum() == 0.5
    proof = S.nps(company(answers("nps", 10, 0, 10)), "Y").proof()
    assert proof.recomputed == pytest.approx(proof.value)


def test_scores_of_tickets_are_taken_where_there_are_no_surveys():
    tickets = pd.DataFrame(
        {
            "ticket_id": ["1", "2", "3"],
            "customer_id": ["Ada", "Bo", "Cy"],
            "created_at": ["2025-03-01"] * 3,
            "csat": [5, None, 2],
            "channel": ["chat", "chat", "email"],
        }
    )
    tables = {name: t.data for name, t in company([]).tables.items() if name != "surveys"}
    book = sm.Book(**tables, tickets=tickets, as_of="2025-12-31")
    df = S.csat(book, "Y", by="channel").df.set_index("channel")
    assert df["value"].to_dict() == {"chat": 1.0, "email": 0.0}
    assert df["missing"].to_dict() == {"chat": 1, "email": 0}


def test_effort_is_a_mean_with_students_interval():
    scores = [7, 6, 5, 6]
    row = S.ces(company(answers("ces", *scores)), "Y").df.iloc[0]
    assert row["value"] == formulas.ces(scores) == 6
    assert row["deviation"] == pytest.approx(np.std(scores, ddof=1))
    low, high = formulas.ces_interval(6, np.std(scores, ddof=1), 4)
    assert row["low"] == pytest.approx(low)
    assert row["high"] == min(high, 7)


def test_effort_asked_the_other_way_round_is_turned_around():
    book = company(answers("ces", 1, 2, 3))
    assert S.ces(book, "Y", high="hard").value == 6
    # 1 to 5 is stretched to 1 to 7
    assert S.ces(company(answers("ces", 5, 3, scale=5)), "Y").value == 5.5


@pytest.mark.row("P12")
def test_two_years_are_compared_with_newcombes_interval():
    rows = [
        ("Ada", f"{year}-03-01", "csat", 5 if k < good else 1, 5)
        for year, good in ((2024, 90), (2025, 96))
        for k in range(100)
    ]
    row = S.compare(company(rows), "csat", before="2024", after="2025").df.iloc[0]
    wanted = formulas.csat_change((90, 100), (96, 100))
    assert row[["value", "low", "high"]].tolist() == pytest.approx(wanted)
    assert row[["n_against", "n"]].tolist() == [100, 100]


def test_groups_are_compared_with_all_others_and_corrected_for_many_looks():
    book = company(answers("csat", *[5, 5, 1] * 9))
    df = S.compare(book, "csat", by="customer_id").df.set_index("group")
    cy = df.loc["Cy"]
    wanted = formulas.csat_change((18, 18), (0, 9))
    assert cy[["value", "low", "high"]].tolist() == pytest.approx(wanted)
    assert (df["p_corrected"] >= df["p"]).all()


def test_nps_of_two_spans_counts_each_account_once_on_each_side():
    rows = [
        ("Ada", "2025-01-01", "nps", 0, 10),
        ("Ada", "2025-02-01", "nps", 10, 10),
        ("Ada", "2025-08-01", "nps", 3, 10),
    ]
    spans = {"before": ("2025-01", "2025-06"), "after": ("2025-07", "2025-12")}
    row = S.compare(company(rows), "nps", **spans).df.iloc[0]
    assert row[["score_against", "score", "n", "n_against"]].tolist() == [100, -100, 1, 1]


def test_welchs_test_agrees_with_scipy():
    from scipy.stats import ttest_ind

    first, second = [7, 6, 7, 5, 6, 7], [4, 6, 5, 3]
    rows = answers("ces", *first, month="2025-01") + answers("ces", *second, month="2025-07")
    spans = {"before": ("2025-01", "2025-06"), "after": ("2025-07", "2025-12")}
    row = S.compare(company(rows), "ces", **spans).df.iloc[0]
    wanted = ttest_ind(second, first, equal_var=False)
    assert row["p"] == pytest.approx(wanted.pvalue)
    edges = wanted.confidence_interval()
    assert row[["low", "high"]].tolist() == pytest.approx([edges.low, edges.high])


def test_responders_are_compared_with_others_who_pay_on_the_same_day():
    months = [str(m) for m in pd.period_range("2025-01", "2025-12", freq="M")]
    # of ten customers the first five answer in March; two of the others leave in September
    mrr = pd.DataFrame(
        [
            {"customer_id": f"c{k}", "month": m, "mrr": 100 + 10 * k}
            for k in range(10)
            for m in months
            if not (k in (8, 9) and m > "2025-08")
        ]
    )
    surveys = pd.DataFrame(
        {
            "customer_id": [f"c{k}" for k in range(5)],
            "at": "2025-03-01",
            "instrument": "nps",
            "score": 9,
        }
    )
    book = sm.Book(mrr=mrr, surveys=surveys, as_of="2025-12-31")
    df = S.bias(book, horizon=6).df.set_index("measure")
    assert df.loc["mrr", ["responders", "others", "value"]].tolist() == [120, 170, -50]
    assert df.loc["churn", ["responders", "others", "n", "n_others"]].tolist() == [0, 0.4, 5, 5]
    wanted = formulas.csat_change((2, 5), (0, 5))
    assert df.loc["churn", ["value", "low", "high"]].tolist() == pytest.approx(wanted)


def test_satisfaction_of_chat_rises_when_the_demo_company_gets_a_chat_team(demo_book):
    from saasmetrics.sample.truths import PARAMETERS

    first = pd.Period("2021-11", "M") + PARAMETERS.chat_team_month
    book = demo_book.where(segment=["SMB", "Mid-Market", "Enterprise"])
    spans = {"before": ("2021-11", str(first - 1)), "after": (str(first), "2026-10")}
    df = S.compare(book, "csat", by="channel", source="tickets", **spans).df
    assert len(df) > 1
    tickets = book.frame("tickets")
    chat = sm.Book(
        **{n: t.data for n, t in book.tables.items() if n != "tickets"},
        tickets=tickets[tickets["channel"] == "chat"],
        as_of="2026-10-31",
    )
    row = S.compare(chat, "csat", source="tickets", **spans).df.iloc[0]
    before, after = PARAMETERS.chat_csat_top
    assert row["low"] <= after - before <= row["high"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: S.nps(b, per="person"), "person"),
        (lambda b: S.csat(b, top=2), "top=2"),
        (lambda b: S.csat(b, source="mail"), "mail"),
        (lambda b: S.ces(b, high="up"), "up"),
        (lambda b: S.nps(b, by="segmant"), "Did you mean"),
        (S.compare, "nothing to compare"),
        (lambda b: S.compare(b, before="2024"), "both spans"),
        (lambda b: S.compare(b, "csat", before=("a", "b", "c"), after="2024"), "is not a span"),
        (lambda b: S.bias(b, "nsp"), "nsp"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(call, words):
    with pytest.raises(sm.DataError, match=words):
        call(company(answers("nps", 9)))


def test_a_book_without_surveys_says_which_table_is_missing():
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]})
    for ask in (S.nps, S.csat, S.ces, S.bias):
        with pytest.raises(sm.DataError, match="surveys"):
            ask(book)
