"""What changed since the last pack: numbers that were told and are others now, and definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.board.model import Page, Row, Table, Text
from saasmetrics.errors import DataError
from saasmetrics.money import agreeing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.board.asked import Words
    from saasmetrics.board.build import Pack
    from saasmetrics.board.making import Making

_SHOWN = 12
_TOLD = ("arr", "new", "expansion", "churn", "contraction", "nrr", "grr", "logo_churn", "renewal_rates",
         "cac_ratio", "customers", "revenue", "cash", "burn_multiple", "rule_of_40")  # fmt: skip
_CLOSE = 1e-9


def restated(making: Making, last: Pack | None) -> tuple[Table | None, str]:
    """Return the numbers of the last pack that are others now, and what is behind them in words."""
    if last is None:
        return None, (
            "This is the first pack, or no earlier one was named: whether numbers told before have "
            "changed is not known. Name the last pack by since."
        )
    changed = [key for key in last.quantities if _is_told(key) and _differs(making, last, key)]
    why = "; ".join(_reasons(making, last)) or "the same policy, data and version"
    shared = sum(_is_told(key) and key in making.numbers for key in last.quantities)
    if not changed:
        return None, f"None of {shared} numbers told on {last.as_of} has changed ({why})."
    changed.sort(key=_rank)
    rows = []
    for key in changed[:_SHOWN]:
        then, now = f"{key}.then", key
        held = last.quantities[key]
        making.numbers.given(
            then,
            f"{held.label}, as told on {last.as_of}",
            held.value,
            held.unit,
            f"pack of {last.as_of}",
        )
        gap = making.numbers.less(f"{key}.restated", f"{held.label}, restated", now, then)
        rows.append(Row(held.label, (then, now, gap)))
    more = f" {len(changed) - _SHOWN} more have changed." if len(changed) > _SHOWN else ""
    title = f"Told on {last.as_of}, and now"
    table = Table("restated", title, ("Then", "Now", "Difference"), tuple(rows))
    have = agreeing(len(changed), "has", "have")
    said = f"{len(changed)} of {shared} numbers told on {last.as_of} {have} changed"
    return table, f"{said}: {why}.{more}{_behind(making, last)}"


def _rank(key: str) -> tuple[int, str]:
    name, _, when = key.partition("@")
    return _TOLD.index(name), when


def _is_told(key: str) -> bool:
    name, at, _ = key.partition("@")
    return bool(at) and name in _TOLD and "." not in key.partition("@")[2]


def _differs(making: Making, last: Pack, key: str) -> bool:
    if key not in making.numbers:
        return False
    then, now = last.quantities[key].value, making.numbers.value(key)
    if then is None or now is None:
        return then is not now
    least = 0.005 if last.quantities[key].unit == "money" else _CLOSE
    return abs(then - now) > max(least, _CLOSE * abs(then))


def _reasons(making: Making, last: Pack) -> list[str]:
    from saasmetrics.version import __version__

    found, policy = [], making.book.policy
    if last.facts.get("policy_hash") != policy.hash:
        found.append(f"policy {last.facts.get('policy')} became {policy.name} v{policy.version}")
    if last.facts.get("data_hash") != making.book.data_hash:
        found.append(f"the tables hold other rows{_other_rows(making, last)}")
    if last.facts.get("code") != __version__:
        found.append(f"saasmetrics {last.facts.get('code')} became {__version__}")
    for key, version in last.facts.get("metrics", {}).items():
        now = making.sources.get(key)
        if now is not None and now.metric.version != version:
            found.append(f"the definition of {key} v{version} became v{now.metric.version}")
    return found


def _other_rows(making: Making, last: Pack) -> str:
    """Return which tables have more or fewer rows than the last pack, "" where that one did not say."""
    if "rows" not in last.facts:
        return ""
    then = dict(last.facts["rows"])
    now = {name: table.rows for name, table in making.book.tables.items()}
    moved = [
        f"{name} {then.get(name, 0):,} → {now.get(name, 0):,}"
        for name in sorted({*then, *now})
        if then.get(name, 0) != now.get(name, 0)
    ]
    return f" ({', '.join(moved)})" if moved else " (as many as before, with other values)"


def _behind(making: Making, last: Pack) -> str:
    """Return why ARR of the last pack is another now, where the tables say when their rows became known."""
    from saasmetrics.definitions import restatement

    then = str(last.facts.get("quarter_end") or last.as_of)
    try:
        found = restatement(
            making.book, "arr", str(last.facts.get("known") or last.as_of), period=then, freq="Q"
        )
    except DataError:
        return ""  # the tables do not say when their rows became known: the differences stand without their reasons
    steps = found.extra["steps"]
    told = [
        f"{row.label.lower()} {row.value:+,.0f}"
        for row in steps.itertuples()
        if abs(row.value) >= 1
    ]
    return f" ARR: {', '.join(told)} {making.currency}." if told else ""


def worded(page: Page, words: Words | None, last: Page | None, said: str) -> Page:
    """Return a page with the words that somebody wrote by hand, marked, and flagged where their number has moved on.

    Parameters
    ----------
    page
        The page with the words made from its numbers.
    words
        Title and comment from the settings.
    last
        The same page of the last pack, which remembers what number the same words were written for.
    said
        The number that the page is about, in words.
    """
    if words is None or not (words.title or words.text):
        return page
    edited = tuple(name for name, text in (("title", words.title), ("comment", words.text)) if text)
    same = (
        last is not None
        and last.written_for
        and all(
            getattr(last, name) == getattr(words, "title" if name == "title" else "text")
            for name in edited
        )
    )
    origin = words.written_for or (last.written_for if same and last is not None else said)
    stale = f"written for {origin}; it is {said} now" if origin != said else ""
    return replace(
        page, title=words.title or page.title, comment=words.text or page.comment,
        edited=edited, written_for=origin, stale=stale,
    )  # fmt: skip


def definitions(making: Making, last: Pack | None) -> Page:
    """The definitions behind the pack, and what has changed since the last one."""
    table, text = restated(making, last)
    rows = tuple(
        Row(
            result.metric.abbr or result.metric.name,
            (Text(result.metric.meaning), Text(result.metric.formula)),
        )
        for result in making.sources.values()
        if result.metric.id != "check"
    )
    listed = Table("definitions", "Definitions used", ("Meaning", "Formula"), rows, "text")
    notes = " ".join(dict.fromkeys(note + "." for r in making.sources.values() for note in r.notes))
    policy = making.book.policy
    title = f"{len(rows)} definitions, policy {policy.name} v{policy.version}"
    if table is not None:
        title += f"; {text.partition(' changed: ')[0]} changed"
    return Page(
        "definitions", "Definitions and changes", title, comment=text, footnote=notes or "Nothing was set aside.",
        calculation="METRICS.md has every definition in full.",
        tables=tuple(t for t in (table, listed) if t is not None),
    )  # fmt: skip


def pages_by_id(last: Pack | None) -> Mapping[str, Any]:
    """Return the pages of the last pack by id."""
    return {} if last is None else {page.id: page for page in last.pages}
