"""Why a number differs between two policies, on the company of conftest.py: 440 at the start, 250 of it left."""

from __future__ import annotations

from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.money import format_change


def explained(book: sm.Book, metric: str, a: Any, b: Any, **options: Any) -> sm.Result:
    found = sm.definitions.explain(book, metric, a, b, **options)
    assert found.kind == "explanation"
    total = found.extra["difference"]
    assert found.df["value"].sum() == pytest.approx(total, abs=1e-9)
    assert found.extra["steps"]["value"].sum() == pytest.approx(total, abs=1e-9)
    return found


def told(found: sm.Result) -> dict[str, float]:
    """What each customer adds to the difference, those that add nothing left out."""
    rows = found.df[found.df["value"].abs() > 1e-12]
    return dict(zip(rows["customer_id"], rows["value"].round(9), strict=True))


def test_one_choice_is_told_by_the_customers_that_it_moves(june: sm.Book) -> None:
    # NRR 250 / 440; with 80 won back, 330 / 440.
    found = explained(june, "nrr", {}, {"reactivation": "in"}, window=1)
    assert found.extra["difference"] == pytest.approx(80 / 440)
    assert told(found) == {"back": round(80 / 440, 9)}
    assert found.extra["steps"]["step"].tolist() == ["reactivation"]


def test_a_choice_of_data_is_told_the_same_way(june: sm.Book) -> None:
    # Kept in its pause, paused adds 100 more.
    found = explained(june, "nrr", {}, {"pause": "kept"}, window=1)
    assert told(found) == {"paused": round(100 / 440, 9)}


def test_two_choices_share_what_they_do_together(june: sm.Book) -> None:
    # Gross churn: the daughter 40 and gone 100 of 440. A pause as churn adds 100; contraction left out changes nothing.
    # Counted at its parent the daughter is a contraction, which "churn_only" leaves out: each alone does nothing to it.
    a, b = {}, {"entity": "parent", "gross_churn": "churn_only"}
    found = explained(june, "gross_churn", a, b, window=1)
    steps = found.extra["steps"].set_index("step")
    assert found.extra["difference"] == pytest.approx(-40 / 440)
    assert steps["first_order"].tolist() == [0, 0]
    assert steps["value"].tolist() == pytest.approx([-20 / 440, -20 / 440])


def test_steps_say_both_sentences_and_the_rule(june: sm.Book) -> None:
    steps = explained(june, "nrr", {}, {"pause": "churn"}, window=1).extra["steps"]
    policy = june.policy
    assert set(steps["from"]) == {policy.sentence("pause")}
    assert set(steps["to"]) == {policy.changed(pause="churn").sentence("pause")}
    assert set(steps["rule"]) == {"G7"}


def test_pauses_as_churn_and_as_contraction_differ_in_customers_only(june: sm.Book) -> None:
    for metric, difference in (("nrr", 0), ("grr", 0), ("gross_churn", 0), ("logo_churn", -1 / 5)):
        found = explained(june, metric, {"pause": "churn"}, {"pause": "contraction"}, window=1)
        assert found.extra["difference"] == pytest.approx(difference, abs=1e-12), metric


def test_a_choice_that_touches_nobody_is_no_step(june: sm.Book) -> None:
    found = explained(june, "nrr", {}, {"week": "4.35", "pause": "kept"}, window=1)
    assert found.extra["steps"]["step"].tolist() == ["pause"]


def test_equal_policies_differ_in_nothing(june: sm.Book) -> None:
    found = explained(june, "nrr", "default", {}, window=1)
    assert found.extra["difference"] == 0
    assert len(found.extra["steps"]) == 0


def test_another_period_can_be_looked_at(june: sm.Book) -> None:
    found = explained(june, "mrr", {}, {"pause": "kept"}, period="2026-05-31")
    assert found.extra["difference"] == 0
    assert explained(june, "mrr", {}, {"pause": "kept"}).extra["difference"] == 100


@pytest.mark.parametrize(
    ("metric", "options", "message"),
    [
        ("nnr", {}, "Did you mean 'nrr'"),
        ("nrr", {"windw": 1}, "Did you mean 'window'"),
        ("nrr", {"by": "segment"}, "where"),
        ("ltv", {"margin": 0.8}, "customer by customer"),
    ],
)
def test_what_cannot_be_explained_says_why(
    june: sm.Book, metric: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(sm.DataError, match=message):
        sm.definitions.explain(june, metric, {}, {"pause": "churn", "ltv": "simple"}, **options)


def test_equal_policies_do_not_differ_and_small_differences_show_their_digits() -> None:
    book = sm.demo(customers=60)
    same = sm.definitions.explain(book, "nrr", "default", "default")
    assert same.text.startswith("nothing differs between default and default: ")
    assert format_change(0.753_12, 0.753_34, "ratio") == ("75.31%", "75.33%")
    assert format_change(1_700.0, 2_450.0, "money") == ("$1,700", "$2,450")
    assert format_change(213_312.0, 213_340.0, "money") == ("$213,312", "$213,340")


def test_a_choice_that_changes_nothing_for_nobody_is_kept_but_not_drawn() -> None:
    made = sm.definitions.explain(sm.demo(customers=60), "mrr", "default", "stripe")
    steps = made.extra["steps"].set_index("step")
    nobody = steps.index[(steps["value"] == 0) & (steps["customers"] == 0)]
    assert len(nobody)
    assert not set(steps.loc[nobody, "label"]) & set(made.extra["tables"]["Step by step"]["step"])
    assert steps.loc[nobody, "label"].iloc[0] not in str(made.chart().to_dict())
    with pytest.raises(sm.DataError, match="There is no step"):
        made.rows(step="nonsense")
    some = made.extra["drawn"][0]
    assert made.rows(step=some)[some].sum() == pytest.approx(steps.loc[some, "value"])
