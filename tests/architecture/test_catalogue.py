"""A public metric is a function with a catalogue entry; there is no other way to be one."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from saasmetrics.catalogue import CATALOGUE
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
