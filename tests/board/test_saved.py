"""A pack that was saved: whole when it is loaded, and what is damaged refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.board import Pack, saved

MISSING = object()
PARTS = ("checks", "rows", "quantities", "look", "pages", "facts")


@pytest.fixture(scope="module")
def held(pack: Pack) -> dict[str, Any]:
    """What the file of a sound pack holds."""
    found: dict[str, Any] = json.loads(pack.json)
    return found


def loaded(held: dict[str, Any], folder: Path) -> Pack:
    file = folder / "last.json"
    file.write_text(json.dumps(held))
    return Pack.load(file)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "value",
    [None, 5, "x", [], {}, [5], {"a": None}, MISSING],
    ids=lambda value: "missing" if value is MISSING else repr(value),
)
def test_a_part_that_is_damaged_is_refused_in_words(
    held: dict[str, Any], part: str, value: Any, tmp_path: Path
) -> None:
    damaged = {**held, part: value}
    if value is MISSING:
        del damaged[part]
    if (part, value) == ("checks", []):
        assert loaded(damaged, tmp_path).checks == ()  # nothing to check is no damage
        return
    with pytest.raises(sm.DataError, match=r"last\.json is not the JSON file of a pack"):
        loaded(damaged, tmp_path)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("facts", "as_of"), "soon", "facts.as_of is 'soon', which is no day"),
        (("facts", "metrics"), [], r"facts\.metrics is \[\]"),
        (("look", "paper"), "a5", "look: There is no paper called 'a5'"),
        (("pages", 0, "title"), None, r"pages\[0\]\.title is None"),
        (("pages", 0, "tiles", 0, "value"), "gone", "names the quantity 'gone'"),
        (("pages", 0, "frob"), 1, "has 'frob'"),
        (("quantities", "arr@2026-07-01", "value"), "1", "value is '1'"),
        (("rows", "Movements", "columns", "part"), [], "columns of several lengths"),
        (("rows", "Movements", "columns", "closing"), MISSING, "column 'closing', and there are none"),
    ],
)  # fmt: skip
def test_a_damaged_value_is_named_with_its_place(
    pack: Pack, path: tuple[Any, ...], value: Any, said: str, tmp_path: Path
) -> None:
    damaged = json.loads(pack.json)
    place = damaged
    for step in path[:-1]:
        place = place[step]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(sm.DataError, match=said):
        loaded(damaged, tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device on this system")
def test_a_device_is_no_pack() -> None:
    with pytest.raises(sm.DataError, match="/dev/zero cannot be read: it is not a file"):
        Pack.load("/dev/zero")


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "_LARGEST", 10)
    (tmp_path / "last.json").write_text("{" * 11)
    with pytest.raises(sm.DataError, match="has 11 bytes, and at most 10 are read"):
        Pack.load(tmp_path / "last.json")


def test_a_file_without_an_end_to_its_depth_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "last.json").write_text("[" * 200_000)
    with pytest.raises(sm.DataError, match="is not the JSON file of a pack"):
        Pack.load(tmp_path / "last.json")
