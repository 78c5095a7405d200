"""Policies as people meet them: printed, compared, saved, loaded, and given to a book."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.policies import FORMAT, choices, presets
from saasmetrics.policy import Policy

MRR = {"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]}


@pytest.mark.parametrize("name", presets())
def test_a_policy_comes_back_from_its_file_as_it_was(tmp_path: Path, name: str) -> None:
    policy = Policy.named(name)
    path = policy.save(tmp_path / "ours.json")
    assert path == tmp_path / "ours.json"
    assert Policy.load(path) == policy
    assert [found.name for found in tmp_path.iterdir()] == ["ours.json"]


def test_a_file_holds_every_choice_so_that_a_later_default_changes_nothing(tmp_path: Path) -> None:
    saved = json.loads(
        Policy(name="ours", gap_days=30).save(tmp_path / "p.json").read_text("utf-8")
    )
    assert set(saved["choices"]) == set(choices())
    assert (saved["format"], saved["name"], saved["version"]) == (FORMAT, "ours", 1)


def test_saving_over_a_file_leaves_the_old_one_where_it_fails(tmp_path: Path) -> None:
    path = Policy(name="old").save(tmp_path / "p.json")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if not _refuses(tmp_path):
            pytest.skip("this user may write everywhere")
        with pytest.raises(sm.DataError, match="cannot be written"):
            Policy(name="new").save(path)
    finally:
        tmp_path.chmod(stat.S_IRWXU)
    assert Policy.load(path).name == "old"


def _refuses(folder: Path) -> bool:
    try:
        (folder / "probe").write_text("", "utf-8")
    except OSError:
        return True
    (folder / "probe").unlink()
    return False


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match=r"nowhere.*folder that exists"):
        Policy().save(tmp_path / "nowhere" / "p.json")


def test_a_preset_edited_in_its_file_is_called_changed(tmp_path: Path) -> None:
    path = Policy.named("stripe").save(tmp_path / "p.json")
    data = json.loads(path.read_text("utf-8"))
    data["choices"]["gap_days"] = 7
    path.write_text(json.dumps(data), "utf-8")
    found = Policy.load(path)
    assert (found.name, found.gap_days, found.view) == ("stripe*", 7, "event")


def test_choices_left_out_of_a_file_are_those_of_the_default(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    path.write_text('{"choices": {"view": "event"}}', "utf-8")
    assert Policy.load(path) == Policy(name="ours", view="event")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"choices": {"gap_day": 3}}', "Did you mean 'gap_days'"),
        ('{"choices": {"view": "events"}}', "Did you mean 'event'"),
        ('{"choices": {"gap_days": "3"}}', "whole number"),
        ('{"choices": {}, "verison": 2}', "Did you mean 'version'"),
        ('{"choices": {}, "version": "two"}', "whole number from 1 on"),
        ('{"choices": {}, "name": ""}', "give it a text"),
        (f'{{"choices": {{}}, "format": {FORMAT + 1}}}', "Upgrade saasmetrics"),
        ('{"name": "ours"}', "it has no choices"),
        ("[]", "it has no choices"),
        ("view: event", "cannot be read as JSON"),
    ],
)
def test_a_file_that_is_no_policy_says_what_is_wrong(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "ours.json"
    path.write_text(text, "utf-8")
    with pytest.raises(sm.DataError, match=message) as error:
        Policy.load(path)
    assert "ours.json" in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(sm.DataError, match=r"There is no file .*none\.json"):
        Policy.load(tmp_path / "none.json")


def test_a_book_takes_a_policy_by_name_by_file_or_as_it_is(tmp_path: Path) -> None:
    path = Policy(name="ours", view="event").save(tmp_path / "ours.json")
    book = sm.Book(mrr=MRR)
    for given in (path, str(path), Policy.load(path)):
        assert book.with_policy(given).policy.name == "ours"
        assert sm.Book(mrr=MRR, policy=given).policy.view == "event"
    assert book.with_policy("stripe").policy == Policy.named("stripe")
    assert book.with_policy("stripe", gap_days=3).policy.name == "stripe*"
    assert book.with_policy(path, gap_days=3).policy.gap_days == 3


def test_the_id_follows_the_choices_and_not_the_name() -> None:
    ids = [Policy.named(name).id for name in presets()]
    assert len(set(ids)) == len(ids)
    assert Policy(name="a").id == Policy().id
    assert Policy.named("stripe").changed(name="ours").id == Policy.named("stripe").id
    assert Policy(gap_days=3).id != Policy(gap_days=4).id


def test_the_id_of_a_policy_stays_what_it_is() -> None:
    # Written down once: an id in an old report names the same choices in a later version.
    assert (Policy().id, Policy(view="event").id) == ("7674a781", "a3b4a7e5")


def test_a_difference_is_told_in_both_sentences() -> None:
    found = Policy().diff(Policy.named("posthog").changed(name="theirs"))
    row = found.set_index("choice").loc["new_after_days"]
    assert (row["rule"], row["title"]) == ("G3", "Returns")
    assert row["default"] == "a customer who returns counts as reactivated, however long the gap"
    assert row["theirs"] == "a customer who returns counts as new"
    assert set(found["choice"]) == set(Policy().differences(Policy.named("posthog")))


def test_two_policies_of_one_name_are_told_apart() -> None:
    found = Policy(name="ours").diff(Policy(name="ours", view="event"))
    assert found.columns.tolist() == ["choice", "rule", "title", "ours", "ours 2"]


def test_equal_policies_have_no_difference() -> None:
    assert Policy().diff(Policy(name="same")).empty


def test_a_table_shows_every_choice_and_marks_the_changed_ones() -> None:
    table = Policy.named("stripe").table().set_index("choice")
    assert list(table.index) == list(choices())
    assert set(table.index[table["changed"]]) == set(Policy().differences(Policy.named("stripe")))
    assert table.loc["month", "meaning"].endswith("30 days before the end of the period")


def test_a_policy_prints_what_it_changes() -> None:
    text = repr(Policy.named("profitwell"))
    assert text.startswith("Policy profitwell v1, ProfitWell (Paddle) [")
    assert "pause='contraction': paused MRR counts as contraction" in text
    assert repr(Policy()).splitlines()[1:] == [
        f"  the other {len(choices())} choices as in the default"
    ]


def test_a_policy_in_a_notebook_is_a_table_and_nothing_in_it_is_markup() -> None:
    html = Policy(name='<img src=x onerror="alert(1)">', view="event")._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert html.count("<b>changed</b>") == 1
    assert html.count("<tr>") == len(choices()) + 2


@pytest.mark.parametrize("name", [*presets(), "ours"])
def test_every_footnote_names_the_policy_and_its_version(name: str) -> None:
    policy = Policy.named(name) if name in presets() else Policy(name="ours", version=3)
    book = sm.Book(mrr=MRR, policy=policy)
    made: list[sm.Result] = [
        sm.revenue.mrr(book),
        sm.revenue.bridge(book),
        sm.retention.nrr(book, window=1),
        sm.retention.logo_churn(book, window=1),
        sm.retention.cohorts(book),
    ]
    for result in made:
        assert f"policy {policy.name} v{policy.version}" in result.footnote


def test_presets_are_listed_by_the_policy() -> None:
    assert Policy.presets() == presets()
    listed: Any = {path.stem for path in Path(sm.__file__).parent.glob("policies/*.json")}
    assert set(presets()) == listed - {"choices"}
