"""What can be wrong with a site: links, ids, tags, requests to other hosts, its size, and whether it is old."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 8_000_000
_VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
_LOADS = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("iframe", "src"),
    ("image", "href"),
    ("use", "href"),
}
_UNSEEN = {"script", "style"}
_SIZE = re.compile(r"[\d,]+ kB")
_CSS_URL = re.compile(r"url\(\s*['\"]?(?!#|data:)|@import")


class Read(HTMLParser):
    """A page as it was read: its ids, its links, what it loads, its words, and what is wrong with its tags."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()
        self.wrong += [f"<{tag}> is not closed" for tag in self.open]
        self.wrong += [f"the id {name!r} stands {n} times" for name, n in self.ids.items() if n > 1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in what a tag says."""
        told = dict(attrs)
        if len(told) < len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if tag == "img" and "alt" not in told:
            self.wrong.append("an <img> without words")
        if told.get("id"):
            self.ids[str(told["id"])] += 1
        if tag in ("a", "iframe"):
            self.links.append(told.get("href") or told.get("src") or "")
        self.loads += [str(told[n]) for t, n in _LOADS if t == tag and told.get(n)]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag that closes itself, as those of pictures do."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1] if self.open else 'nothing'}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        """Keep what is read, the words in pictures too."""
        if not _UNSEEN & set(self.open) and data.strip():
            self.words.append(" ".join(data.split()))


def pages_of(folder: Path) -> dict[str, Read]:
    """Return each page of a site, as it is read; pages of widgets are left to the browser."""
    return {
        name: Read((folder / name).read_text(encoding="utf-8"))
        for name in _names(folder)
        if name.endswith(".html") and not name.startswith("live/")
    }


def faults(folder: Path, read: dict[str, Read] | None = None) -> list[str]:
    """Return what is wrong with a site: nothing, or one line per fault.

    Parameters
    ----------
    folder
        Where it is.
    read
        Its pages, where they were read before.
    """
    files = {name: folder / name for name in _names(folder)}
    read = pages_of(folder) if read is None else read
    wrong = [f"{name}: {fault}" for name, page in read.items() for fault in page.wrong]
    wrong += [
        f"{name}: {fault}"
        for name, page in read.items()
        for fault in _astray(name, page, read, set(files))
    ]
    styles = (folder / "site.css").read_text(encoding="utf-8")
    wrong += ["site.css loads other files"] if _CSS_URL.search(styles) else []
    size = sum(path.stat().st_size for path in files.values())
    wrong += [f"the site has {size:,} bytes, more than {MOST_BYTES:,}"] if size > MOST_BYTES else []
    return wrong


def _astray(name: str, page: Read, pages: dict[str, Read], files: set[str]) -> Iterator[str]:
    yield from (
        f"loads {url} from another host"
        for url in page.loads
        if urlsplit(url).scheme not in ("", "data")
    )
    for link in page.links + [url for url in page.loads if not url.startswith("data:")]:
        url = urlsplit(link)
        if url.scheme in ("https", "http", "mailto"):
            continue
        target = _resolved(name, unquote(url.path)) if url.path else name
        if target not in files:
            yield f"links to {link}, which is not there"
        elif url.fragment and target in pages and url.fragment not in pages[target].ids:
            yield f"links to {link}, a place that {target} does not have"


def _resolved(name: str, link: str) -> str:
    parts = name.split("/")[:-1]
    for step in link.split("/"):
        if step == "..":
            parts = parts[:-1]
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)


def stale(old: Path, new: Path) -> list[str]:
    """Return which pages say something else than those of a new build, and where that begins.

    Shapes of pictures and sizes of files are not compared: they follow the fonts and the libraries of a machine.
    """
    return [
        *_listed(old, new),
        *(line for name in _names(new) for line in _changed(name, old, new)),
    ]


def _names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _listed(old: Path, new: Path) -> list[str]:
    before, after = set(_names(old)), set(_names(new))
    gone = [f"{name}: a build does not make it" for name in sorted(before - after)]
    return gone + [f"{name}: is missing" for name in sorted(after - before)]


def _changed(name: str, old: Path, new: Path) -> Iterator[str]:
    if not (old / name).exists() or name.startswith("live/"):
        return
    one, two = ((folder / name).read_text(encoding="utf-8") for folder in (old, new))
    if one == two:
        return
    if name.endswith(".html"):
        before, after = (
            [_SIZE.sub("kB", words) for words in Read(page).words] for page in (one, two)
        )
    else:
        before, after = one.splitlines(), two.splitlines()
    pairs = zip([*before, ""], [*after, ""], strict=False)
    found = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if found:
        yield f"{name}: says {found[0][:120]!r}, a build {found[1][:120]!r}"
