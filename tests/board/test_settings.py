"""The settings: one file, every key known, every value checked, mistakes answered with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board.asked import FOR, PAGES, Settings, settings


def test_a_file_of_settings_is_read(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(
        'company = "Example"\ncurrency = "EUR"\nfiscal_start = 2\nas_of = 2026-09-30\npages = ["t9q"]\n'
        '[targets.arr]\n"2026-Q3" = 5e6\n[comments.t9q]\ntext = "ours"\n[colors]\ngood = "#004488"\n'
        '[[asks]]\ntext = "Hire"\nowner = "CFO"\ndate = 2026-12-01\n'
    )
    found = settings(file)
    assert (found.company, found.currency, found.fiscal_start, found.as_of) == (
        "Example",
        "EUR",
        2,
        "2026-09-30",
    )
    assert found.targets == {"arr": {"2026-Q3": 5e6}}
    assert found.comments["t9q"].text == "ours"
    assert found.asks[0].date == "2026-12-01"
    assert found.folder == tmp_path


@pytest.mark.parametrize("paper", ["A4", "a4"])
def test_paper_is_named_in_large_or_small_letters(paper: str) -> None:
    assert settings({"paper": paper}).paper == "a4"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"compny": "x"}, "Did you mean 'company'"),
        ({"audience": "bord"}, "Did you mean 'board'"),
        ({"pages": ["sumary"]}, "Did you mean 'summary'"),
        ({"pages": []}, "is a list such as"),
        ({"pages": ["t9q", "t9q"]}, "twice"),
        ({"formats": ["docx"]}, "format"),
        ({"paper": "a5"}, "paper"),
        ({"fiscal_start": 13}, "1 to 12"),
        ({"fiscal_start": True}, "1 to 12"),
        ({"margin": 80}, "share such as 0.8"),
        ({"benchmarks": "yes"}, "true or false"),
        ({"company": 3}, "is text"),
        ({"colors": {"goodd": "#000000"}}, "Did you mean 'good'"),
        ({"colors": {"good": "green"}}, "is a color such as"),
        ({"targets": {"ar": {"2026-Q3": 1}}}, "Did you mean 'arr'"),
        ({"targets": {"arr": 5}}, "is a table"),
        ({"targets": {"arr": {"2026-Q3": "much"}}}, "is a number"),
        ({"comments": {"t9": {"text": "x"}}}, "Did you mean 't9q'"),
        ({"comments": {"t9q": {"txt": "x"}}}, "Did you mean 'text'"),
        ({"asks": {"text": "x"}}, "are tables"),
        ({"asks": [{"owner": "x"}]}, "needs its text"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(given: dict[str, object], said: str) -> None:
    with pytest.raises(sm.DataError, match=said):
        settings(given)


def test_a_file_that_is_not_toml_or_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    with pytest.raises(sm.DataError, match="cannot be read"):
        settings(file)
    file.write_text("company = ")
    with pytest.raises(sm.DataError, match="not TOML"):
        settings(file)
    file.write_text('compny = "x"')
    with pytest.raises(sm.DataError, match=r"board\.toml: .*Did you mean 'company'"):
        settings(file)


def test_each_audience_has_its_pages() -> None:
    assert FOR["founder"][0] == FOR["cfo"][0] == FOR["board"][0] == "summary"
    assert "quality" in FOR["cfo"]
    assert "quality" not in FOR["founder"]
    assert all(set(pages) <= set(PAGES) for pages in FOR.values())


def test_the_plan_of_the_table_goes_before_that_of_the_settings_and_the_difference_is_told(
    pack_book: sm.Book,
) -> None:
    asked = {"pages": ["summary"], "targets": {"arr": {"2026-09": 2_000_000}}}
    made = sm.board.pack(pack_book, settings=asked)
    assert made.quantities["arr.plan@2026-07-01"].source == "table targets"
    own = made.quantities["arr.plan@2026-07-01"].value
    assert own is not None
    said = next(text for text in made.pages[0].missing if "correct one of them" in text)
    assert f"${own / 1e6:.2f}M in the table targets" in said
    assert "$2.00M in [targets.arr]" in said


def test_every_place_of_a_pack_has_the_same_target(tmp_path: Path) -> None:
    tables = {
        name: sm.demo(customers=60).frame(name) for name in ("subscriptions", "customers", "fx")
    }
    targets = {"metric": ["nrr"], "period": ["2026-Q3"], "value": [1.076]}
    asked = {
        "pages": ["summary", "t9q", "retention", "success"],
        "targets": {"nrr": {"2026-09": 1.05}, "grr": {"2026-09": 0.91}},
    }
    book = sm.Book(**tables, targets=targets, currency="USD", as_of="2026-10-31")
    made = sm.board.pack(book, settings=asked)
    for metric, plan in (("nrr", 1.076), ("grr", 0.91)):
        named = [
            q for key, q in made.quantities.items() if key.startswith(f"{metric}.plan@2026-07")
        ]
        assert [q.value for q in named] == [plan]
        assert made.quantities[f"target[company][{metric}].goal"].value == plan
        assert made.quantities[f"target[company][{metric}].goal"].formula == "plan"
    text = made.to_html(tmp_path / "pack.html").read_text(encoding="utf-8")
    assert text.count("105.0%") == text.count("105.0% in [targets.nrr]")


def test_a_logo_or_template_that_is_not_there_is_named(pack_book: sm.Book, tmp_path: Path) -> None:
    made = sm.board.pack(
        pack_book, settings={"pages": ["bridge"], "logo": "no.png", "template": "no.pptx"}
    )
    with pytest.raises(sm.DataError, match=r"the logo 'no\.png'"):
        made.to_html(tmp_path / "pack.html")
    with pytest.raises(sm.DataError, match=r"the template 'no\.pptx'"):
        made.to_pptx(tmp_path / "pack.pptx")
    assert list(tmp_path.iterdir()) == []


# A book that is given with the settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policy": "frob"}, "'frob'"),
        ({"currency": "EURO"}, "'EURO' is no currency"),
        ({"currency": "EUR"}, "currency = 'EUR', and the book has 'USD'"),
        ({"fiscal_start": 2}, "fiscal_start = 2, and the book has 1"),
        ({"data": "nowhere"}, "data = 'nowhere', which cannot be compared"),
    ],
)
def test_settings_that_contradict_the_book_are_refused(
    pack_book: sm.Book, given: dict[str, object], said: str
) -> None:
    with pytest.raises(sm.DataError, match=said):
        sm.board.pack(pack_book, settings={"pages": ["bridge"], **given})


def test_the_policy_of_the_settings_is_that_of_the_pack(pack_book: sm.Book) -> None:
    made = sm.board.pack(pack_book, settings={"pages": ["bridge"], "policy": "stripe"})
    assert str(made.facts["policy"]).startswith("stripe v")


def test_a_book_of_the_folder_that_the_settings_name_is_taken_and_another_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    rows = [f"a,2026-0{month},10" for month in range(1, 8)]
    (tmp_path / "data" / "mrr.csv").write_text("\n".join(["customer_id,month,mrr", *rows]))
    (tmp_path / "board.toml").write_text('data = "data"\npages = ["bridge"]\n')
    book = sm.read(tmp_path / "data")
    made = sm.board.pack(book, settings=tmp_path / "board.toml", as_of="2026-06-30")
    assert made.facts["quarter"] == "Q2 2026"
    other = sm.Book(mrr={"customer_id": ["b"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(sm.DataError, match="the book has other tables than"):
        sm.board.pack(other, settings=tmp_path / "board.toml")


# Plans


@pytest.mark.parametrize(
    "period", ["frobperiod", "2026", "2026-Q5", "2026-13", "2026-09-31", "Q3 26", ""]
)
def test_a_target_of_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(sm.DataError, match="is no period"):
        settings({"targets": {"arr": {period: 1}}})


@pytest.mark.parametrize("amount", [float("inf"), float("-inf"), float("nan"), 10**400])
def test_a_target_that_is_not_finite_is_refused(amount: float) -> None:
    with pytest.raises(sm.DataError, match="is a number, and finite"):
        settings({"targets": {"arr": {"2026-Q3": amount}}})
    with pytest.raises(sm.DataError, match="is a number, and finite"):
        settings(Settings(targets={"arr": {"2026-Q3": amount}}))


def test_a_target_of_no_quarter_of_the_pack_is_told_with_the_key_that_was_wanted() -> None:
    months = [f"2025-{month:02}" for month in range(1, 11)]
    rows = {"customer_id": ["a"] * 10, "month": months, "mrr": [100.0] * 10}
    book = sm.Book(mrr=rows, fiscal_start=2)
    asked = {"pages": ["bridge"], "targets": {"arr": {"2025-Q3": 1500}}}
    page = sm.board.pack(book, settings=asked).pages[0]
    said = (
        'Plan of arr: "2025-Q3" of [targets.arr] is no quarter of this pack (without FY a quarter is of the calendar); '
        'for Q3 FY26 write "Q3 FY26" or "2025-10".'
    )
    assert said in page.missing
    for wanted in ("Q3 FY26", "2025-10"):
        asked["targets"] = {"arr": {wanted: 1500}}
        made = sm.board.pack(book, settings=asked)
        assert made.quantities["arr.plan@2025-08-01"].value == 1500
        assert not any(text.startswith("Plan of arr") for text in made.pages[0].missing)


def plans(book: sm.Book, targets: dict[str, dict[str, float]]) -> tuple[tuple[str, ...], set[str]]:
    """What the first page says of plans, and what the linter does."""
    made = sm.board.pack(book, settings={"pages": ["bridge"], "targets": targets})
    told = tuple(text for text in made.pages[0].missing if text.startswith("Plan of"))
    return told, {found.text for found in made.lint() if found.rule == "plan"}


def ten_months(**more: object) -> sm.Book:
    months = [f"2025-{month:02}" for month in range(1, 11)]
    rows = {"customer_id": ["a"] * 10, "month": months, "mrr": [100.0] * 10}
    return sm.Book(mrr=rows, **more)


def test_a_period_of_no_quarter_is_named_beside_others_that_match() -> None:
    targets = {"arr": {"2025-Q3": 1500.0, "2025-08": 1400.0, "2052-Q3": 1.0}}
    told, found = plans(ten_months(), targets)
    assert told == (
        (
            'Plan of arr: "2025-08", "2052-Q3" of [targets.arr] are no quarters of this pack; '
            'for Q3 2025 write "Q3 2025" or "2025-09".'
        ),
    )
    assert found == set(told)


def test_plans_for_the_quarters_that_come_next_are_no_mistake() -> None:
    targets = {"arr": {"2025-Q3": 1500.0, "2025-Q4": 1600.0, "2026-Q1": 1700.0, "Q2 FY26": 1800.0}}
    assert plans(ten_months(), targets) == ((), set())


@pytest.mark.parametrize("period", ["Q3 FY26", "FY26-Q3", "Q3 FY2026", "2025-10"])
def test_a_quarter_with_fy_is_that_of_the_fiscal_year(period: str) -> None:
    # From February 2025 to January 2026 is FY26, so its third quarter is August to October 2025.
    asked = {"pages": ["bridge"], "targets": {"arr": {period: 1500}}}
    made = sm.board.pack(ten_months(fiscal_start=2), settings=asked)
    assert made.quantities["arr.plan@2025-08-01"].value == 1500
    assert "Plans by quarter" not in made.pages[0].footnote  # these can be read in one way only


# Before, a quarter without FY was of the fiscal year here, and refused or of the calendar elsewhere: a plan could stand
# in the wrong year. Without FY it is of the calendar everywhere.
@pytest.mark.parametrize("period", ["2026-Q3", "Q3 2026"])
def test_a_quarter_without_fy_is_never_one_of_the_fiscal_year(period: str) -> None:
    asked = {"pages": ["bridge"], "targets": {"arr": {period: 1500}}}
    made = sm.board.pack(ten_months(fiscal_start=2), settings=asked)
    assert "arr.plan@2025-08-01" not in made.quantities


def test_a_quarter_of_the_calendar_that_is_one_of_the_fiscal_year_too_is_told_with_both_names() -> (
    None
):
    # From April 2025 to March 2026 is FY26: July to September 2025 is its second quarter.
    asked = {"pages": ["bridge"], "targets": {"arr": {"2025-Q3": 1500}}}
    made = sm.board.pack(ten_months(fiscal_start=4), settings=asked)
    assert made.quantities["arr.plan@2025-07-01"].value == 1500
    assert '"2025-Q3" is Q2 FY26, which ends in 2025-09.' in made.pages[0].footnote


def test_calendar_quarters_of_the_table_of_targets_are_told_where_the_fiscal_year_has_none() -> (
    None
):
    targets = {"metric": ["arr", "arr"], "period": ["2025-Q3", "Q3 FY26"], "value": [1.0, 1500.0]}
    told, found = plans(ten_months(targets=targets, fiscal_start=2), {})
    assert found == set(told)
    assert told == (
        (
            'Plan of arr: "2025-Q3" of the table targets is of the calendar and lies in two quarters of the fiscal '
            'year; for Q3 FY26 write "Q3 FY26" or "2025-10".'
        ),
    )


def test_rows_of_the_table_of_targets_that_nothing_is_found_for_are_named() -> None:
    rows = [("arr", "2025-Q3"), ("arr", "Q3-2025"), ("arr", "2025-08"), ("ar", "2025-Q3")]
    metric, period = zip(*rows, strict=True)
    targets = {"metric": metric, "period": period, "value": [1.0] * len(rows)}
    told, found = plans(ten_months(targets=targets), {})
    assert found == set(told)
    assert told == (
        "Plan of ar: the table targets names no such number. Did you mean 'arr'?",
        'Plan of arr: "Q3-2025" of the table targets is no period; write "2026-Q3".',
    )


# The file


def test_a_file_that_starts_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_bytes(b'\xef\xbb\xbfcompany = "Example"')
    assert settings(file).company == "Example"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device on this system")
def test_settings_of_a_device_are_refused() -> None:
    with pytest.raises(sm.DataError, match="it is not a file"):
        settings("/dev/zero")


def test_a_target_of_any_number_of_the_pack_stands_on_the_page_of_targets(
    pack_book: sm.Book,
) -> None:
    plans = {"churned_arr": 5_000, "new_arr": 100_000, "customers": 90, "payback": 15}
    asked = {"pages": ["success"], "targets": {n: {"2026-Q3": v} for n, v in plans.items()}}
    made = sm.board.pack(pack_book, settings=asked)
    labels = [row.label for row in made.pages[0].tables[0].rows]
    assert {"New ARR", "Churned ARR", "Customers", "CAC payback"} < {*labels}
    moved = sm.revenue.bridge(pack_book, freq="Q").df.set_index("period").loc["2026-07-01"]
    share = made.quantities["target[company][churned_arr].share"].value
    assert share == pytest.approx(12 * abs(moved["churn"]) / 5_000)


def test_targets_of_the_settings_need_no_table_and_no_pod_is_asked_of_them() -> None:
    rows = {"customer_id": ["a", "a"], "month": ["2026-08", "2026-09"], "mrr": [10, 30]}
    asked = {"pages": ["success"], "targets": {"net_new_arr": {"2026-Q3": 100}}}
    made = sm.board.pack(sm.Book(mrr=rows, as_of="2026-09-30"), settings=asked)
    assert made.pages[0].title == "1 of 1 target met in Q3 2026"
    assert not any("targets.metric" in text for text in made.pages[0].missing)
