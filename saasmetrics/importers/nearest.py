"""What is said where no file of a folder is recognized: the nearest export, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from saasmetrics.importers.files import File
    from saasmetrics.importers.layout import Importer, Layout

_SHOWN = 4  # names of a column that are told


class StrangersError(DataError):
    """No file of a folder is recognized.

    Parameters
    ----------
    path
        The folder, or the one file.
    files
        Its files.
    importers
        The systems that they may be of.
    """

    def __init__(self, path: str, files: Sequence[File], importers: Sequence[Importer]) -> None:
        self.files = tuple(files)
        super().__init__(_words(path, files, importers))


def _words(path: str, files: Sequence[File], importers: Sequence[Importer]) -> str:
    if len(importers) > 1:
        known = ", ".join(importer.title for importer in importers)
        near = "".join(f" {words}" for file in files if (words := nearest(file, importers)))
        return (
            f"No file of {path!r} is an export of a system that is known.{near} Known are {known}, a profit and "
            "loss by month, and a customer cube: customers by month, below a title."
        )
    (one,) = importers
    kinds = "; ".join(f"{lay.kind} ({', '.join(lay.needs)})" for lay in one.layouts)
    return f"No file of {path!r} is an export of {one.title}. Its files are: {kinds}. {one.menu}."


def would_be(file: File, importers: Sequence[Importer]) -> list[str]:
    """Return in lines which field of the nearest export each column of a file would be, and what the file lacks.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from saasmetrics.importers.files import File
    >>> from saasmetrics.importers.systems import IMPORTERS
    >>> file = File("list.csv", pa.table({"kunde": ["a"], "datum": ["2026-01-01"], "rabattstufe": ["x"]}))
    >>> for line in would_be(file, [IMPORTERS["invoice_list"]]):
    ...     print(line.partition(" (")[0])
    as Invoice list, invoices: kunde -> customer_id, kunde -> customer, datum -> date
    missing: number
    not used: rabattstufe
    """
    found = _nearest(file, importers)
    if found is None:
        return [f"like no export that is known: {', '.join(file.columns)}"]
    importer, layout = found
    fields = layout.fits(file.columns)
    used = ", ".join(
        f"{column} -> {name}" for name in layout.fields if (column := fields.get(name))
    )
    rest = [name for name in file.columns if name not in fields.values()]
    lines = [f"as {importer.title}, {layout.kind.replace('_', ' ')}: {used}"]
    lines.append(f"missing: {lacks(layout, fields)}")
    return lines + ([f"not used: {', '.join(rest)}"] if rest else [])


def nearest(file: File, importers: Sequence[Importer]) -> str:
    """Return which export of a system a file is nearest to and what it lacks; "" where it has less than half of it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from saasmetrics.importers.files import File
    >>> from saasmetrics.importers.systems import IMPORTERS
    >>> file = File("list.csv", pa.table({"nummer": ["1"], "kunde": ["a"], "datum": ["2026-01-01"]}))
    >>> nearest(file, list(IMPORTERS.values())).partition(" (")[0]
    'list.csv is nearest to Invoice list, but has no column number'
    """
    found = _nearest(file, importers)
    if found is None:
        return ""
    importer, layout = found
    return f"{file.label} is nearest to {importer.title}, but has no column {lacks(layout, layout.fits(file.columns))}."


def _nearest(file: File, importers: Sequence[Importer]) -> tuple[Importer, Layout] | None:
    """Return the export of a system that a file has most of, of those of which it has more than half."""
    scored = [
        (2 * len(there) - len(layout.needs), len(there), importer, layout)
        for importer in importers
        for layout in importer.layouts
        if layout.kind in importer.main
        and (not layout.named or layout.name_in(file.label))
        and (
            there := [name for name in layout.needs if set(layout.fields[name]) & set(file.columns)]
        )
    ]
    likely = [one for one in scored if one[0] > 0]
    return max(likely, key=lambda one: one[:2])[2:] if likely else None


def lacks(layout: Layout, there: Collection[str]) -> str:
    """Return the needed fields that are not there with names of theirs, or the columns of which one must be there.

    Examples
    --------
    >>> from saasmetrics.importers.systems import IMPORTERS
    >>> lacks(IMPORTERS["stripe"].layouts[0], ["id", "customer_id", "status", "start", "amount"])
    'interval (interval ...)'
    """
    gone = [name for name in layout.needs if name not in there]
    if not gone:
        return "that tells it apart, such as " + ", ".join(layout.signs[-_SHOWN:])
    return " and no ".join(
        f"{name} ({', '.join(layout.fields[name][:_SHOWN])} ...)" for name in gone
    )
