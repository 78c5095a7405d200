"""A proof in Python: sides, rows, checks, words; and what it says when there is nothing to prove."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import saasmetrics as sm
from saasmetrics.export.expression import computed, in_excel, in_words
from saasmetrics.proof import Proof, Trace

ROWS = {
    "customer_id": ["a", "b", "<b>c</b>", "a", "b"],
    "month": ["2026-01", "2026-01", "2026-01", "2026-02", "2026-02"],
    "mrr": [100, 50, 30, 120, 20],
}


@pytest.fixture(scope="module")
def nrr() -> sm.Result:
    """January 180; February 120 + 20 + 0 of the same customers."""
    return sm.retention.nrr(sm.Book(mrr=ROWS), window=1)


def test_every_kind_of_number_has_a_proof_that_holds(proofs: dict[str, Proof]) -> None:
    assert {name: p.checks for name, p in proofs.items() if p.trace and not p.holds} == {}
    without = {name for name, p in proofs.items() if p.trace is None}
    assert without == {"payback_curve"}  # a month read off a curve


def test_the_proof_puts_the_numbers_into_the_formula(nrr: sm.Result) -> None:
    proof = nrr.proof()
    assert proof.formula == "numerator / denominator = 140 / 180 = 77.8%"
    assert (proof.numerator, proof.denominator) == (140, 180)
    assert proof.rows["numerator"].tolist() == [120, 20, 0]
    assert proof.holds


def test_the_proof_says_by_which_data_policy_and_code(nrr: sm.Result) -> None:
    facts = nrr.proof().facts
    assert nrr.context.data_hash in facts["Data"]
    assert nrr.context.policy.hash in facts["Policy"]
    assert facts["Metric"] == "nrr v1"
    assert facts["Code"] == f"saasmetrics {sm.__version__}"


def test_the_stamp_is_the_short_form_and_stays_out_of_the_footnote(nrr: sm.Result) -> None:
    assert nrr.context.data_hash[:12] in nrr.stamp
    assert nrr.context.data_hash[:12] not in nrr.footnote


def test_a_proof_reads_in_a_terminal(nrr: sm.Result) -> None:
    text = str(nrr.proof())
    assert text.startswith("Net revenue retention (NRR): 77.8%\nperiod 2026-02-01\n")
    assert "yes  rows sum to the numerator, to the cent" in text


def test_names_are_text_in_a_notebook(nrr: sm.Result) -> None:
    shown = nrr.proof()._repr_html_()
    assert "&lt;b&gt;c&lt;/b&gt;" in shown
    assert "<b>c</b>" not in shown
    assert "<script" not in shown


def test_a_missing_value_is_proven_missing(nrr: sm.Result) -> None:
    proof = nrr.proof(period="2026-01")
    assert proof.value is None
    assert "nobody was paying" in proof.reason
    assert "missing (nobody was paying" in proof.title
    assert proof.holds


def test_a_cell_not_yet_observed_says_so() -> None:
    result = sm.retention.cohorts(sm.demo(customers=50))
    late = result.df[~result.df["observed"]].iloc[0]
    proof = result.proof(cohort=late["cohort"], age=late["age"])
    assert (proof.value, proof.reason, proof.trace) == (None, "the cohort is not yet so old", None)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ({"periode": "2026-01"}, "Did you mean 'period'"),
        ({"period": "2031-01"}, "it has 2026-01-01 to 2026-02-01"),
        ({"period": "1999-01"}, "it has 2026-01-01 to 2026-02-01"),
        ({"period": "soon"}, "is not a date"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(nrr: sm.Result, cell: dict, said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        nrr.proof(**cell)


def test_what_is_left_open_is_asked_for() -> None:
    book = sm.demo(customers=50)
    with pytest.raises(sm.DataError, match=r"Name the segment of the number, such as proof\(seg"):
        sm.revenue.mrr(book, by="segment").proof()
    with pytest.raises(sm.DataError, match="Name the movement"):
        sm.revenue.movements(book).proof()
    with pytest.raises(sm.DataError, match=r"There is no movement 'chrun'.*'churn'"):
        sm.revenue.bridge(book).proof(movement="chrun")
    with pytest.raises(sm.DataError, match="is a list"):
        book.check().proof()


def test_a_wrong_row_does_not_pass(nrr: sm.Result) -> None:
    from dataclasses import replace

    proof = nrr.proof()
    rows = proof.rows.assign(numerator=lambda df: df["numerator"] + 0.01)
    wrong = replace(proof, trace=Trace.of_sides(rows, {}))
    assert not wrong.holds
    assert "NO   rows sum to the numerator" in str(wrong)
    assert "DOES NOT HOLD" in wrong._repr_html_()


def test_a_formula_that_does_not_give_the_row_is_not_written(nrr: sm.Result) -> None:
    rows = nrr.proof().rows
    assert Trace.of_sides(rows, {"numerator": "opening"}).formulas == {}
    assert Trace.of_sides(rows, {"denominator": "opening"}).formulas == {"denominator": "opening"}


def test_the_open_period_is_proven_as_projected() -> None:
    book = sm.demo(customers=300).as_of("2026-10-12").with_policy(open_period="projected")
    proof = sm.retention.gross_churn(book, window=1, interval=None).proof(period="2026-10")
    assert proof.reason == "projected from 12 of 31 days"
    assert proof.trace is not None
    assert proof.trace.formulas["numerator"] == "so_far * 31 / 12"
    assert proof.holds


@pytest.mark.parametrize("policy", ["stripe", "chartmogul_b2b", "profitwell", "tidemill"])
def test_proofs_hold_under_the_definitions_of_other_tools(policy: str) -> None:
    book = sm.demo(customers=80).with_policy(policy)
    window = {"window": 1, "interval": None}
    for proof in (
        sm.revenue.bridge(book).proof(movement="churn"),
        sm.retention.nrr(book, **window).proof(),
        sm.retention.net_churn(book, **window).proof(),
        sm.retention.logo_churn(book, **window).proof(),
        sm.retention.cohorts(book, "gross").proof(cohort="2024-03", age=14),
    ):
        assert proof.holds, proof
        assert len(proof.checks) >= 2 or proof.untraced, proof


def test_rates_of_exchange_that_count_as_expansion_are_those_of_customers() -> None:
    book = sm.demo(customers=80).with_policy(fx="spot")
    bridge = sm.revenue.bridge(book)
    for movement in ("expansion", "contraction", "closing"):
        assert bridge.proof(movement=movement).holds
    assert sm.retention.nrr(book, method="movements", interval=None).proof().holds
    assert sm.revenue.quick_ratio(book).proof().holds


def test_the_rows_of_a_cohort_are_all_of_it_in_a_book_observed_later() -> None:
    rows = {"customer_id": ["a", "b", "b"], "mrr": [5, 5, 5]}
    rows["month"] = ["2026-01", "2026-01", "2026-02"]
    result = sm.retention.cohorts(sm.Book(mrr=rows).between("2026-02", "2026-02"))
    proof = result.proof(cohort="2026-01", age=1)
    assert (proof.numerator, proof.denominator, proof.value) == (1, 2, 0.5)
    assert proof.holds


def test_the_rows_of_existing_share_fit_windows_of_30_days() -> None:
    book = sm.demo(customers=80).with_policy(month="30_days")
    assert sm.revenue.existing_share(book, interval=None).proof(period="2026-03").holds


@pytest.mark.parametrize("by", [None, "segment"])
def test_every_month_of_cac_is_its_spend_and_its_customers(by: str | None) -> None:
    result = sm.economics.cac(sm.demo(customers=80), by=by, freq="Q", interval=None)
    for row in result.df.to_dict("records"):
        assert result.proof(**{k: row[k] for k in ("period", *result.by)}).holds, row


def test_a_formula_is_the_same_number_in_every_dialect() -> None:
    formula, scope = (
        "(now - then) / then - 2 * (a - (b - 1))",
        {"now": 3, "then": 2, "a": 4, "b": 3},
    )
    assert computed(formula, scope) == (3 - 2) / 2 - 2 * (4 - (3 - 1))
    places = {name: name.upper() for name in scope}
    assert in_excel(formula, places) == '=IF(THEN>0,(NOW-THEN)/THEN-2*(A-(B-1)),"")'
    assert in_words(formula, {k: str(v) for k, v in scope.items()}) == (
        "(3 - 2) / 2 - 2 × (4 - (3 - 1))"
    )


def test_a_book_without_a_complete_period_has_nothing_to_prove() -> None:
    rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]}
    young = sm.Book(mrr=rows, as_of="2026-01-10")
    with pytest.raises(sm.DataError, match=r"No period of .* is complete yet; name one"):
        sm.revenue.mrr(young).proof()
    with pytest.raises(sm.DataError, match="no period is complete yet"):
        sm.survival.curve(young).proof(age=0)
    assert sm.revenue.mrr(young).proof(period="2026-01").value == 5


@pytest.mark.parametrize("by", [None, "segment"])
def test_every_shape_of_result_can_be_written(by: str | None, tmp_path: Path) -> None:
    book = sm.demo(customers=50)
    rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [5]}
    young = sm.Book(mrr=rows, as_of="2026-01-10")  # no cohort yet
    for number, result in enumerate(
        (
            sm.revenue.movements(book, by=by),
            sm.revenue.movements(book, by=by, subtypes=True),
            sm.retention.drivers(book, by=by),
            sm.economics.ltv_cac(book, by=by),
            sm.survival.curve(book, by=by),
            sm.retention.cohorts(young),
            book.check(),
        )
    ):
        file = result.to_xlsx(tmp_path / f"{number}.xlsx")
        book_again = openpyxl.load_workbook(file)
        assert "Definition" in book_again.sheetnames


def test_a_cohort_that_is_a_value_of_a_column_is_proven_by_its_customers() -> None:
    made = sm.retention.cohorts(sm.demo(customers=60), cohort="plan", freq="Q", interval=None)
    cell = {"cohort": "Starter", "age": 2}
    proof = made.proof(**cell)
    assert proof.holds
    assert proof.numerator == made.rows(**cell)["numerator"].sum()
    with pytest.raises(sm.DataError, match="There is no cohort 'Start'"):
        made.proof(cohort="Start", age=2)
