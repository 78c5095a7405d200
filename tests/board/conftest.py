"""One review and one pack of the demo company, computed once for all tests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.board import Pack, Review
from saasmetrics.board.sheets import Written as Sheets
from tests.proof.recalculation import recalculated, soffice


@pytest.fixture(scope="session")
def demo_review(demo_book: sm.Book) -> Review:
    return sm.board.review(demo_book)


@pytest.fixture(scope="session")
def demo_page(demo_review: Review, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_review.to_html(tmp_path_factory.mktemp("review") / "review.html")


@dataclass(frozen=True)
class Written:
    """A pack, its four files, and the workbook as LibreOffice calculates it."""

    pack: Pack
    html: Path
    pdf: Path
    pptx: Path
    xlsx: Path
    homes: dict[str, str]

    @cached_property
    def again(self) -> Path:
        """The workbook, every formula calculated anew."""
        if soffice() is None:
            pytest.skip("LibreOffice is not here to calculate the workbook again: `make programs`")
        return recalculated([self.xlsx], self.xlsx.parent / "office")[self.xlsx.name]

    @cached_property
    def pdf_text(self) -> str:
        """The words of the document as they stand on its lines, with single blanks between them."""
        return " ".join(pdf_text(self.pdf).split())


def pdf_text(path: Path) -> str:
    """Return the words of a document by poppler."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not here to read the document: `make programs`")
    done = subprocess.run([program, "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def write_all(pack: Pack, folder: Path) -> Written:
    """Write a pack in its four formats."""
    made = Sheets(pack)
    xlsx = made.save(folder / "pack.xlsx")
    return Written(
        pack, pack.to_html(folder / "pack.html"), pack.to_pdf(folder / "pack.pdf"),
        pack.to_pptx(folder / "pack.pptx"), xlsx, made.homes,
    )  # fmt: skip


@pytest.fixture(scope="session")
def pack_book() -> sm.Book:
    """A company whose pack is made fast."""
    return sm.demo(customers=120)


@pytest.fixture(scope="session")
def pack(pack_book: sm.Book) -> Pack:
    """A pack of every page that the library can fill."""
    return sm.board.pack(
        pack_book, settings={"company": "Example Ltd", "asks": [{"text": "Approve the plan"}]}
    )


@pytest.fixture(scope="session")
def written(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """That pack in its four formats."""
    return write_all(pack, tmp_path_factory.mktemp("pack"))
