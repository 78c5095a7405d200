"""What a chart must not do: draw what was not observed, hide an axis, let labels touch, rely on red and green."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics import charts
from saasmetrics.charts.bridge import selected, steps_of
from saasmetrics.charts.cohorts import pooled
from saasmetrics.charts.layers import MOST_LAYERS, merged
from saasmetrics.charts.text import spread, thinned, ticks
from saasmetrics.charts.theme import DARK, LIGHT, Palette, along, contrast, readable_on
from tests.charts import stand_ins


def marks(chart: Any, kind: str) -> list[dict[str, Any]]:
    """Layers of one kind of mark with their rows."""
    spec = chart.to_dict()
    layers = [layer for layer in spec["layer"] if layer["mark"]["type"] == kind]
    sets = spec.get("datasets", {})
    return [
        {**layer, "rows": layer["data"].get("values") or sets.get(layer["data"].get("name"), [])}
        for layer in layers
    ]


def test_cells_not_observed_yet_are_not_drawn() -> None:
    result = stand_ins.triangle(6)
    cells = next(m["rows"] for m in marks(charts.cohorts(result), "rect") if len(m["rows"]) > 1)
    assert len(cells) == 21  # 6 + 5 + 4 + 3 + 2 + 1 of 36
    assert all(row["i"] + row["j"] < 6 for row in cells)


def test_a_pooled_cell_is_observed_only_where_every_cohort_is() -> None:
    frame = pd.DataFrame(
        {
            "cohort": pd.to_datetime(["2025-01-01", "2025-01-01"]),
            "age": 3,
            "numerator": [4.0, None],
            "denominator": [8.0, 8.0],
            "observed": [True, False],
        }
    )
    cells, _ = pooled(frame, "M", divided=True)
    assert cells["value"].isna().all()


def test_many_cohorts_are_pooled_by_adding_numerators_and_denominators() -> None:
    result = stand_ins.triangle(60, "MS")
    cells, freq = pooled(result.df, "M", divided=True)
    assert freq == "Q"
    first = result.df[(result.df["age"] == 5) & (result.df["cohort"] < "2018-04-01")]
    cell = cells[(cells["age"] == 5) & (cells["cohort"] == "2018-01-01")].iloc[0]
    assert cell["value"] == first["numerator"].sum() / first["denominator"].sum()


@pytest.mark.parametrize(("cohorts", "labeled"), [(24, True), (25, False)])
def test_cells_carry_numbers_up_to_24_by_24(cohorts: int, labeled: bool) -> None:
    assert bool(marks(charts.cohorts(stand_ins.triangle(cohorts), width=900), "text")) is labeled


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_numbers_in_cells_can_be_read_on_every_shade(colors: Palette) -> None:
    shades = [along(colors.ramp, step / 40) for step in range(41)]
    assert min(contrast(readable_on(shade), shade) for shade in shades) >= 4.0  # WCAG AA is 4.5


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_gains_are_blue_and_losses_orange(colors: Palette) -> None:
    def channels(color: str) -> tuple[int, ...]:
        return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))

    gain, loss = channels(colors.gain), channels(colors.loss)
    assert gain[2] > gain[0] + 60
    assert loss[0] > loss[2] + 60


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_the_surface(colors: Palette) -> None:
    assert contrast(colors.ink, colors.surface) >= 7
    assert contrast(colors.muted, colors.surface) >= 4.5


def test_the_waterfall_starts_at_the_first_opening_and_ends_at_the_last_closing() -> None:
    result = stand_ins.bridge(24)
    frame = selected(result, last=12)
    steps = steps_of(frame, "M")
    assert steps.opening == frame["opening"].iloc[0]
    assert steps.opening + sum(steps.moves.values()) == pytest.approx(steps.closing)
    assert steps.periods == 12


def test_the_waterfall_leaves_out_the_open_month() -> None:
    result = stand_ins.bridge(24)  # the last of 24 months from April 2024 is not over
    assert selected(result)["period"].max() == pd.Timestamp("2026-02-01")


def test_grouped_bridges_add_up_in_the_waterfall() -> None:
    result = stand_ins.bridge(6, by="segment")
    steps = steps_of(selected(result), "M")
    assert steps.opening == 500_000.0  # two segments open with 250,000 each


def test_an_axis_that_does_not_start_at_zero_is_announced() -> None:
    spec = charts.bridge(stand_ins.bridge(2, 0.2, 2.5e6)).to_dict()
    assert "does not start at 0" in " ".join(spec["title"]["subtitle"])


def test_an_open_period_is_dashed_and_hollow() -> None:
    chart = charts.series(stand_ins.rates())
    dashed = [m for m in marks(chart, "line") if "strokeDash" in m["mark"]]
    hollow = [m for m in marks(chart, "point") if m["mark"].get("fill") == LIGHT.surface]
    assert [row["complete"] for row in dashed[0]["rows"]] == [True, False]
    assert [row["complete"] for row in hollow[0]["rows"]] == [False]


def test_the_message_tells_the_last_complete_period() -> None:
    chart = charts.series(stand_ins.rates())  # 36 months from April 2023, the last one open
    assert "in Feb 2026" in " ".join(chart.to_dict()["title"]["text"])


def test_a_layer_cake_of_sixty_months_has_few_layers_and_the_same_total() -> None:
    frame = stand_ins.cake(60).df
    cake, freq = merged(frame)
    assert freq == "Y"
    assert cake["cohort"].nunique() <= MOST_LAYERS
    assert cake["value"].sum() == pytest.approx(frame["value"].sum())


def test_an_interval_without_an_end_is_drawn_as_an_arrow() -> None:
    chart = charts.verdict(stand_ins.payback())
    arrows = [m for m in marks(chart, "point") if m["mark"]["shape"] == "triangle-right"]
    assert [row["group"] for row in arrows[0]["rows"]] == ["Enterprise"]
    assert arrows[0]["rows"][0]["between"] == "14.0 months or more"


def test_the_verdict_stands_apart_from_the_line_of_the_target() -> None:
    made = stand_ins.payback()
    frame = made.df.assign(value=5.5, low=3.7, high=8.8)
    chart = charts.verdict(replace(made, df=frame))
    labels = next(m for m in marks(chart, "text") if m["mark"].get("fontWeight") == 600)
    assert {row["edge"] for row in labels["rows"]} == {1.25 * 12.0}


def test_a_missing_verdict_shows_its_reason_and_no_bar() -> None:
    rows = marks(charts.verdict(stand_ins.payback()), "rect")[0]["rows"]
    smb = next(row for row in rows if row["group"] == "SMB")
    assert smb["value"] is None
    assert smb["text"] == "never within the horizon of 60 months"


@given(st.lists(st.floats(-50, 450), min_size=1, max_size=12))
def test_spread_labels_keep_their_distance_and_their_order(wanted: list[float]) -> None:
    placed = spread(wanted, 15, 0, 300)
    ordered = [at for _, at in sorted(zip(wanted, placed, strict=True))]
    assert all(b - a >= 15 - 1e-6 for a, b in zip(sorted(placed), sorted(placed)[1:], strict=False))
    assert min(placed) >= -1e-6
    assert max(placed) <= 300 + 1e-6
    assert ordered == sorted(ordered)


@given(
    st.floats(-1e9, 1e9),
    st.floats(1e-3, 1e9),
    st.sampled_from(["money", "ratio", "count", "multiple", "months"]),
)
def test_ticks_of_any_range_have_labels_that_differ(low: float, span: float, unit: str) -> None:
    labels = list(ticks(low, low + span, unit, "USD").values())
    assert len(labels) == len(set(labels))
    assert len(labels) <= 12


@given(st.integers(1, 300), st.integers(100, 1200))
def test_period_labels_fit_their_room(count: int, room: int) -> None:
    texts = [f"{period:%b %Y}" for period in pd.date_range("2001-03-01", periods=count, freq="MS")]
    shown = thinned(texts, room, freq="M", first_month=3)
    steps = [b - a for a, b in itertools.pairwise(shown)]
    assert all(step * room / count >= 8 * 5.7 for step in steps)  # "Mar 2001" at 5.7 pixels each


def test_policies_with_the_same_numbers_share_a_line_that_names_them_all() -> None:
    chart = charts.comparison(
        stand_ins.compared({"default": 0.04, "stripe": 0.11, "skok": 0.04, "smsb": 0.04})
    )
    named = [row["label"] for m in marks(chart, "text") for row in m["rows"] if "label" in row]
    assert len({label.rsplit(" ", 1)[0] for label in named}) == 2
    assert any(label.startswith("default = skok = smsb") for label in named)


def test_an_open_period_is_dashed_under_every_policy_and_in_every_panel() -> None:
    policies = {"default": 0.04, "stripe": 0.11}
    for groups, lines in (((), 2), (("SMB", "Enterprise"), 4)):
        chart = charts.comparison(stand_ins.compared(policies, groups))
        dashed = next(m for m in marks(chart, "line") if "strokeDash" in m["mark"])
        assert [row["complete"] for row in dashed["rows"]] == [True, False] * lines
        solid = next(m for m in marks(chart, "line") if "strokeDash" not in m["mark"])
        assert all(row["complete"] for row in solid["rows"])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0.5, 1.5), min_size=1, max_size=14, unique=True), st.booleans())
def test_names_at_the_ends_of_lines_never_overlap(above: list[float], grouped: bool) -> None:
    policies = {f"policy {number}": value - 1 for number, value in enumerate(above)}
    made = stand_ins.compared(policies, ("SMB", "Enterprise") if grouped else (), months=2)
    chart = charts.comparison(made)
    spec = chart.to_dict()
    texts = [m for m in marks(chart, "text") if m["rows"] and "color" in m["rows"][0]]
    if grouped:
        sizes = [[row["y"] for row in m["rows"] if row["x"] < 340] for m in texts]
        least, scale = 13.0, 1.0
    else:
        low, high = next(
            layer["encoding"]["y"]["scale"]["domain"]
            for layer in spec["layer"]
            if layer["encoding"].get("text", {}).get("field") == "label"
        )
        sizes = [[row["y"] for row in m["rows"]] for m in texts]
        least, scale = 15.0, spec["height"] / (high - low)
    for places in sizes:
        ordered = sorted(y * scale for y in places)
        assert all(b - a >= least - 0.01 for a, b in itertools.pairwise(ordered))


def test_values_off_the_scale_are_announced() -> None:
    made = stand_ins.compared({"default": 0.04, "stripe": 0.11})
    made.df.loc[0, "value"] = 30.0  # the first month of default
    words = " ".join(charts.comparison(made).to_dict()["title"]["subtitle"])
    assert "Off the scale: 3000.0%" in words


def test_the_waterfall_of_an_explanation_leads_from_the_one_number_to_the_other() -> None:
    parts = {"Snapshots or events": 0.02, "Discounts": -0.035, "Net revenue retention": 0.09}
    chart = charts.explanation(stand_ins.explained(1.02, parts))
    bars = next(m["rows"] for m in marks(chart, "rect"))
    assert [row["text"] for row in bars] == ["102.0%", "+2.0 pp", "−3.5 pp", "+9.0 pp", "109.5%"]
    ends = [row["to"] for row in bars]
    assert ends == pytest.approx([1.02, 1.04, 1.005, 1.095, 1.095])
    assert bars[1]["x2"] == pytest.approx(bars[2]["x2"])  # a loss hangs from where a gain ended


def test_the_customers_shown_and_the_others_sum_to_the_difference() -> None:
    made = stand_ins.explained(1.02, {"Discounts": 0.064})
    panel = next(
        m["rows"]
        for m in marks(charts.explanation(made), "text")
        if m["rows"] and "rest" in m["rows"][0] and m["encoding"]["text"]["field"] == "short"
    )
    assert len(panel) == 9  # eight customers and the others
    assert sum(row["value"] for row in panel) == pytest.approx(0.064)
    assert panel[-1]["name"] == "22 others"  # of 30


def test_an_explanation_of_no_difference_says_so() -> None:
    chart = charts.explanation(stand_ins.explained(0.9, {}, customers=0)).to_dict()
    assert "default and stripe both give 90.0%" in " ".join(chart["title"]["text"])
    cancelled = stand_ins.explained(0.9, {"Up": 0.1, "Down": -0.1})
    said = " ".join(charts.explanation(cancelled).to_dict()["title"]["text"])
    assert "what the steps add, others take away" in said


def test_bars_that_do_not_start_at_zero_are_announced_and_broken() -> None:
    small = charts.explanation(stand_ins.explained(1.02, {"Discounts": 0.01}))
    large = charts.explanation(stand_ins.explained(1.02, {"Discounts": -0.6}))
    for chart, cut in ((small, True), (large, False)):
        words = " ".join(chart.to_dict()["title"]["subtitle"])
        assert ("cut at the left" in words) is cut
        gaps = [m for m in marks(chart, "rect") if m["mark"].get("color") == LIGHT.surface]
        assert bool(gaps) is cut
