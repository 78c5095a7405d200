"""The pack: the same bytes for the same numbers, whole when saved and loaded, and what it says in words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.every_month import Made
from saasmetrics.board.lint import lint
from saasmetrics.board.model import Chart, Page, Series, Tile, cells_of
from saasmetrics.board.specs import spec
from saasmetrics.board.views import table_view, tile_view, verdict_of
from tests.board.conftest import Written


def test_every_page_shows_quantities_that_the_pack_has(pack: Pack) -> None:
    for page in pack.pages:
        assert set(cells_of(page)) <= set(pack.quantities), page.id


def test_the_pages_are_those_of_a_board_in_their_order(pack: Pack) -> None:
    assert [page.id for page in pack.pages] == [
        "summary", "asks", "t9q", "bridge", "retention", "cohorts", "economics", "renewals", "health",
        "success", "support", "capacity", "finance", "definitions", "quality",
    ]  # fmt: skip


def test_a_pack_that_is_saved_and_loaded_is_the_same(pack: Pack, tmp_path: Path) -> None:
    again = Pack.load(pack.save(tmp_path / "pack.json"))
    assert again.json == pack.json
    assert again.pages == pack.pages
    assert again.quantities == pack.quantities


def test_the_same_data_give_the_same_bytes_in_every_format(
    pack_book: sm.Book, written: Written, tmp_path: Path
) -> None:
    asked = {"company": "Example Ltd", "asks": [{"text": "Approve the plan"}]}
    again = sm.board.pack(pack_book, settings=asked)
    assert again.json == written.pack.json
    for form in ("html", "pdf", "pptx", "xlsx"):
        file = getattr(again, f"to_{form}")(tmp_path / f"pack.{form}")
        assert file.read_bytes() == getattr(written, form).read_bytes(), form


def test_each_format_is_small_enough_to_be_sent(written: Written) -> None:
    limits = {"html": 3_000_000, "pdf": 1_000_000, "pptx": 1_000_000, "xlsx": 2_000_000}
    for form, most in limits.items():
        assert getattr(written, form).stat().st_size < most, form


def test_a_pack_of_a_finished_quarter_reports_it_and_an_open_one_the_quarter_before(
    pack_book: sm.Book,
) -> None:
    settings = {"pages": ["bridge"]}
    assert (
        sm.board.pack(pack_book, as_of="2026-09-30", settings=settings).facts["quarter"]
        == "Q3 2026"
    )
    assert (
        sm.board.pack(pack_book, as_of="2026-10-31", settings=settings).facts["quarter"]
        == "Q3 2026"
    )
    assert (
        sm.board.pack(pack_book, as_of="2026-12", settings=settings).facts["quarter"] == "Q4 2026"
    )


def test_quarters_of_a_fiscal_year_are_named_by_the_year_in_which_it_ends() -> None:
    book = sm.Book(mrr=_two_years(), fiscal_start=2)
    made = sm.board.pack(book, settings={"pages": ["t9q"]})
    assert (
        made.facts["quarter"] == "Q3 FY26"
    )  # August to October 2025, of the year that ends in January 2026


def _two_years() -> dict[str, list[object]]:
    months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(22)]
    return {"customer_id": ["a"] * 22, "month": months, "mrr": [100 + m for m in range(22)]}


@pytest.mark.parametrize("told", [None, "USD"])
def test_a_currency_that_is_assumed_is_said_on_the_first_page(told: str | None) -> None:
    rows = {
        "customer_id": ["a"] * 6,
        "month": [f"2026-{m:02}" for m in range(1, 7)],
        "mrr": [5] * 6,
    }
    book = sm.Book(mrr=rows, currency=told)
    made = sm.board.pack(book, settings={"pages": ["bridge", "t9q"]})
    said = "No table names a currency, so amounts count as USD."
    assert [said in page.footnote for page in made.pages] == [told is None, False]
    facts = sm.board.review(book).facts
    assert facts["Currency"] == ("USD" if told else "USD (assumed: no table names one)")


def test_a_company_without_a_finished_quarter_is_told_so() -> None:
    book = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(sm.DataError, match="No quarter is over yet"):
        sm.board.pack(book)


def test_what_cannot_be_shown_stands_on_one_page_with_what_to_add() -> None:
    made = sm.board.pack(sm.Book(mrr=_two_years()))
    last = made.pages[-1]
    assert last.title.startswith("7 pages not shown: Unit economics, Renewals, Customer health, ")
    assert any("spend" in text or "margin" in text for text in last.missing)
    assert any("'contracts'" in text for text in last.missing)
    assert any("'finance'" in text for text in last.missing)


def test_a_page_or_two_that_cannot_be_shown_are_told_of_at_the_foot_of_the_last_one() -> None:
    made = sm.board.pack(sm.Book(mrr=_two_years()), settings={"pages": ["bridge", "support"]})
    assert [page.id for page in made.pages] == ["bridge"]
    assert any("The page Support" in text for text in made.pages[0].missing)


def test_pages_that_cannot_be_shown_can_be_left_out() -> None:
    made = sm.board.pack(sm.Book(mrr=_two_years()), settings={"missing_pages": False})
    assert "missing" not in [page.id for page in made.pages]


def test_contacts_are_told_with_what_they_are_counted_by(pack: Pack) -> None:
    tiles = next(page for page in pack.pages if page.id == "support").tiles
    (tile,) = [tile_view(pack, tile) for tile in tiles if tile.name == "Contacts per customer"]
    assert tile.value.endswith(" a month")


def test_speed_of_support_stands_beside_quality(pack: Pack) -> None:
    page = next(page for page in pack.pages if page.id == "support")
    assert {"speed", "quality"} <= {tile.role for tile in page.tiles}
    assert [finding.rule for finding in lint(replace(pack, pages=(page,)))] == []


def test_pages_of_customer_success_show_what_the_library_computes(
    pack: Pack, pack_book: sm.Book
) -> None:
    health = sm.success.health(pack_book).df
    red = health[health["band"] == "red"]["arr"].sum()
    assert pack.quantities["health[red]"].value == pytest.approx(red, abs=1e-4)
    targets = sm.success.targets(pack_book, period="2026-Q3").df.set_index("metric")
    share = pack.quantities["target[company][nrr].share"].value
    assert share == pytest.approx(targets.loc["nrr", "attainment"])
    csat = sm.surveys.csat(pack_book, freq="Q").df.set_index("period")["value"]
    assert pack.quantities["csat@2026-07-01"].value == pytest.approx(csat["2026-07-01"])
    plan = sm.capacity.hiring_plan(pack_book).df
    label = f"{plan['period'].iloc[-1]:%b %Y}"
    assert pack.quantities[f"plan[{label}].required"].value == plan["required"].iloc[-1]


def test_tables_with_errors_are_refused_with_all_problems() -> None:
    rows = {"subscription_id": ["s"], "customer_id": ["a"], "start": ["2026-02-01"], "end": ["2025-01-01"],
            "amount": [1.0], "interval": ["month"]}  # fmt: skip
    with pytest.raises(sm.DataError, match="end"):
        sm.board.pack(sm.Book(subscriptions=rows))


@pytest.mark.parametrize(
    "text", ["{}", "not json", '{"pages": [], "quantities": {}, "format": 99}']
)
def test_a_file_that_is_no_pack_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "last.json"
    path.write_text(text)
    with pytest.raises(sm.DataError, match=r"last\.json"):
        Pack.load(path)


def test_a_pack_of_a_real_export_names_what_it_lacks_and_keeps_every_rule(real_data: Path) -> None:
    made = sm.board.pack(sm.read(real_data / "ravenstack"), settings={"company": "RavenStack"})
    book = sm.read(real_data / "ravenstack")
    assert made.quantities["arr@2024-10-01"].value == pytest.approx(
        sm.revenue.arr(book, freq="Q").value, abs=0.01
    )
    assert lint(made) == ()
    assert "Profit, loss and cash" in made.pages[-1].title


# Words


def test_the_headline_says_direction_size_plan_and_cause(pack: Pack) -> None:
    title = pack.pages[0].title
    arr, plan = (
        pack.quantities["arr@2026-07-01"].value,
        pack.quantities["arr.plan@2026-07-01"].value,
    )
    prior = pack.quantities["arr@2025-07-01"].value
    assert arr is not None and plan is not None and prior is not None  # noqa: PT018
    assert title.startswith(f"ARR is ${arr / 1e6:.2f}M ({arr / prior - 1:+.1%} in a year)")
    word = "above" if arr > plan else "under"
    assert f"{abs(arr / plan - 1):.1%} {word} plan" in title


def test_the_cause_in_the_headline_is_the_largest_of_the_exact_decomposition(
    pack: Pack, pack_book: sm.Book
) -> None:
    why = sm.retention.drivers(pack_book, "arr", "2025-09-30", "2026-09-30", freq="Q")
    steps = why.extra["steps"]
    assert steps.loc[steps["value"].idxmax(), "step"] == "new"
    assert pack.pages[0].title.endswith("new customers did most")


def test_words_of_ones_own_are_kept_marked_and_remember_their_number(pack_book: sm.Book) -> None:
    asked = {"pages": ["bridge"], "comments": {"bridge": {"text": "Two deals slipped."}}}
    made = sm.board.pack(pack_book, settings=asked)
    page = made.pages[0]
    assert page.comment == "Two deals slipped."
    assert page.edited == ("comment",)
    assert page.written_for == "$2.39M"
    assert not page.stale


def test_words_that_were_written_for_another_number_are_flagged(pack_book: sm.Book) -> None:
    asked = {"pages": ["bridge"], "comments": {"bridge": {"text": "Two deals slipped."}}}
    last = sm.board.pack(pack_book, as_of="2026-06-30", settings=asked)
    same = sm.board.pack(pack_book, as_of="2026-10-31", settings=asked, since=last)
    assert same.pages[0].stale == f"written for {last.pages[0].written_for}; it is $2.39M now"
    assert [finding.rule for finding in same.lint()] == ["stale"]
    asked["comments"]["bridge"]["text"] = "They were signed."  # type: ignore[index]
    new = sm.board.pack(pack_book, as_of="2026-10-31", settings=asked, since=last)
    assert not new.pages[0].stale


# Rules of a board page


def test_the_demo_pack_keeps_every_rule(pack: Pack) -> None:
    assert lint(pack) == ()


@pytest.mark.row("H18")
@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("number", {"title": "ARR has grown well"}),
        ("sentence", {"title": "ARR1"}),
        ("footnote", {"footnote": ""}),
        ("figures", {"tiles": (Tile("ARR", "closing@2026-07-01"),) * 8}),
        ("speed", {"tiles": (Tile("First reply", "closing@2026-07-01", role="speed"),)}),
        ("stale", {"stale": "written for $1; it is $2 now"}),
    ],
)
def test_a_page_against_a_rule_is_found(pack: Pack, rule: str, change: dict[str, object]) -> None:
    page = next(page for page in pack.pages if page.id == "bridge")
    wrong = replace(pack, pages=(replace(page, **change),))  # type: ignore[arg-type]
    assert rule in {finding.rule for finding in lint(wrong)}


def test_a_chart_of_two_units_or_of_no_scenario_is_found(pack: Pack) -> None:
    series = (Series("ARR", ("arr@2026-07-01",)), Series("NRR", ("nrr@2026-07-01",), "guess"))
    chart = Chart("c", "columns", "Example", "ARR", "Q3 2026", "money", ("Q3 2026",), series)
    wrong = replace(pack, pages=(Page("p", "P", "1 is one", charts=(chart,)),))
    assert {"units", "scenario"} <= {finding.rule for finding in lint(wrong)}


def test_an_axis_of_columns_that_leaves_zero_out_is_found(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saasmetrics.board import kinds

    drawn = kinds.columns
    monkeypatch.setattr(
        kinds, "columns", lambda d: {**drawn(d), "encoding": {"y": {"scale": {"zero": False}}}}
    )
    assert "zero" in {finding.rule for finding in lint(pack)}


def test_hires_that_each_month_counts_again_are_not_added_up() -> None:
    book = sm.demo(customers=1_000)
    plan = sm.capacity.hiring_plan(book).df
    assert plan["hires"].sum() > plan["hires"].iloc[-1] > 0
    page = sm.board.pack(book, settings={"pages": ["capacity"]}).pages[0]
    assert page.comment.startswith(f"{plan['hires'].iloc[-1]} hire")
    assert "Hires so far" in [row.label for row in page.tables[0].rows]
    there, now = (f"{plan[name].iloc[-1]:.1f}" for name in ("capacity", "capacity_now"))
    hires = f"{plan['hires'].iloc[-1]} planned hire"
    assert f"and {there} are there with {hires}" in page.title
    assert page.title.endswith(f", {now} without")


def test_every_change_in_percent_of_the_bridge_has_the_sign_of_its_difference() -> None:
    plans = {name: {"2026-Q3": 100.0} for name in ("churned_arr", "contraction_arr")}
    book = sm.demo(customers=600)
    pack = sm.board.pack(book, settings={"pages": ["bridge"], "targets": plans})
    shares = {key: quantity for key, quantity in pack.quantities.items() if key.endswith("_share")}
    assert {"churn", "contraction", "new"} <= {key.partition("@")[0] for key in shares}
    for key, quantity in shares.items():
        now, then = (pack.quantities[quantity.parts[name]].value for name in ("now", "then"))
        assert now is not None
        assert then is not None
        assert quantity.value == pytest.approx((now - then) / abs(then)), key
    assert "with the sign of Δ" in pack.pages[0].footnote


def test_targets_of_calendar_quarters_are_in_no_page_of_a_fiscal_year_without_such_quarters(
    pack_book: sm.Book,
) -> None:
    # The demo company plans calendar quarters: read with a fiscal year from February, none of them may be shifted.
    tables = {
        name: pack_book.frame(name) for name in ("subscriptions", "customers", "fx", "targets")
    }
    book = sm.Book(**tables, as_of="2026-10-31", fiscal_start=2)
    made = sm.board.pack(book, settings={"pages": ["bridge", "success"]})
    assert not any(".plan@" in key for key in made.quantities)
    told = " ".join(text for page in made.pages for text in (*page.missing, *page.faults))
    assert 'write "Q3 FY27"' in told
    assert re.search(
        r"Plans of \d+ numbers \(.*\): \"2022-Q1\", .* and \d+ more of the table", told
    )
    assert str(Made(made, (), None)).count("lie in two quarters of the fiscal year") == 1
    assert "calendar quarters (2022-Q1" in made.json


def test_a_triangle_is_the_direction_and_the_color_says_whether_that_is_good(pack: Pack) -> None:
    seen = set()
    for page in pack.pages:
        for tile in page.tiles:
            for delta in tile_view(pack, tile).deltas:
                value = pack.quantities[delta.id].value or 0.0
                assert delta.mark == ("" if not delta.verdict else "▲" if value > 0 else "▼")
                seen.add((delta.mark, delta.verdict))
    assert ("▲", "good") in seen
    assert {("▲", "bad"), ("▼", "good")} & seen  # of churn, burn or a backlog


def test_the_number_of_a_column_stands_in_it_where_the_outline_of_the_plan_is_higher(
    pack: Pack,
) -> None:
    chart = next(c for c in pack.pages[0].charts if c.kind == "columns")
    actual, plan = (next(s for s in chart.series if s.role == role) for role in ("actual", "plan"))
    layers = spec(pack, chart)["layer"]
    labels = [layer for layer in layers if layer["mark"].get("type") == "text"]
    assert sum(len(layer["data"]["values"]) for layer in labels) == len(chart.categories)
    values = {key: pack.quantities[key].value or 0.0 for key in (*actual.cells, *plan.cells) if key}
    lower = [
        a for a, p in zip(actual.cells, plan.cells, strict=True) if p and values[a] < values[p]
    ]
    assert lower
    for layer in labels:
        for row in layer["data"]["values"]:
            assert row["top"] == pytest.approx(max(row["v"], 0))  # never as high as the plan
    inside = [layer for layer in labels if layer["mark"]["dy"] > 0]
    assert inside


def test_a_loss_that_grew_is_bad_as_an_amount_and_as_a_share(pack: Pack) -> None:
    numbers = {key: made for key, made in pack.quantities.items() if key.endswith(".prior_year")}
    judged = 0
    for key, apart in numbers.items():
        share = pack.quantities.get(f"{key}_share")
        if share is None or not share.value or not apart.value:
            continue
        judged += key.startswith(("churn@", "contraction@"))
        assert verdict_of(apart.value, apart.better) == verdict_of(share.value, share.better), key
    assert judged


def test_the_interval_of_a_time_is_in_the_unit_of_the_time(pack: Pack) -> None:
    page = next(page for page in pack.pages if page.id == "support")
    tile = tile_view(pack, next(tile for tile in page.tiles if tile.low and "reply" in tile.name))
    assert tile.interval.split()[-1] == tile.value.split()[-1]


def test_what_is_to_be_corrected_is_not_said_to_be_not_shown(
    pack_book: sm.Book, tmp_path: Path
) -> None:
    asked = {"pages": ["bridge"], "targets": {"arr": {"2026-09": 2_000_000}}}
    made = sm.board.pack(pack_book, settings=asked)
    text = made.to_html(tmp_path / "pack.html").read_text("utf-8")
    assert re.search(r"<strong>To correct</strong><ul><li>Plan of arr", text)
    assert not made.pages[0].missing


def test_amounts_of_tens_of_billions_stand_in_billions() -> None:
    rows = {
        "customer_id": ["a"] * 3,
        "month": ["2026-01", "2026-02", "2026-03"],
        "mrr": [7.7e9] * 3,
    }
    made = sm.board.pack(sm.Book(mrr=rows, currency="JPY"), settings={"pages": ["t9q"]})
    table = made.pages[0].tables[0]
    assert table.head == "JPY B"
    closing = next(row for row in table_view(made, table).rows if row.label == "Closing ARR")
    assert closing.cells[0].text == "92.40"
