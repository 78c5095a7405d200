"""The explorer in a real JupyterLab: what is clicked is found in the table, and in Python."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

CELLS = ["import json\nimport saasmetrics as sm\nw = sm.demo(customers=200).explore()\nw"]
SLOW = 60_000


@pytest.fixture
def shown(rerun):
    """A notebook that has shown the explorer of the demo company."""
    found = rerun(CELLS)
    expect(root(found)).to_have_attribute("data-ready", "true", timeout=SLOW)
    return found


def root(found) -> Locator:
    return found.page.locator(".saasmetrics-explorer")


def cell(found, words: str) -> Locator:
    return root(found).locator(f'.sm-cohorts [aria-label^="{words}"]')


def column(found, number: int) -> list[str]:
    return root(found).locator(f".sm-table tbody td:nth-child({number})").all_inner_texts()


def ready(found) -> None:
    """Wait until what was asked for is drawn."""
    expect(root(found)).not_to_have_class(re.compile("sm-busy"), timeout=SLOW)


def test_a_clicked_cohort_cell_opens_to_its_customers(shown) -> None:
    cell(shown, "Cohort Q1 2025, age 2:").click()
    title = root(shown).locator(".sm-table h3")
    expect(title).to_contain_text("Cohort Q1 2025 after 2 quarters")
    told = json.loads(
        shown.say(
            "rows = w.result.rows(cohort=w.selection['cohort'], age=w.selection['age'])\n"
            "df = w.result.df\n"
            "cell = df[(df['cohort'] == '2025-01-01') & (df['age'] == 2)].iloc[0]\n"
            "print(json.dumps([w.selection, w.result.definition.id, sorted(rows['customer_id']), "
            "int(rows['customers'].sum()), int(cell['numerator']), len(w.rows)]))"
        )
    )
    selection, metric, ids, still_here, numerator, listed = told
    assert selection == {"of": "cohorts", "cohort": "2025-01-01", "age": 2}
    assert metric == "cohorts"
    assert sorted(column(shown, 1)) == ids
    assert listed == len(ids)
    assert still_here == numerator
    totals = root(shown).locator(".sm-table tfoot td").all_inner_texts()
    assert totals[-1] == str(numerator)
    assert cell(shown, "Cohort Q1 2025, age 2:").get_attribute("aria-pressed") == "true"


def test_a_changed_control_changes_the_pictures_and_python(shown) -> None:
    root(shown).locator("select[name=column]").select_option("Segment")
    expect(root(shown).locator("select[name=value]")).to_be_enabled()
    ready(shown)
    root(shown).locator("select[name=value]").select_option("SMB")
    expect(root(shown).locator(".sm-headline")).to_contain_text("SMB (segment)")
    ready(shown)
    root(shown).locator("select[name=measure]").select_option("Net MRR")
    expect(root(shown).locator(".sm-cohorts h3")).to_have_text("MRR left by cohort, with expansion")
    ready(shown)
    said = json.loads(shown.say("print(json.dumps(w.controls))"))
    assert (said["column"], said["value"], said["measure"]) == ("segment", "SMB", "net")
    churn = root(shown).locator('.sm-bridge [aria-label^="Churn"]')
    churn.click()
    expect(root(shown).locator(".sm-table h3")).to_contain_text("Churn in Q3 2026, SMB")
    amount = shown.say(
        "df = w.result.df\n"
        "row = df[(df['segment'] == 'SMB') & (df['period'] == w.selection['period'])].iloc[0]\n"
        "print(f\"{row['churn']:,.2f}\".replace('-', '−'))"
    )
    headings = root(shown).locator(".sm-table thead th").all_inner_texts()
    at = next(i for i, heading in enumerate(headings) if heading.startswith("Churn"))
    assert root(shown).locator(".sm-table tfoot td").nth(at).inner_text() == amount


def test_the_table_is_sorted_searched_and_copied(shown) -> None:
    root(shown).locator('.sm-card[data-id="arr"]').click()
    expect(root(shown).locator(".sm-table h3")).to_contain_text("MRR of each customer")
    heading = root(shown).locator(".sm-table thead button", has_text="Closing MRR")
    before = column(shown, 3)
    heading.click()
    expect(heading.locator("..")).to_have_attribute("aria-sort", "ascending")
    amounts = [float(text.replace(",", "")) for text in column(shown, 3)]
    assert amounts == sorted(amounts)
    assert sorted(before) == sorted(column(shown, 3))
    wanted = column(shown, 2)[0]
    root(shown).locator(".sm-table input").fill(wanted)
    expect(root(shown).locator(".sm-table .sm-note")).to_contain_text("match")
    assert column(shown, 2) == [wanted]
    root(shown).get_by_text("Copy as CSV").click()
    expect(root(shown).locator(".sm-said")).to_contain_text("1 rows as CSV")
    copied = shown.page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[0] == "customer_id,name,closing"
    assert wanted in copied
    root(shown).get_by_text("Copy as code").click()
    expect(root(shown).locator(".sm-said")).to_contain_text("Code")
    code = shown.page.evaluate("navigator.clipboard.readText()")
    assert code.startswith('rows = sm.revenue.arr(book, freq="Q").rows(period="2026-07-01")')


def test_it_can_be_used_with_the_keyboard_alone(shown) -> None:
    start = cell(shown, "Cohort Q1 2024, age 3:")
    start.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"):
        shown.page.keyboard.press(key)
    expect(cell(shown, "Cohort Q3 2024, age 3:")).to_be_focused()
    shown.page.keyboard.press("Enter")
    expect(root(shown).locator(".sm-table h3")).to_contain_text("Cohort Q3 2024 after 3 quarters")
    expect(cell(shown, "Cohort Q3 2024, age 3:")).to_be_focused()
    said = json.loads(shown.say("print(json.dumps(w.selection))"))
    assert said == {"of": "cohorts", "cohort": "2024-07-01", "age": 3}
    bars = root(shown).locator(".sm-bridge .sm-mark")
    bars.first.focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press(" ")
    expect(root(shown).locator(".sm-table h3")).to_contain_text("New in Q3 2026")


def test_cells_not_observed_yet_are_hatched_and_no_zeros(shown) -> None:
    # As of 2026-10-31 the last complete quarter is Q3 2026: the cohort of Q1 2026 has ages 0 to 2.
    expect(cell(shown, "Cohort Q1 2026, age 2:")).to_have_count(1)
    expect(cell(shown, "Cohort Q1 2026, age 3:")).to_have_count(0)
    hatched = root(shown).locator('.sm-cohorts rect[data-tip="Not observed yet"]')
    assert hatched.count() == 19  # 20 quarters from Q4 2021 on; only the first is seen at every age
    assert "url(" in hatched.first.evaluate("node => node.style.fill")


def test_names_that_are_markup_or_formulas_are_only_names(rerun) -> None:
    code = (
        "import saasmetrics as sm\n"
        "ids = ['a', 'b']\n"
        "names = ['<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 1\">', '=cmd()']\n"
        "book = sm.Book(mrr={'customer_id': ids * 2, 'month': ['2026-01'] * 2 + ['2026-02'] * 2, "
        "'mrr': [100, 50, 120, 50]}, customers={'customer_id': ids, 'name': names, "
        "'segment': ['<b>bold</b>', 'plain']})\n"
        "w = book.explore(column='segment')\nw"
    )
    found = rerun([code])
    expect(root(found)).to_have_attribute("data-ready", "true", timeout=SLOW)
    root(found).locator('.sm-card[data-id="arr"]').click()
    expect(root(found).locator(".sm-table tbody tr")).to_have_count(2)
    assert column(found, 2)[0].startswith("<script>window.hacked")
    assert column(found, 2)[1] == "=cmd()"
    assert found.page.evaluate("window.hacked") is None
    assert root(found).locator("script, img, b").count() == 0
    root(found).get_by_text("Copy as CSV").click()
    expect(root(found).locator(".sm-said")).to_contain_text("rows as CSV")
    assert "'=cmd()" in found.page.evaluate("navigator.clipboard.readText()")


def test_it_follows_the_theme_of_jupyterlab(shown) -> None:
    shown.dress("Light")
    expect(root(shown)).to_have_attribute("data-theme", "light", timeout=SLOW)
    shown.dress("Dark")
    expect(root(shown)).to_have_attribute("data-theme", "dark", timeout=SLOW)
    background = root(shown).evaluate("node => getComputedStyle(node).backgroundColor")
    assert background == "rgb(23, 27, 32)"  # the surface of the dark palette, #171b20
    shown.dress("Light")
    expect(root(shown)).to_have_attribute("data-theme", "light", timeout=SLOW)


def test_an_error_of_the_drawing_is_shown_in_the_cell(shown) -> None:
    shown.say("w.bridge = {'title': 'no scene'}")
    expect(root(shown).get_by_role("alert")).to_contain_text("could not be drawn")
    assert shown.errors  # and in the console, for whoever mends it
    shown.errors.clear()
