"""Arguments of the wrong type or size are refused in words, whatever they are: no traceback, no number."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm

WRONG = [None, "", "zzz", -1, 2.5, math.nan, math.inf, 10**30, ["a"], [math.nan], {"a": 1}]
TOPICS = (sm.revenue, sm.retention, sm.survival, sm.economics, sm.renewals, sm.forecast, sm.support)
TOPICS += (sm.surveys, sm.capacity)
NEEDED = {"metric": "nrr", "a": "default", "b": "stripe", "policies": ["default", "stripe"]}
NEEDED |= {"tag": "bug", "date": "2026-03-31", "audit": {"ticket_id": [], "tag": []}}
NEEDED |= {"by": "plan", "then": "2026-03-31", "given": [{"churn": 0.5}], "covariates": "plan"}
NEEDED |= {"fixed_cost": 40, "flexible_cost": 70}
# These are options of another function, passed on.
PASSED_ON = inspect.Parameter.VAR_KEYWORD
MRR = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [5, 8]}


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=40, seed=11)


def arguments() -> Iterator[tuple[Any, str]]:
    for topic in (*TOPICS, sm.definitions):
        for name in topic.__all__:
            function = getattr(topic, name)
            if inspect.isclass(function) or function is sm.survival.fit_shares:
                continue
            known = list(inspect.signature(function).parameters.values())[1:]
            for parameter in known:
                if parameter.kind is not PASSED_ON and parameter.name not in ("scenario", "given"):
                    yield function, parameter.name


@pytest.mark.parametrize(
    ("function", "name"), [pytest.param(f, n, id=f"{f.__name__}-{n}") for f, n in arguments()]
)
def test_a_wrong_argument_gives_a_number_or_an_error_of_the_library(
    demo: sm.Book, function: Any, name: str
) -> None:
    known = inspect.signature(function).parameters.values()
    needed = [p for p in list(known)[1:] if p.default is p.empty and p.kind is not PASSED_ON]
    base = {p.name: NEEDED[p.name] for p in needed}
    for value in WRONG:
        with contextlib.suppress(sm.DataError):
            function(demo, **{**base, name: value})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: sm.retention.cohorts(b, None), "no measure called None"),
        (lambda b: sm.retention.cohorts(b, ["net"]), "no measure called"),
        (lambda b: sm.revenue.reconcile(b, tolerance=None), "tolerance=None is not a share"),
        (lambda b: sm.definitions.sources(b, tolerance=""), "tolerance='' is not a share"),
        (lambda b: sm.definitions.sources(b, 5), "two books.*not 5"),
        (lambda b: sm.definitions.sources(b, labels=["a"]), "two texts"),
        (lambda b: sm.revenue.tiers(b, bands=[math.inf]), "bands=inf"),
        (lambda b: sm.revenue.tiers(b, bands=[1e300]), "below 9 trillion"),
        (lambda b: sm.revenue.renewal_base(b, ahead=2.5), "ahead=2.5 is not a number of months"),
        (lambda b: sm.retention.sensitivity(b, top=-1), "top=-1"),
        (lambda b: sm.forecast.mrr(b, target=math.nan), "target=nan"),
        (lambda b: sm.renewals.forecast(b, target=math.nan), "target=nan"),
        (lambda b: sm.forecast.mrr(b, 400, freq="Y"), "after 2199"),
        (lambda b: sm.economics.ideal_customers(b, interval=None), "interval=None"),
        (lambda b: sm.survival.hazard(b, smooth=math.inf), "smooth=inf"),
        (lambda b: sm.retention.nrr(b, window=10**30), "more than there can be"),
        (lambda b: sm.definitions.compare(b, "nrr", 5), "policies=5"),
        (lambda _: sm.survival.fit_shares("abc"), "shares='abc'"),
        (lambda _: sm.survival.fit_shares([1, "a"]), "shares='a'"),
        (lambda _: sm.Policy().diff(None), "policy=None is no policy"),
        (lambda _: sm.Policy(version="x"), "version='x'"),
        (lambda _: sm.Policy(name=None), "name=None"),
        (lambda _: sm.Policy(window=10**30), "whole number from 1 to"),
        (lambda _: sm.forecast.Scenario(fx=5), "fx by currency"),
        (lambda _: sm.forecast.Scenario(name=None), "a name in words"),
        (lambda _: sm.forecast.Scenario(price_month=1.5), "price_month=1.5"),
        (lambda _: sm.demo(None), "customers=None"),
        (lambda _: sm.demo(2.5), "customers=2.5"),
        (lambda _: sm.Book(mrr=MRR, fiscal_start=True), "not True"),
        (lambda _: sm.Book(mrr=MRR, currency="XXXX"), "XXXX.*is no currency"),
        (lambda _: sm.Book(mrr=MRR, currency=5), "5 is no currency"),
        (lambda _: sm.Book(mrr=MRR, currency="USF"), "Did you mean"),
        (lambda _: sm.Book(mrr=MRR, policy={"view": "event"}), "Single choices go by keyword"),
        (lambda b: b.with_policy(5), "policy=5 is no policy"),
        (lambda b: b.as_of(10**30), "is not a date"),
    ],
)
def test_the_error_names_the_argument_and_what_it_takes(
    demo: sm.Book, call: Any, words: str
) -> None:
    with pytest.raises(sm.DataError, match=words):
        call(demo)


def test_a_currency_is_read_in_small_letters_too() -> None:
    assert sm.Book(mrr=MRR, currency="eur").currency == "EUR"


def test_policies_are_compared_by_name_as_well() -> None:
    stripe = sm.Policy.named("stripe")
    assert sm.Policy().diff("stripe").equals(sm.Policy().diff(stripe))


def test_a_band_that_three_digits_do_not_say_is_written_in_full(demo: sm.Book) -> None:
    names = sm.revenue.tiers(demo, bands=[1000.5, 2300, 123_456]).extra["bands"]
    assert names == (
        *("under $1,000.5", "$1,000.5 to $2.3k", "$2.3k to $123,456"),
        "$123,456 and more",
    )


@pytest.mark.parametrize("kept", [sm.Policy(), sm.forecast.Scenario()], ids=["policy", "scenario"])
@pytest.mark.parametrize("path", ["", None, 5, "a\0b.json", "n" * 300, "/dev/null", "."])
def test_where_nothing_can_be_saved_the_path_is_named(
    kept: Any, path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for act in (kept.save, type(kept).load):
        with pytest.raises(sm.DataError) as error:
            act(path)
        assert str(path) in str(error.value) or repr(path) in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_name_as_long_as_the_disk_takes_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".json")  # 255 letters: the most that common file systems take
    assert sm.Policy.load(sm.Policy(view="event").save(path)).view == "event"


def test_a_policy_or_scenario_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    policy, scenario = tmp_path / "p.json", tmp_path / "s.json"
    sm.Policy(view="event").save(policy)
    sm.forecast.Scenario(churn=0.5).save(scenario)
    for path in (policy, scenario):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert sm.Policy.load(policy).view == "event"
    assert sm.forecast.Scenario.load(scenario).churn == 0.5


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (sm.forecast.Scenario.load, '{"version": 1, "fx": null}'),
        (sm.Policy.load, '{"choices": {"view": ["a"]}}'),
    ],
)
def test_a_file_with_a_wrong_value_is_named(load: Any, text: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(sm.DataError, match=r"wrong\.json cannot be read"):
        load(path)


def test_true_and_false_are_no_ids() -> None:
    with pytest.raises(sm.DataError, match="true and false, not ids"):
        sm.Book(mrr={"customer_id": [True, False], "month": ["2026-01"] * 2, "mrr": [5, 6]})


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"theme": ["dark"]}, "no theme called"),
        ({"width": "wide"}, "width='wide' is not a number of pixels"),
        ({"width": math.nan}, "width=nan"),
        ({"height": True}, "height=True"),
        ({"title": 5}, "title=5"),
    ],
)
def test_a_chart_cannot_have_such_an_option(
    demo: sm.Book, option: dict[str, Any], words: str
) -> None:
    with pytest.raises(sm.DataError, match=words):
        sm.revenue.mrr(demo).chart(**option)


def test_options_of_a_chart_that_are_none_are_the_usual_ones(demo: sm.Book) -> None:
    found = sm.revenue.mrr(demo)
    usual = found.chart(width=None, height=None, title=None, theme=None)
    assert usual.to_dict() == found.chart().to_dict()


@pytest.mark.parametrize("path", ["", None, 5, "a\0b"])
def test_a_review_is_not_written_to_what_is_no_path(demo: sm.Book, path: Any) -> None:
    review = sm.board.Review("Review", demo, (), (), sm.revenue.mrr(demo).df)
    for write in (review.to_html, review.to_csv):
        with pytest.raises(sm.DataError, match="path"):
            write(path)
