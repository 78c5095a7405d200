"""The folder of a cache: what is believed, what is not, how much is kept, and who may read it."""

from __future__ import annotations

import stat
from pathlib import Path

import pyarrow as pa
import pytest

from saasmetrics.cache import Cache, store
from saasmetrics.cache.store import cache_of
from saasmetrics.errors import DataError

ROWS = pa.table({"customer": ["acme", "zeta"], "mrr": [10, 20]})


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.kept"))


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    Cache(tmp_path).put({"note": 1.5}, [ROWS, ROWS.slice(1)], "a kind", "a name", 7)
    entry = Cache(tmp_path).get("a kind", "a name", 7)
    assert entry is not None
    assert entry.said == {"note": 1.5}
    assert [table.equals(ROWS.slice(n)) for n, table in enumerate(entry.tables)] == [True, True]


def test_another_name_is_not_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(None, [ROWS], "a kind", "a name")
    assert cache.get("a kind", "another name") is None


@pytest.mark.parametrize("at", [0, 5, 30, 100, 300, -1])
def test_a_file_with_one_changed_byte_is_not_believed(tmp_path: Path, at: int) -> None:
    Cache(tmp_path).put(None, [ROWS], "a kind")
    file = kept(tmp_path)[0]
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.warns(UserWarning, match=r"is damaged|no file of this cache"):
        assert Cache(tmp_path).get("a kind") is None


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_half_a_file_is_not_believed(tmp_path: Path, share: float) -> None:
    Cache(tmp_path).put(None, [ROWS], "a kind")
    file = kept(tmp_path)[0]
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.warns(UserWarning, match="What it kept is read and counted anew"):
        assert Cache(tmp_path).get("a kind") is None


def test_a_file_under_the_name_of_another_is_not_believed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(None, [ROWS], "one")
    one = kept(tmp_path)[0]
    cache.put(None, [ROWS], "two")
    other = next(file for file in kept(tmp_path) if file != one)
    other.write_bytes(one.read_bytes())
    with pytest.warns(UserWarning, match="no file of this cache"):
        assert cache.get("two") is None


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    Cache(tmp_path / "cache").put(None, [ROWS], "a kind")
    file = kept(tmp_path / "cache")[0]
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match="is no file"):
        assert Cache(tmp_path / "cache").get("a kind") is None


def test_only_the_user_may_read_what_is_kept(tmp_path: Path) -> None:
    Cache(tmp_path / "new").put(None, [ROWS], "a kind")
    modes = [
        stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new", *kept(tmp_path / "new"))
    ]
    assert modes == [0o700, 0o600]


def test_names_of_files_tell_nothing(tmp_path: Path) -> None:
    Cache(tmp_path).put(None, [ROWS], "file", "acme-invoices.csv")
    assert [len(file.stem) for file in kept(tmp_path)] == [64]
    assert not set(kept(tmp_path)[0].stem) - set("0123456789abcdef")


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    Cache(tmp_path).put(None, [ROWS], "size")
    size = kept(tmp_path)[0].stat().st_size
    Cache(tmp_path).clear()
    cache = Cache(tmp_path, limit=3 * size)
    for number in range(3):
        cache.put(None, [ROWS], "k", number)
    assert cache.get("k", 0) is not None
    cache.put(None, [ROWS], "k", 3)
    assert [cache.get("k", n) is not None for n in range(4)] == [True, False, True, True]
    assert cache.size <= 3 * size


def test_what_is_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=100)
    cache.put(None, [ROWS], "a kind")
    assert [*tmp_path.iterdir()] == []


def test_clearing_leaves_the_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    cache = Cache(tmp_path)
    cache.put(None, [ROWS], "a kind")
    cache.clear()
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / "below")
    with pytest.warns(UserWarning, match="keeps nothing"):
        cache.put(None, [ROWS], "a kind")


def test_an_interruption_while_it_is_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "written", stopped)
    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).put({"a": 1}, [], "thing")
    assert list(tmp_path.iterdir()) == []


def test_true_is_the_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = cache_of(True)
    assert cache is not None
    assert cache.folder == tmp_path / "saasmetrics"
    assert not cache.folder.exists()  # before anything is kept


@pytest.mark.parametrize("asked", [7, "", b"x", ["a"]])
def test_what_is_no_folder_is_refused(asked: object) -> None:
    with pytest.raises(DataError, match="cache is True, a folder"):
        cache_of(asked)


def test_a_file_is_no_folder_for_a_cache(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(DataError, match="is a file"):
        Cache(tmp_path / "a.csv")
