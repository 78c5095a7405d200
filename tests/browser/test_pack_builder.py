"""The builder of a board pack in a real JupyterLab: a sentence is written, and it stands in every file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Locator, expect

SLOW = 90_000
SENTENCE = "ARR grew by 9%, and churn of <b>Nimbus</b> took =1+1 of it"
NAMES = [
    "شركة النور للتجارة الإلكترونية",
    "上海云端数据科技有限公司",
    "🚀 Über & Söhne <script>",
    "=cmd|' /C calc'!A0",
]
CODE = f"""import saasmetrics as sm, saasmetrics_widgets as sw
tables = {{name: table.data.to_pandas() for name, table in sm.demo(customers=150).tables.items()}}
names = {NAMES!r}
who = tables["customers"]
who["name"] = [names[i % 4] + " " + str(i) if i % 3 == 0 else name for i, name in enumerate(who["name"])]
book = sm.Book(**tables, as_of="2026-10-31")
w = sw.BoardPackBuilder(book, {{"company": names[1], "pages": ["summary", "bridge", "retention", "quality"]}})
w"""


class Shown:
    """The builder in its notebook."""

    def __init__(self, found) -> None:
        self.found, self.page = found, found.page
        self.root = found.page.locator(".saasmetrics-pack")

    def ready(self) -> None:
        expect(self.root).to_have_attribute("data-ready", "true", timeout=SLOW)

    def press(self, words: str) -> None:
        self.root.get_by_role("button", name=words, exact=True).click()
        self.ready()

    def turn_to(self, name: str) -> None:
        self.root.locator(".sm-pages button", has_text=name).click()
        self.ready()

    def write(self, name: str, text: str) -> None:
        """Write into a field and leave it by the keyboard."""
        field = self.root.locator(f"textarea[name={name}]")
        field.fill(text)
        field.press("Control+Enter")
        self.ready()

    @property
    def preview(self) -> FrameLocator:
        return self.root.frame_locator(".sm-preview")

    def line(self, name: str) -> Locator:
        return self.root.locator(".sm-pages li", has_text=name)

    def told(self, expression: str):
        return json.loads(self.found.say(f"import json; print(json.dumps({expression}))"))


def test_a_sentence_that_is_written_stands_in_the_four_files(notebook: Callable) -> None:
    found = notebook()
    found.open([CODE], "pack.ipynb")
    shown = Shown(found)
    shown.ready()
    shown.turn_to("ARR bridge")
    expect(shown.preview.locator("h2")).to_contain_text("ARR grew", timeout=SLOW)
    generated = shown.preview.locator("h2").inner_text()
    shown.preview.locator("h2").click()
    expect(shown.root.locator("textarea[name=title]")).to_be_focused()
    shown.write("title", SENTENCE)
    expect(shown.preview.locator("h2")).to_have_text(SENTENCE, timeout=SLOW)
    expect(shown.preview.locator(".mark")).to_contain_text("Title written by hand")
    expect(shown.line("ARR bridge")).to_contain_text("edited")
    shown.press("Move up")
    assert shown.told("[page.id for page in w.pack.pages]")[:2] == ["bridge", "summary"]
    shown.root.locator("[name=to]").fill("ours")
    shown.press("All")
    expect(shown.root.locator(".sm-done")).to_contain_text("ours.pptx", timeout=SLOW)
    expect(shown.root.locator(".sm-confirm")).to_be_hidden()
    folder = found.lab.folder
    assert SENTENCE.replace("<", "&lt;").replace(">", "&gt;") in (folder / "ours.html").read_text(
        "utf-8"
    )
    assert SENTENCE in slides(folder / "ours.pptx")
    assert SENTENCE in sheets(folder / "ours.xlsx")
    assert SENTENCE in shown.told("w.pack.pages[0].title")
    assert (folder / "ours.pdf").stat().st_size > 20_000
    before = (folder / "ours.html").read_bytes()
    shown.press("Back to the generated words")
    expect(shown.preview.locator("h2")).to_have_text(generated, timeout=SLOW)
    shown.press("HTML")
    expect(shown.root.locator(".sm-confirm")).to_contain_text("ours.html", timeout=SLOW)
    assert (folder / "ours.html").read_bytes() == before
    for theme, paper in (("Light", "rgb(255, 255, 255)"), ("Dark", "rgb(23, 27, 32)")):
        found.dress(theme)
        expect(shown.root).to_have_attribute("data-theme", theme.lower(), timeout=SLOW)
        expect(shown.preview.locator("body")).to_have_css("background-color", paper, timeout=SLOW)
        shown.root.evaluate("node => node.scrollIntoView()")
        found.shot(f"pack-{theme.lower()}")
        assert wrong(found) == []
    assert (found.outside, found.errors) == ([], [])


def wrong(found) -> list[str]:
    """What axe finds in the builder."""
    violations = Axe().run(found.page, ".saasmetrics-pack").response["violations"]
    return [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]]


def slides(path: Path) -> str:
    from pptx import Presentation

    shapes = [shape for slide in Presentation(str(path)).slides for shape in slide.shapes]
    return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)


def sheets(path: Path) -> str:
    from html import unescape

    with zipfile.ZipFile(path) as held:
        return unescape(held.read("xl/sharedStrings.xml").decode())
