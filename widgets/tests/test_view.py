"""What the explorer shows is what the library says: texts, pictures, choices."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.catalogue import definition
from saasmetrics_widgets.cards import Reading, card, compared
from saasmetrics_widgets.choices import Choices
from saasmetrics_widgets.colors import STEPS, roles
from saasmetrics_widgets.view import Views


@pytest.fixture(scope="module")
def views() -> Views:
    return Views.of(sm.demo(customers=150))


def marks(panel) -> list[dict]:
    return [shape for shape in json.loads(panel["scene"])["shapes"] if shape["k"] == "mark"]


def panel(views: Views, name: str, **controls) -> dict:
    return views.panel(name, views.choices.settled(controls))


def test_a_long_history_starts_with_quarters_and_a_year_to_their_window(views) -> None:
    # The demo company is known until 2026-10-31: the last complete quarter starts on 2026-07-01.
    assert views.choices.settled({}) == {
        "freq": "Q",
        "period": "2026-07-01",
        "window": 4,
        "column": "",
        "value": "",
        "measure": "logos",
        "policy": "default",
        "explain": "nrr",
    }


def test_a_short_history_starts_with_months() -> None:
    book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [1, 1]})
    assert Choices(book).settled({})["freq"] == "M"


def test_a_control_that_does_not_exist_is_refused_with_the_nearest_that_does(views) -> None:
    with pytest.raises(sm.DataError, match="measure"):
        views.choices.settled({"measur": "net"})
    with pytest.raises(sm.DataError, match="gross"):
        views.choices.settled({"measure": "gros"})


def test_segments_are_texts_with_few_values_and_never_ids_or_names(views) -> None:
    offered = views.choices.columns
    assert offered[:2] == ("segment", "plan")
    assert not {"name", "customer_id", "csm_id", "currency"} & set(offered)


def test_the_value_of_a_headline_number_is_that_of_the_result(views) -> None:
    shown = {card["id"]: card for card in views.view(views.choices.settled({}))["cards"]}
    df = sm.retention.nrr(views.choices.book, window=4, freq="Q").df.set_index("period")
    now, before = df.loc["2026-07-01"], df.loc["2025-07-01"]
    step = abs(now["value"] - before["value"]) * 100
    assert shown["nrr"]["value"] == f"{now['value'] * 100:.1f}%"
    assert shown["nrr"]["note"] == f"95%: {now['low'] * 100:.1f}–{now['high'] * 100:.1f}%"
    assert f"{step:.1f} pts vs Q3 2025" in shown["nrr"]["change"]


def test_unit_economics_are_of_the_end_of_the_chosen_period(views) -> None:
    shown = {card["id"]: card for card in views.view(views.choices.settled({}))["cards"]}
    then = sm.economics.ltv_cac(views.choices.book.as_of("2026-09-30")).df.iloc[0]
    assert shown["ltv_cac"]["value"] == f"{then['value']:.1f}x"


def test_more_churn_than_a_year_before_is_bad_and_more_retention_is_good() -> None:
    # 12 % after 10 %: two points up.
    assert compared(definition("logo_churn"), 0.12, 0.10, "2025") == ("▲ 2.0 pts vs 2025", "bad")
    assert compared(definition("nrr"), 0.12, 0.10, "2025") == ("▲ 2.0 pts vs 2025", "good")
    assert compared(definition("arr"), 150.0, 100.0, "2025") == ("▲ 50.0% vs 2025", "good")


@pytest.mark.row("D1")
def test_no_change_and_no_value_a_year_before_are_said_in_words() -> None:
    assert compared(definition("nrr"), 1.0, 1.0, "2025") == ("as in 2025", "")
    assert compared(definition("nrr"), 1.0, None, "2025") == ("no value in 2025", "")


def test_a_missing_number_is_a_dash_with_its_reason() -> None:
    reason = "nobody was paying at the start of the window"
    made = card(
        "nrr",
        definition("nrr"),
        Reading(reason=reason),
        Reading(),
        when="2025",
        currency="USD",
        pick={},
    )
    assert (made["value"], made["note"], made["change"]) == ("–", reason, "")


def test_without_spend_the_other_numbers_are_there_and_ltv_cac_says_why_not() -> None:
    demo = sm.demo(customers=60)
    tables = {
        n: t.data for n, t in demo.tables.items() if n in ("subscriptions", "customers", "fx")
    }
    found = Views.of(sm.Book(**tables, as_of="2026-10-31", currency="USD"))
    shown = {card["id"]: card for card in found.view(found.choices.settled({}))["cards"]}
    assert shown["nrr"]["value"] != "–"
    assert shown["ltv_cac"]["value"] == "–"
    assert "margin" in shown["ltv_cac"]["note"]


def test_the_bars_of_the_bridge_are_the_movements_of_the_period(views) -> None:
    found = panel(views, "bridge")
    row = sm.revenue.bridge(views.choices.book, freq="Q").df.set_index("period").loc["2026-07-01"]
    named = {mark["pick"]["movement"]: mark["say"] for mark in marks(found)}
    assert next(iter(named)) == "opening"
    assert list(named)[-1] == "closing"
    assert f"{abs(row['churn']) / row['opening'] * 100:.1f}% of opening" in named["churn"]


def test_only_observed_cells_can_be_chosen(views) -> None:
    df = sm.retention.cohorts(views.choices.book, freq="Q").df
    seen = {(f"{c:%Y-%m-%d}", a) for c, a in df.loc[df["observed"], ["cohort", "age"]].to_numpy()}
    picked = {(m["pick"]["cohort"], m["pick"]["age"]) for m in marks(panel(views, "cohorts"))}
    assert picked == seen


@pytest.mark.parametrize("measure", ["logos", "net", "gross", "mrr"])
def test_the_text_in_a_cell_is_its_value_and_can_be_read_on_its_color(views, measure) -> None:
    df = sm.retention.cohorts(views.choices.book, measure, freq="Q").df
    values = df.set_index(["cohort", "age"])["value"]
    for mark in marks(panel(views, "cohorts", measure=measure)):
        value = values[(pd.Timestamp(mark["pick"]["cohort"]), mark["pick"]["age"])]
        if "label" in mark and measure != "mrr":
            assert mark["label"] == f"{value * 100:.0f}"
            assert mark["ink"] == mark["fill"][0] + "i" + mark["fill"][1:]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_contrasts_with_every_shade_it_may_stand_on(theme) -> None:
    from saasmetrics.charts.theme import contrast

    found = roles(theme)
    # 4.5 to 1 is the least contrast of WCAG 2 level AA for small text.
    least = min(
        contrast(found[f"{ramp}{step}"], found[f"{ramp}i{step}"])
        for ramp in "rd"
        for step in range(STEPS + 1)
    )
    assert least >= 4.5


def test_only_what_lies_after_the_as_of_date_is_hatched() -> None:
    # Cohorts of January (ages 0 to 2 seen) and of March (age 0 seen); nobody began in February.
    rows = {
        "customer_id": ["a", "a", "a", "b"],
        "month": ["2026-01", "2026-02", "2026-03", "2026-03"],
        "mrr": [5, 5, 5, 5],
    }
    found = panel(Views.of(sm.Book(mrr=rows)), "cohorts")
    hatched = [s for s in json.loads(found["scene"])["shapes"] if s.get("fill") == "hatch"]
    assert len(hatched) == 1
    assert hatched[0]["tip"] == "Not observed yet"
    assert [mark["pick"]["age"] for mark in marks(found)] == [0, 1, 2, 0]


def test_without_a_value_the_curves_of_all_groups_are_compared(views) -> None:
    found = panel(views, "survival", column="segment")
    assert {mark["pick"]["group"] for mark in marks(found)} == {"Enterprise", "Mid-Market", "SMB"}


def test_the_survival_of_money_follows_the_measure(views) -> None:
    assert "customers" in panel(views, "survival")["title"]
    assert "starting MRR" in panel(views, "survival", measure="net")["title"]


def test_a_headline_number_not_computed_yet_is_pending() -> None:
    found = Views.of(sm.demo(customers=30))
    now = found.choices.settled({})
    quick = found.view(now, wait=False)
    assert quick["pending"]
    assert all(card["value"] == "…" for card in quick["cards"])
    assert not found.view(now)["pending"]
    assert not found.view(now, wait=False)["pending"]


def test_a_period_and_a_picture_are_made_once(views) -> None:
    assert panel(views, "cohorts") is panel(views, "cohorts")
    assert panel(views, "cohorts")["key"] != panel(views, "cohorts", measure="net")["key"]


def test_fiscal_quarters_have_the_name_that_they_have_in_the_board_pack() -> None:
    rows = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-06"], "mrr": [5, 5]}
    found = Choices(sm.Book(mrr=rows, fiscal_start=2)).periods("Q")
    assert found["2026-02-01"] == "Q1 FY27"
