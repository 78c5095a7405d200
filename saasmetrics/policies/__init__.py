"""The choices of policies and the presets, as data; and policies in files of the same form."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from saasmetrics.asked import LONGEST, among, is_whole
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.export import files

EXAMPLE = "policy.json"
FORMAT = 1  # of the files that policies are saved in
_FOLDER = Path(__file__).parent
_IN_A_FILE = ("format", "name", "version", "title", "sources", "choices", "limits")


@cache
def choices() -> dict[str, dict[str, Any]]:
    """Return every choice with its ground rule, its alternatives and their sentences."""
    found: dict[str, dict[str, Any]] = json.loads((_FOLDER / "choices.json").read_text("utf-8"))
    return found


def presets() -> tuple[str, ...]:
    """Return the names of the policies that come with the library.

    Examples
    --------
    >>> "default" in presets()
    True
    """
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.json") if p.stem != "choices"))


def check_choice(choice: str, info: dict[str, Any], value: Any) -> None:
    """Refuse a value that a choice does not have, and say which it has."""
    if "options" in info:
        if not among(value, info["options"]):
            allowed = ", ".join(repr(option) for option in info["options"])
            msg = f"{choice}={value!r} is not a choice of a policy; take one of {allowed}."
            raise UnknownNameError(msg + hint(value, list(info["options"])))
        return
    least = info.get("least", 0)
    if not (is_whole(value) and least <= value <= LONGEST) and not (
        value is None and "none" in info
    ):
        msg = f"{choice}={value!r} is not a choice of a policy; it is a whole number from {least} to {LONGEST:,}."
        raise UnknownNameError(msg)


@cache
def preset(name: str) -> dict[str, Any]:
    """Return what the file of a preset holds."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def read(given: Any) -> dict[str, Any]:
    """Return what a file of a policy holds.

    Raises
    ------
    DataError
        If there is no such file, it is not a policy, or a newer version wrote it.
    """
    remedy = "A policy is saved with Policy.save."
    path = files.file_path(given, EXAMPLE)
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as error:
        msg = f"There is no file {path}. {remedy}"
        raise DataError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as JSON: {error}. {remedy}"
        raise DataError(msg) from error
    if not isinstance(data, dict) or not isinstance(data.get("choices"), dict):
        msg = f"{path} is not a policy: it has no choices. {remedy}"
        raise DataError(msg)
    made_by = data.get("format", FORMAT)
    if not is_whole(made_by) or made_by > FORMAT:
        msg = f"{path} is of format {made_by!r}; this version of saasmetrics reads up to {FORMAT}. Upgrade saasmetrics."
        raise DataError(msg)
    for name in data:
        if name not in _IN_A_FILE:
            msg = f"{path} has a part called {name!r}; a policy has {', '.join(_IN_A_FILE)}."
            raise UnknownNameError(msg + hint(name, _IN_A_FILE))
    if not isinstance(data.setdefault("name", path.stem), str) or not data["name"]:
        msg = f"The name of the policy in {path} is {data['name']!r}; give it a text."
        raise DataError(msg)
    if not is_whole(data.setdefault("version", 1)) or data["version"] < 1:
        msg = f"The version of the policy in {path} is {data['version']!r}; it is a whole number from 1 on."
        raise DataError(msg)
    return data


def write(path: Any, data: dict[str, Any]) -> Path:
    """Write a policy to a file, whole or not at all, and return its path.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    return files.write(path, json.dumps({"format": FORMAT, **data}, indent=2) + "\n", EXAMPLE)
