"""The other widgets in a real JupyterLab: what is slid, written and clicked is found in Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

SLOW = 60_000
SETUP = "import json\nimport saasmetrics as sm\nimport saasmetrics_widgets as sw\nbook = sm.demo(customers=300)\n"


class Shown:
    """A widget in its notebook."""

    def __init__(self, found, kind: str) -> None:
        self.found, self.root = found, found.page.locator(f".saasmetrics-{kind}")

    def ready(self) -> None:
        expect(self.root).to_have_attribute("data-ready", "true", timeout=SLOW)
        expect(self.root).not_to_have_class(re.compile("sm-busy"), timeout=SLOW)

    def mark(self, panel: str, words: str) -> Locator:
        return self.root.locator(f'.sm-{panel} [aria-label^="{words}"]').first

    def told(self, expression: str):
        return json.loads(self.found.say(f"print(json.dumps({expression}))"))

    def choose(self, name: str, words: str) -> None:
        self.root.locator(f".sm-controls select[name={name}]").select_option(words)

    def slide(self, name: str, words: str) -> None:
        """Move a slider to the right by the arrow key until it says some words."""
        slider = self.root.locator(f"input[name={name}]")
        slider.focus()
        for _ in range(int(slider.get_attribute("max")) - int(slider.input_value())):
            if slider.get_attribute("aria-valuetext") == words:
                return
            self.found.page.keyboard.press("ArrowRight")
        expect(slider).to_have_attribute("aria-valuetext", words)

    def column(self, number: int) -> list[str]:
        return self.root.locator(f".sm-table tbody td:nth-child({number})").all_inner_texts()


@pytest.fixture
def show(rerun: Callable):
    """Show a widget in the notebook of this file."""

    def make(code: str, kind: str) -> Shown:
        shown = Shown(rerun([f"{SETUP}w = {code}\nw"]), kind)
        shown.ready()
        return shown

    return make


def test_sliders_move_verdict_chance_and_python_and_a_scenario_is_kept(show) -> None:
    shown = show("sw.UnitEconomics(book)", "economics")
    slider = shown.root.locator("input[name=cac]")
    before = shown.root.locator('.sm-card[data-id="ratio"] .sm-value').inner_text()
    slider.focus()
    for _ in range(12):
        shown.found.page.keyboard.press("ArrowLeft")
    expect(shown.root.locator(".sm-answer")).to_contain_text("CAC −12%:", timeout=SLOW)
    shown.ready()
    expect(slider).to_be_focused()
    assert slider.get_attribute("aria-valuetext") == "−12%"
    assert shown.told("w.controls['cac']") == -12
    text = shown.root.locator('.sm-card[data-id="ratio"] .sm-value').inner_text()
    assert text != before
    assert text == shown.told('f"{sm.economics.ltv_cac_whatif(book, cac=-0.12).value:.1f}x"')
    shown.root.locator("input[name=name]").fill("Cheaper leads")
    shown.found.page.keyboard.press("Enter")
    expect(shown.mark("kept", "Cheaper leads")).to_be_visible()
    assert shown.told("w.scenarios")[0]["cac"] == -12
    shown.mark("kept", "As it is").click()
    expect(slider).to_have_value("50", timeout=SLOW)
    shown.mark("ratio", "SMB").click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text(
        "Customers won, LTV to CAC, SMB", timeout=SLOW
    )
    wanted = shown.told("sorted(w.result.rows(segment='SMB')['customer_id'])")
    assert sorted(shown.column(1)) == wanted


def test_a_choice_of_the_switch_opens_to_its_customers(show) -> None:
    shown = show("sw.DefinitionSwitch(book, a='default', b='stripe')", "switch")
    shown.mark("way", "Formula of NRR").click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text(
        "default to stripe, nrr", timeout=SLOW
    )
    wanted = shown.told("sorted(w.result.rows(step='nrr')['customer_id'])")
    assert sorted(shown.column(1)) == wanted[:500]
    shown.choose("metric", "GRR")
    expect(shown.root.locator(".sm-headline")).to_contain_text(
        "Gross revenue retention", timeout=SLOW
    )
    shown.ready()
    assert shown.told("w.selection") == {}
    shown.choose("b", "chartmogul_b2b")
    expect(shown.root.locator(".sm-way h3")).to_have_text(
        "From default to chartmogul_b2b", timeout=SLOW
    )
    shown.ready()
    values = shown.root.locator(".sm-card .sm-value").all_inner_texts()
    told = shown.told(
        "[sm.definitions.compare(book, 'grr', [p], freq='Q').df.set_index('period')"
        ".loc[w.controls['period'], 'value'] for p in ('default', 'chartmogul_b2b')]"
    )
    assert values[:2] == [f"{value * 100:.1f}%" for value in told]


def test_a_note_is_written_on_a_cell_and_kept(show) -> None:
    shown = show("sw.CohortReview(book, freq='Q')", "review")
    note = shown.root.locator("textarea[name=cell]")
    expect(note).to_be_disabled()
    shown.mark("cohorts", "Cohort Q1 2025, age 2:").click()
    expect(note).to_be_enabled()
    note.fill("The price rise <b>of January</b>")
    shown.root.locator(".sm-entry", has=shown.found.page.locator("textarea[name=cell]")).locator(
        "button"
    ).click()
    expect(shown.root.locator(".sm-noted h3")).to_have_text("1 note", timeout=SLOW)
    assert [(n["cohort"], n["age"], n["text"]) for n in shown.told("w.notes")] == [
        ("2025-01-01", 2, "The price rise <b>of January</b>")
    ]
    assert shown.root.locator("b").count() == 0
    shown.mark("cohorts", "Cohort Q2 2025, age 1:").click()
    expect(note).to_have_value("", timeout=SLOW)
    shown.mark("noted", "Q1 2025, age 2").click()
    expect(note).to_have_value("The price rise <b>of January</b>", timeout=SLOW)
    shown.choose("a", "Q1 2025")
    expect(shown.root.locator(".sm-answer")).to_contain_text("Q1 2025 keeps", timeout=SLOW)


def test_a_model_goes_on_beyond_what_was_seen_and_a_cause_opens_to_its_customers(show) -> None:
    shown = show("sw.SurvivalExplorer(book, freq='Q')", "lives")
    shown.choose("column", "Segment")
    expect(shown.root.locator(".sm-answer")).to_contain_text("All groups at once", timeout=SLOW)
    shown.choose("model", "Weibull")
    expect(shown.root.locator(".sm-survival .sm-note")).to_contain_text(
        "dashed: Weibull", timeout=SLOW
    )
    shown.ready()
    assert shown.root.locator('.sm-survival path[stroke-dasharray="6 4"]').count() == 3
    shown.mark("causes", "voluntary, age 6 quarters").click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text(
        "Lost by age 6 quarters", timeout=SLOW
    )
    wanted = shown.told("sorted(w.result.rows(age=6, cause='voluntary')['customer_id'])")
    assert sorted(shown.column(1)) == wanted


def test_the_explorer_reads_by_another_policy_and_says_who_moved_the_number(show) -> None:
    shown = show("book.explore()", "explorer")
    shown.choose("policy", "stripe")
    expect(shown.root.locator(".sm-headline")).to_contain_text("policy stripe", timeout=SLOW)
    shown.ready()
    value = shown.root.locator('.sm-card[data-id="nrr"] .sm-value').inner_text()
    assert value == shown.told(
        "f\"{sm.retention.nrr(book.with_policy('stripe'), window=4, freq='Q').df"
        ".set_index('period').loc[w.controls['period'], 'value'] * 100:.1f}%\""
    )
    bars = shown.root.locator(".sm-drivers .sm-mark")
    bars.last.click()
    expect(shown.root.locator(".sm-table tbody tr")).to_have_count(1)
    assert shown.column(1) == [shown.told("w.selection['customer']")]
    shown.mark("bridge", "Churn").click()
    expect(shown.root.locator(".sm-drivers .sm-linked").first).to_be_visible()
    shown.root.locator(".sm-drivers").hover()
    shown.root.locator(".sm-drivers .sm-copy button", has_text="CSV").click()
    expect(shown.root.locator(".sm-said")).to_contain_text("rows as CSV", timeout=SLOW)
    copied = shown.found.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("customer_id,value,")


def test_what_comes_up_opens_to_its_terms_and_a_higher_target_has_another_chance(show) -> None:
    shown = show("sw.RenewalDesk(book)", "desk")
    shown.root.locator(".sm-calendar .sm-mark").first.click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text("Coming up in")
    picked = shown.told("w.selection")
    assert picked["of"] == "calendar"
    wanted = shown.told(
        f"sorted(sm.renewals.calendar(book).rows(period={picked['period']!r}, "
        f"category={picked['category']!r})['customer_id'])"
    )
    assert sorted(shown.column(1)) == wanted == shown.told("sorted(w.customers['customer_id'])")
    chance = shown.root.locator('.sm-card[data-id="chance"]')
    for share in (80, 95):
        shown.slide("target", f"{share} %")
        expect(chance).to_contain_text(f"Chance of {share} %", timeout=SLOW)
        shown.ready()
        target = f"round(sm.renewals.forecast(book).df['atr'].iloc[-1] * {share} / 100, 2)"
        told = shown.told(
            f"sm.renewals.forecast(book, target={target}).df['probability'].iloc[-1] * 100"
        )
        assert chance.locator(".sm-value").inner_text() == f"{told:.1f}%"


def test_a_band_of_health_opens_to_its_customers_and_an_uplift_ranks_by_hour(show) -> None:
    shown = show("sw.SuccessBoard(book)", "success")
    shown.mark("health", "red").click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text("Customers in the red band")
    assert shown.told("w.selection") == {"of": "health", "band": "red"}
    wanted = shown.told(
        "sorted(sm.success.health(book).df.query(\"band == 'red'\")['customer_id'])"
    )
    assert sorted(shown.column(1)) == wanted == shown.told("sorted(w.customers['customer_id'])")
    note = shown.root.locator(".sm-worklist .sm-note")
    expect(note).to_contain_text("unknown")
    shown.slide("uplift", "2 points")
    expect(note).to_contain_text("per hour", timeout=SLOW)
    shown.ready()
    assert shown.told("w.controls['uplift']") == 2


def test_a_book_opens_to_its_accounts_and_a_longer_time_to_hire_moves_the_plan(show) -> None:
    shown = show("sw.CapacityPlanner(book, growth=100, contacts=50)", "planner")
    shown.root.locator(".sm-books .sm-mark").first.click()
    expect(shown.root.locator(".sm-table h3")).to_contain_text("Accounts of csm-")
    owner = shown.told("w.selection")["csm_id"]
    wanted = shown.told(f"sorted(sm.capacity.books(book).rows(csm_id={owner!r})['customer_id'])")
    assert sorted(shown.column(1)) == wanted == shown.told("sorted(w.customers['customer_id'])")
    month = shown.root.locator(".sm-hiring [data-tip]").first
    month.hover()
    expect(shown.root.locator(".sm-tip")).to_have_text(month.get_attribute("data-tip"))
    value = shown.root.locator('.sm-card[data-id="next"] .sm-value')
    before = value.inner_text()
    shown.slide("lead", "5 months")
    expect(value).not_to_have_text(before, timeout=SLOW)
    shown.ready()
    assert value.inner_text() == shown.told(
        "sm.capacity.hiring_plan(book, growth=1.0, contact_change=0.5, ramp=2, lead=5)"
        ".df.query('open > 0')['period'].iloc[0].strftime('%b %Y')"
    )
    assert sorted(shown.column(1)) == wanted  # today's books stay open, whatever is planned
