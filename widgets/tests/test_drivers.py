"""The explorer's answer to what changed and who, and the policy that everything is read by."""

from __future__ import annotations

import json

import pytest

import saasmetrics as sm
from saasmetrics.policy import Policy
from saasmetrics_widgets import Explorer
from saasmetrics_widgets.calls import ROOM, Call, Results


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=100)


@pytest.fixture
def explorer(book) -> Explorer:
    return Explorer(book)


def marks(panel) -> list[dict]:
    return [shape for shape in json.loads(panel["scene"])["shapes"] if shape["k"] == "mark"]


def drivers(book, metric="nrr", **options):
    return sm.retention.drivers(book, metric, "2026-04-01", "2026-07-01", freq="Q", **options)


def test_the_reasons_and_the_ten_customers_are_those_of_the_drivers(explorer) -> None:
    found = drivers(explorer.book, window=4)
    picks = [mark["pick"] for mark in marks(explorer.drivers)]
    steps = found.extra["steps"]
    largest = steps[steps["value"] != 0].sort_values("value", key=abs, ascending=False)["step"]
    assert [p["step"] for p in picks if "step" in p] == largest.head(10).tolist()
    customers = [p["customer"] for p in picks if "customer" in p]
    assert customers == found.extra["top"]["customer_id"].tolist()


def test_a_reason_opens_to_its_customers_whose_parts_add_up_to_it(explorer) -> None:
    steps = drivers(explorer.book, window=4).extra["steps"].set_index("step")
    step = steps["value"].abs().idxmax()
    explorer.selection = {"of": "drivers", "period": "2026-07-01", "step": step}
    assert explorer.customers[step].sum() == pytest.approx(steps.loc[step, "value"])
    assert explorer.table["texts"][0][-1].endswith("pp")


def test_the_change_of_another_number_is_explained(explorer) -> None:
    explorer.controls = {**explorer.controls, "explain": "arr"}
    assert '"arr"' in explorer.drivers["code"]
    assert explorer.drivers["title"].startswith(drivers(explorer.book, "arr").extra["headline"][:6])


def test_of_a_segment_its_own_customers_are_asked_and_by_segment_the_mix(explorer) -> None:
    explorer.controls = {**explorer.controls, "column": "segment"}
    assert 'by="segment"' in explorer.drivers["code"]
    explorer.controls = {**explorer.controls, "value": "SMB"}
    assert 'book.where(segment="SMB")' in explorer.drivers["code"]
    segment = explorer.book.frame("customers").set_index("customer_id")["segment"]
    picks = [
        mark["pick"]["customer"] for mark in marks(explorer.drivers) if "customer" in mark["pick"]
    ]
    assert set(segment[picks]) == {"SMB"}


def test_a_bar_and_its_reasons_an_age_and_its_cells_light_up_together(explorer) -> None:
    explorer.selection = {"of": "bridge", "period": "2026-07-01", "movement": "churn"}
    assert {"churn_voluntary"} <= {link["step"] for link in explorer.linked}
    explorer.selection = {"of": "drivers", "period": "2026-07-01", "step": "churn_voluntary"}
    assert explorer.linked == [{"of": "bridge", "period": "2026-07-01", "movement": "churn"}]
    explorer.selection = {"of": "survival", "age": 3}
    assert explorer.linked == [{"of": "cohorts", "age": 3}]
    explorer.selection = {}
    assert explorer.linked == []


def test_the_first_period_has_none_before_and_says_so(explorer) -> None:
    first = [*explorer._views.choices.periods("Q")][-1]
    explorer.controls = {**explorer.controls, "period": first}
    assert explorer.view["error"] == ""
    assert not marks(explorer.drivers)
    assert len(explorer.drivers["scene"]) > 100


def test_every_preset_is_on_offer_and_the_own_policy_first(book) -> None:
    ours = book.with_policy(reactivation="in")
    row = {control["name"]: control for control in Explorer(ours).view["controls"]}
    offered = [value for value, _ in row["policy"]["options"]]
    assert offered[0] == ours.policy.name
    assert set(offered[1:]) == set(Policy.presets())


@pytest.mark.parametrize("policy", ["stripe", "baremetrics", "chartmogul_b2b", "posthog"])
def test_the_book_can_be_read_by_another_policy(policy) -> None:
    book = sm.demo(customers=40)
    found = Explorer(book, policy=policy)
    assert found.view["error"] == ""
    assert f"policy {policy}" in found.view["headline"]
    df = sm.retention.grr(book.with_policy(policy), window=4, freq="Q").df.set_index("period")
    value = df["value"].get("2026-07-01")
    shown = {card["id"]: card["value"] for card in found.view["cards"]}
    assert shown["grr"] == ("–" if value is None or value != value else f"{value * 100:.1f}%")


def test_the_code_of_another_policy_gives_what_is_shown(explorer) -> None:
    explorer.controls = {**explorer.controls, "policy": "stripe"}
    explorer.selection = {"of": "nrr", "period": "2026-07-01"}
    assert 'book.with_policy("stripe")' in explorer.table["code"]
    first = explorer.table["code"].split("\n")[0].removeprefix("rows = ")
    rows = eval(first, {"sm": sm, "book": explorer.book})
    assert set(explorer.customers["customer_id"]) <= set(rows["customer_id"])


def test_a_policy_looked_at_again_is_not_computed_again(explorer, monkeypatch) -> None:
    start = explorer.controls
    explorer.controls = {**start, "policy": "stripe"}
    explorer.controls = start
    monkeypatch.setattr(Call, "run", lambda *_: pytest.fail("computed again"))
    explorer.controls = {**start, "policy": "stripe"}
    assert "policy stripe" in explorer.view["headline"]


def test_what_is_being_computed_is_said_before_and_meanwhile(explorer) -> None:
    seen = []
    explorer.observe(
        lambda change: seen.append((explorer.view["pending"], change["new"])), "progress"
    )
    explorer.controls = {**explorer.controls, "measure": "net"}
    *during, last = seen
    assert during
    assert all(pending and said["words"].startswith("Computing ") for pending, said in during)
    assert last == (False, {})
    assert not explorer.view["pending"]


def test_of_results_that_take_too_much_room_the_oldest_are_let_go(book, monkeypatch) -> None:
    monkeypatch.setattr("saasmetrics_widgets.calls.ROOM", 200)
    found = Results(book)
    asked = [Call("revenue.arr", (("freq", freq),)) for freq in "MQY"]
    for one in asked:
        found[one]
    assert asked[-1] in found
    assert asked[0] not in found
    assert ROOM > 200


def test_a_panel_is_copied_as_numbers_and_as_code(explorer) -> None:
    sent = []
    explorer.send = sent.append
    explorer._answer(explorer, {"ask": "panel", "name": "cohorts"}, [])
    df = sm.retention.cohorts(explorer.book, "logos", freq="Q").df
    lines = sent[0]["copy"].splitlines()
    assert len(lines) == len(df) + 1
    assert lines[1].startswith("2021-")
    assert explorer.cohorts["code"] == 'sm.retention.cohorts(book, measure="logos", freq="Q")'
    explorer._answer(explorer, {"ask": "panel", "name": "nothing"}, [])
    assert "no panel" in explorer.view["error"]
