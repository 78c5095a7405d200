"""Result: the headline, the footnote, the chart and the rows of any metric."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm


@pytest.fixture(scope="module")
def book() -> sm.Book:
    rows = {
        "customer_id": ["a", "<script>alert(1)</script>", "a", "=cmd|'/c calc'!A1"],
        "month": ["2026-01", "2026-01", "2026-02", "2026-02"],
        "mrr": [100, 50, 80, 10],
        "segment": ["x", "<b>y</b>", "x", "x"],
    }
    return sm.Book(mrr=rows)


def test_the_headline_is_the_latest_complete_value_of_the_whole(book: sm.Book) -> None:
    assert sm.revenue.mrr(book).value == 90
    assert sm.revenue.mrr(book.as_of("2026-02-10")).value == 150


def test_a_result_by_group_has_no_single_headline(book: sm.Book) -> None:
    assert sm.revenue.mrr(book, by="segment").value is None


def test_a_missing_headline_is_none_and_says_why() -> None:
    one = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]})
    result = sm.retention.nrr(one)
    why = result.df["reason"].iloc[-1]
    assert why == "nobody was paying at the start of the window"
    assert (result.value, result.text) == (None, f"no value: {why}")


@pytest.mark.row("D6")
def test_the_definition_is_the_entry_of_the_catalogue(book: sm.Book) -> None:
    assert sm.retention.nrr(book).definition is sm.CATALOGUE["nrr"]


def test_the_footnote_says_what_a_changed_policy_does(book: sm.Book) -> None:
    result = sm.retention.nrr(book, window=1, reactivation="in")
    assert "MRR won back from former customers is added" in result.footnote
    assert "policy default* v1" in result.footnote


def test_plain_text_holds_the_numbers_and_the_footnote(book: sm.Book) -> None:
    text = str(sm.retention.nrr(book, window=1))
    assert text.startswith("Net revenue retention: 53.3%")
    assert "[nrr v1;" in text


def test_names_are_text_in_the_rich_display(book: sm.Book) -> None:
    shown = sm.revenue.bridge(book, by="segment")._repr_html_()
    assert "<b>y</b>" not in shown
    assert "&lt;b&gt;y&lt;/b&gt;" in shown


def test_the_rich_display_needs_no_network(book: sm.Book) -> None:
    shown = sm.retention.nrr(book, window=1)._repr_html_()
    assert 'src="http' not in shown
    assert "<script" not in shown


def test_a_chart_is_shown_without_the_network(book: sm.Book) -> None:
    bundle = sm.revenue.bridge(book).chart()._repr_mimebundle_()
    assert "text/html" not in bundle
    assert bundle["image/png"][1:4] == b"PNG"
    assert json.dumps(bundle["application/vnd.vegalite.v6+json"])


def test_a_chart_goes_on_as_an_altair_chart(book: sm.Book) -> None:
    import altair as alt

    chart = sm.revenue.mrr(book).chart()
    assert isinstance(chart, alt.TopLevelMixin)
    assert chart.properties(title="Ours").to_dict()["title"] == "Ours"


def test_a_kind_without_a_chart_points_to_the_numbers(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"\.df"):
        sm.revenue.concentration(book).chart()


def test_rows_refuse_a_name_that_is_no_part_of_the_cell(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="segment"):
        sm.revenue.bridge(book, by="segment").rows(segmnt="x")


def test_rows_default_to_the_latest_complete_period(book: sm.Book) -> None:
    rows = sm.retention.nrr(book, window=1).rows()
    assert rows["denominator"].sum() == 150
    assert rows["numerator"].sum() == 80


def test_the_frame_of_a_result_is_the_callers_own(book: sm.Book) -> None:
    first = sm.revenue.mrr(book)
    first.df.loc[:, "value"] = 0.0
    assert sm.revenue.mrr(book).value == 90


def test_periods_are_timestamps_of_the_first_day(book: sm.Book) -> None:
    period = sm.revenue.mrr(book).df["period"]
    assert period.tolist() == [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-02-01")]


def test_the_footnote_names_every_choice_that_differs_from_the_default(book: sm.Book) -> None:
    other = book.with_policy(overlap="latest", gap_days=30)
    note = sm.retention.nrr(other, window=1).footnote
    assert "the one that started last counts" in note
    assert "a gap in paid service of up to 30 days" in note


def test_the_check_says_at_once_how_many_findings_there_are(book: sm.Book) -> None:
    assert "0 errors" in str(book.check()).splitlines()[0]


def test_a_printed_check_is_read_in_a_hundred_columns() -> None:
    rows = {"customer_id": ["a", "b ", "c"], "month": ["2026-01"] * 3, "mrr": [10, 12, -4]}
    report = sm.Book(mrr=rows).check()
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 100
    assert repr(report) == str(report)
    told = " ".join(str(report).split())
    for problem in report.problems:
        for said in (problem.code, problem.rule, problem.remedy):
            assert " ".join(said.split()) in told
    assert "Touches 1 customer and $12 of MRR" in told


def test_what_is_not_one_value_has_a_headline_in_words() -> None:
    rows = [("a", 1, 100), ("b", 1, 50), ("a", 2, 120), ("c", 2, 30)]
    ids, months, mrr = zip(*rows, strict=True)
    table = {"customer_id": ids, "month": [f"2026-{m:02}" for m in months], "mrr": mrr}
    people = {"customer_id": ["a", "b", "c"], "segment": ["x", "x", "y"]}
    book = sm.Book(mrr=table, customers=people)
    assert sm.revenue.bridge(book).text == "closing MRR $150 in Feb 2026, residual 0"
    assert sm.revenue.movements(book).text == "new +$30, expansion +$20, churn −$50 in Feb 2026"
    assert sm.revenue.mrr(book, by="segment").text == "$30 (y) to $120 (x)"
    assert sm.revenue.balances(book).text == "live MRR $150, committed $150 in Feb 2026"
    # a and b first pay in January 2025, a alone pays a year later
    months = [f"{2025 + m // 12}-{m % 12 + 1:02}" for m in range(13)]
    old = {"customer_id": ["a"] * 13 + ["b"], "month": [*months, "2025-01"], "mrr": [10] * 14}
    assert sm.retention.cohorts(sm.Book(mrr=old)).text == (
        "50.0% of customers are there after 12 months, average of 1 cohort"
    )


def test_renewals_have_a_headline_in_words() -> None:
    # Contracts of a, b and c end with 2025, and b does not renew: 700 of 1000, two terms of three.
    contracts = {
        "contract_id": ["a1", "b1", "c1", "a2", "c2"],
        "customer_id": ["a", "b", "c", "a", "c"],
        "start": ["2025-01-01"] * 3 + ["2026-01-01"] * 2,
        "end": ["2025-12-31"] * 3 + ["2026-12-31"] * 2,
        "arr": [600, 300, 100, 600, 100],
    }
    mrr = {"customer_id": ["a", "c"], "month": ["2026-06"] * 2, "mrr": [50, 10]}
    book = sm.Book(mrr=mrr, contracts=contracts, as_of="2026-06-30")
    waterfall = sm.renewals.waterfall(book).text
    assert waterfall == "renewed $700 of $1.0k available to renew in Q4 2025 (70.0%)"
    ahead = sm.renewals.forecast(book)
    total = ahead.df.iloc[-1]
    assert ahead.text == (
        f"${total['value']:.0f} of $700 expected to renew in the 4 quarters from Q3 2026 "
        f"({total['share']:.1%}), P10 to P90 ${total['p10']:.0f} to ${total['p90']:.0f}"
    )
    none = sm.renewals.forecast(book, quarters=1)  # nothing comes up in Q3 2026
    assert none.text == "no value: nothing comes up for renewal"


def test_a_comparison_prints_its_policies_side_by_side(book: sm.Book) -> None:
    made = sm.definitions.compare(book, "nrr", ["default", {"reactivation": "in"}], window=1)
    assert made.text == "NRR 53.3% (default) to 53.3% (default*)"
    assert "Side by side, period of" in str(made)
    assert (
        "2026-01" not in str(made).partition("Net revenue retention: closing")[0]
    )  # one period only
    young = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]})
    missing = sm.definitions.compare(young, "nrr", ["default", "stripe"]).text
    assert "missing (default: nobody was paying at the start of the window)" in missing


def test_a_chart_names_its_options_and_draws_from_day_to_day(book: sm.Book) -> None:
    made = sm.revenue.bridge(book)
    with pytest.raises(
        sm.DataError, match=r"no option 'period'; it has theme, width, .*first, last"
    ):
        made.chart(period="2026-02")
    heading = made.chart(first="2026-02-10", last="2026-02").to_dict()["title"]["text"]
    assert "in Feb 2026" in " ".join(heading)


def test_a_chart_saved_as_a_page_holds_all_that_it_needs(book: sm.Book, tmp_path: Path) -> None:
    sm.revenue.mrr(book).chart().save(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert "cdn." not in page
    assert len(page) > 300_000  # the renderer is in it
