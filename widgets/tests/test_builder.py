"""The builder of a board pack: what it shows and writes is the pack that its settings make by the command line."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics import sample
from saasmetrics.board.every_month import monthly
from saasmetrics_widgets import BoardPackBuilder
from saasmetrics_widgets.bench import ThereError

PAGES = ["summary", "bridge", "support"]
HOSTILE = "<script>alert(1)</script> =1+1 \u202eشركة 上海 🚀"


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=80)


@pytest.fixture
def builder(book: sm.Book) -> BoardPackBuilder:
    return BoardPackBuilder(book, {"company": "Example", "pages": PAGES})


def ask(builder: BoardPackBuilder, ask: str, **more: object) -> str:
    """Ask as the browser does, and return the error that is shown."""
    builder._answer(builder, {"ask": ask, **more}, [])
    return builder.view["error"]


def listed(builder: BoardPackBuilder) -> list[str]:
    return [page["id"] for page in builder.view["pages"]]


def signs(builder: BoardPackBuilder, key: str) -> list[str]:
    (page,) = (page for page in builder.view["pages"] if page["id"] == key)
    return [sign["words"] for sign in page["marks"]]


def test_a_sentence_is_marked_as_written_by_hand_and_can_be_taken_back(builder) -> None:
    generated = builder.pack.pages[1].title
    assert ask(builder, "write", page="bridge", part="title", value=f"  {HOSTILE} ") == ""
    assert builder.pack.pages[1].title == HOSTILE
    assert signs(builder, "bridge")[0] == "edited"
    ask(builder, "show", page="bridge")
    assert "Title written by hand" in [told["words"] for told in builder.view["page"]["told"]]
    assert "<script>alert" not in builder.preview
    ask(builder, "reset", page="bridge", part="title")
    assert builder.pack.pages[1].title == generated
    assert signs(builder, "bridge") == []


def test_words_that_are_the_generated_ones_are_not_written_by_hand(builder) -> None:
    builder.write("bridge", title=builder.pack.pages[1].title, comment="")
    assert builder.settings.comments == {}


def test_what_the_rules_of_a_page_find_is_said_of_it(builder) -> None:
    builder.write("bridge", title="We did well")
    ask(builder, "show", page="bridge")
    told = [each["words"] for each in builder.view["page"]["told"]]
    assert "To mend: The title has no number; say the conclusion with its figure." in told
    assert "1 to mend" in signs(builder, "bridge")


def test_words_whose_number_has_moved_on_are_flagged_until_somebody_says_they_are_right(
    builder,
) -> None:
    builder.write("bridge", title="ARR is as high as 2 years ago")
    ask(builder, "set", name="as_of", value="2026-06-30")
    ask(builder, "show", page="bridge")
    assert "number has changed" in signs(builder, "bridge")
    assert builder.view["page"]["stale"]
    ask(builder, "keep", page="bridge")
    assert "number has changed" not in signs(builder, "bridge")


def test_pages_are_moved_left_out_and_added_at_their_place(builder) -> None:
    ask(builder, "move", page="bridge", by=-1)
    assert listed(builder) == ["bridge", "summary", "support"]
    ask(builder, "leave_out", page="summary")
    ask(builder, "take_in", page="retention")
    assert listed(builder) == ["bridge", "retention", "support"]
    assert builder.view["page"]["id"] == "retention"
    assert [page.id for page in builder.pack.pages] == listed(builder)


def test_the_last_page_is_not_left_out(builder) -> None:
    for page in PAGES[:2]:
        ask(builder, "leave_out", page=page)
    assert "add another one" in ask(builder, "leave_out", page="support")
    assert listed(builder) == ["support"]


def test_a_page_whose_table_is_missing_says_what_to_add(book) -> None:
    tables = {name: book.frame(name) for name in ("subscriptions", "customers", "fx")}
    builder = BoardPackBuilder(sm.Book(**tables), {"pages": PAGES})
    assert "cannot be shown" in signs(builder, "support")
    ask(builder, "show", page="support")
    assert "tickets" in builder.preview
    assert [page.id for page in builder.pack.pages] == ["summary", "bridge"]
    assert "The page Support: " in " ".join(builder.pack.pages[-1].missing)
    ask(builder, "set", name="missing_pages", value=False)
    assert "The page Support: " not in " ".join(builder.pack.pages[-1].missing)


def test_a_value_that_is_refused_changes_nothing(builder) -> None:
    before = builder.settings
    assert "share such as 0.8" in ask(builder, "set", name="margin", value="much")
    assert "audience" in ask(builder, "set", name="audience", value="nobody")
    assert "Take a later day" in ask(builder, "set", name="as_of", value="2000-01-31")
    assert "page" in ask(builder, "show", page="nowhere")
    assert builder.settings == before
    assert ask(builder, "set", name="margin", value="0,8") == ""
    assert builder.settings.margin == 0.8


def test_decisions_are_written_one_per_line(builder) -> None:
    ask(builder, "take_in", page="asks")
    ask(
        builder,
        "write",
        page="asks",
        part="asks",
        value="Hire two | COO | 2026-12-01\n\nRaise prices",
    )
    assert [(a.text, a.owner, a.date) for a in builder.settings.asks] == [
        ("Hire two", "COO", "2026-12-01"),
        ("Raise prices", "", ""),
    ]
    assert builder.pack.pages[1].title == "2 decisions are asked of the board"


@pytest.mark.parametrize("given", ["data", "beside"])
def test_saved_settings_make_the_same_pack_by_the_command(given: str, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    sample.write(exports, 60, 7)
    book = sm.read(exports, fiscal_start=2)
    place = (tmp_path if given == "data" else exports) / "board.toml"
    asked = {"pages": PAGES, "targets": {"arr": {"2027-Q2": 5e6}}, "colors": {"good": "#004488"}}
    builder = BoardPackBuilder(book, asked, data=exports if given == "data" else None)
    builder.write("bridge", title=f'{HOSTILE} "quoted" \\ 1', comment="Two\nlines\x7f")
    builder.change(company=HOSTILE, asks=[{"text": "Hire"}], as_of="2026-09-30")
    builder.save(place)
    files = builder.export(("xlsx",), tmp_path / "ours")
    made = monthly(place, tmp_path / "packs")
    assert made.pack.json == sm.board.Pack.load(files[-1]).json
    assert made.pack.pages[1].title == f'{HOSTILE} "quoted" \\ 1'
    assert tomllib.loads(place.read_text("utf-8")).get("data") == (
        "exports" if given == "data" else None
    )


def test_a_folder_of_tables_that_is_not_there_is_refused(book, tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match="there is no folder"):
        BoardPackBuilder(book, {"pages": ["bridge"]}, data=tmp_path / "exports")


def test_a_policy_of_ones_own_is_kept_beside_the_settings(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    sample.write(exports, 40, 7)
    own = sm.Policy.named("default").changed(window=6)
    builder = BoardPackBuilder(sm.read(exports, policy=own), {"pages": ["bridge"]}, data=exports)
    place = builder.save(tmp_path / "board.toml")
    assert {path.name for path in tmp_path.iterdir()} == {
        "exports",
        "board.toml",
        "board-policy.json",
    }
    assert monthly(place, tmp_path / "packs").pack.facts["policy_hash"] == own.hash


def test_nothing_is_written_over_unless_somebody_says_so(builder, tmp_path: Path) -> None:
    page = tmp_path / "ours.html"
    page.write_text("mine")
    with pytest.raises(ThereError, match=r"ours\.html is there already"):
        builder.export(("html",), tmp_path / "ours")
    assert ask(builder, "export", formats=["html"], to=str(tmp_path / "ours")) == ""
    confirm = builder.view["confirm"]
    assert confirm["words"] == "ours.html is there already."
    assert [path.name for path in tmp_path.iterdir()] == ["ours.html"]
    assert page.read_text() == "mine"
    builder._answer(builder, confirm["ask"], [])
    assert builder.view["confirm"] == {}
    assert "Example" in page.read_text("utf-8")
    assert builder.view["done"] == [
        f"Written: {tmp_path / name}" for name in ("ours.html", "ours.json")
    ]


def test_a_pack_gives_its_pages_and_words_to_the_next_one(builder, book, tmp_path: Path) -> None:
    builder.change(pages=["bridge", "asks"], asks=[{"text": "Hire", "owner": "COO"}])
    builder.write("bridge", comment="As told 1 time")
    builder.export(("html",), tmp_path / "Q3")
    earlier = BoardPackBuilder.load(book.as_of("2026-06-30"), tmp_path / "Q3.json")
    assert listed(earlier) == ["bridge", "asks"]
    assert (earlier.settings.company, earlier.settings.asks) == ("Example", builder.settings.asks)
    assert earlier.pack.pages[0].comment == "As told 1 time"
    assert "number has changed" in signs(earlier, "bridge")


def test_settings_of_other_tables_are_refused(builder, tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text('currency = "JPY"')
    assert "currency" in ask(builder, "open", **{"from": str(file)})
    assert builder.settings.currency is None


def test_without_the_libraries_of_reports_the_extra_is_named(
    builder, monkeypatch, tmp_path: Path
) -> None:
    for module in ("typst", "pptx"):
        monkeypatch.setitem(sys.modules, module, None)  # which nothing is found for then
    with pytest.raises(sm.DataError, match=r"jupyter-saasmetrics\[report\]"):
        builder.export(("pdf",), tmp_path / "ours")
    builder.show("bridge")
    told = {each["id"]: each["why"] for each in builder.view["outputs"]}
    assert "[report]" in told["pdf"]
    assert told["html"] == told["all"] == ""
    assert list(tmp_path.iterdir()) == []


def test_without_python_the_sentences_stay(builder) -> None:
    bundle, _ = builder._repr_mimebundle_()
    builder.write("bridge", title=HOSTILE)
    assert builder.pack.title in bundle["text/html"]
    assert "<script>" not in builder._picture("x")["text/html"]


@pytest.mark.parametrize(
    ("to", "words"),
    [(".", "is a folder"), ("..", "is a folder"), ("n" * 252, "255"), ("f" * 300 + "/a", "255")],
    ids=["here", "above", "name", "folder"],
)
def test_files_that_cannot_be_named_so_are_refused_in_words(
    builder: BoardPackBuilder, to: str, words: str
) -> None:
    with pytest.raises(sm.DataError, match=words):
        builder.export(("html",), to)


def test_files_can_be_written_below_the_home_of_the_user(
    builder: BoardPackBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert builder.export(("html",), "~/Q3")[0] == tmp_path / "Q3.html"
    assert (tmp_path / "Q3.html").is_file()


# Plan and looks


def look(builder: BoardPackBuilder, name: str) -> str:
    return next(field["value"] for field in builder.view["looks"] if field["name"] == name)


def test_a_plan_and_colors_are_written_in_lines_and_kept_with_the_settings(
    builder, tmp_path: Path
) -> None:
    quarter = builder.pack.facts["quarter"]
    plan = f"arr | {quarter[3:]}-{quarter[:2]} | 2,000,000\n"
    assert ask(builder, "set", name="targets", value=plan) == ""
    assert ask(builder, "set", name="colors", value="good | #1b7f5c") == ""
    assert ask(builder, "set", name="paper", value="a4") == ""
    assert look(builder, "targets") == plan.strip().replace(",", "")
    assert "2000000" in str(builder.settings.targets)
    assert any(tile.delta_plan for page in builder.pack.pages for tile in page.tiles)
    assert "#1b7f5c" in builder.preview
    kept = builder.save(tmp_path / "board.toml")
    held = tomllib.loads(kept.read_text("utf-8"))
    assert held["targets"] == {"arr": {f"{quarter[3:]}-{quarter[:2]}": 2_000_000.0}}
    assert (held["colors"], held["paper"]) == ({"good": "#1b7f5c"}, "a4")
    again = BoardPackBuilder.load(builder.book, kept)
    assert [again.settings.targets, again.settings.colors] == [
        builder.settings.targets,
        builder.settings.colors,
    ]
    assert ask(builder, "set", name="targets", value=" ") == ""
    assert builder.settings.targets == {}


REFUSED = (
    ("targets", "arr 5", "metric | period | value"),
    ("targets", "arr | 2026-Q4 | much", "is no number"),
    ("targets", "aar | 2026-Q4 | 5", "Did you mean 'arr'"),
    ("targets", "arr | soon | 5", "no period"),
    ("targets", "arr | 2026-Q4 | 5\narr | 2026-Q4 | 6", "twice"),
    ("colors", "good", "what | color"),
    ("colors", "good | green", "is a color such as"),
    ("logo", "nowhere.png", "there is no file"),
    ("logo", __file__, "is none of .png"),
    ("template", "nowhere.pptx", "there is no file"),
)


def test_a_plan_or_a_look_that_cannot_be_is_refused_and_changes_nothing(builder) -> None:
    before = builder.settings
    for name, value, words in REFUSED:
        assert words in ask(builder, "set", name=name, value=value)
        assert builder.settings == before


def test_the_logo_of_a_company_is_on_the_page_that_is_seen(builder, tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    assert ask(builder, "set", name="logo", value=str(logo)) == ""
    assert builder.settings.logo == str(logo)
    assert (
        builder.export(("html",), tmp_path / "pack")[0].read_text("utf-8").count("data:image/svg")
    )
