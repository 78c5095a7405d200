"""A public metric is a function with a catalogue entry; there is no other way to be one."""

from __future__ import annotations

import importlib
import inspect
from functools import partial
from pathlib import Path

import pytest

from saasmetrics.catalogue import CATALOGUE, metric
from saasmetrics.metrics.glossary import glossary
from saasmetrics.policy import choices

TOPICS = (
    "metrics.revenue",
    "metrics.retention",
    "metrics.renewals",
    "metrics.economics",
    "metrics.survival",
    "metrics.surveys",
    "metrics.support",
    "forecast",
    "success.capacity",
    "success",
)


def _public_metrics() -> dict[str, object]:
    """What a user reaches as sm.<topic>.<name>."""
    topics = {name: importlib.import_module(f"saasmetrics.{name}") for name in TOPICS}
    public = {f"{topic}.{n}": getattr(m, n) for topic, m in topics.items() for n in m.__all__}
    return {name: found for name, found in public.items() if inspect.isfunction(found)}


def test_every_public_metric_has_a_catalogue_entry() -> None:
    public = _public_metrics()
    defined = {metric.function for metric in CATALOGUE.values()}
    missing = [name for name, function in public.items() if function not in defined]
    assert not missing, f"decorate with @metric(...) or make private: {missing}"


def test_every_public_metric_has_a_docstring_with_a_runnable_example() -> None:
    missing = [n for n, f in _public_metrics().items() if ">>>" not in (inspect.getdoc(f) or "")]
    assert not missing, f"add an Examples section: {missing}"


TRIED = partial(
    metric,
    id="tried",
    name="Tried",
    unit="ratio",
    better="neutral",
    meaning="One in a notebook.",
    formula="a / b",
    missing="Never.",
    sources=("this test",),
)


def test_a_metric_that_is_defined_again_where_it_was_takes_the_place_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CATALOGUE, "tried", CATALOGUE["nrr"])
    monkeypatch.delitem(CATALOGUE, "tried")
    made = []
    for _ in range(2):  # as a cell that is run again

        @TRIED()
        def tried(book: object) -> None:
            """Return nothing."""

        made.append(tried)
    assert CATALOGUE["tried"].function is made[1]


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Two metrics are called 'nrr': nrr and another"):

        @TRIED(id="nrr")
        def another(book: object) -> None:
            """Return nothing."""


def test_every_entry_says_what_it_means_and_when_it_is_missing() -> None:
    _ = _public_metrics()
    empty = [
        f"{key}.{field}"
        for key, entry in CATALOGUE.items()
        for field in ("name", "meaning", "formula", "missing")
        if not getattr(entry, field)
    ]
    assert not empty, f"fill in: {empty}"


def test_a_source_that_is_a_file_is_a_file_of_this_repository(root: Path) -> None:
    _ = _public_metrics()
    named = {s.split()[0] for e in CATALOGUE.values() for s in e.sources if ".md" in s}
    assert [name for name in named if not (root / name.rstrip(",")).exists()] == []


def test_every_choice_a_metric_names_is_one_of_the_policy() -> None:
    unknown = {c for entry in CATALOGUE.values() for c in entry.choices} - set(choices())
    assert not unknown


def test_the_glossary_in_the_repository_is_the_generated_one() -> None:
    written = (Path(__file__).parents[2] / "METRICS.md").read_text(encoding="utf-8")
    assert written == glossary(), "python -m saasmetrics.metrics.glossary > METRICS.md"
