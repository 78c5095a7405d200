"""What an import made: tables, what each column became, what was left out and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.money import counted
from saasmetrics.printable import escape
from saasmetrics.tables.told import NOTHING, Told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from saasmetrics.importers.files import File
    from saasmetrics.importers.layout import LeftOut


@dataclass(frozen=True)
class Imported:
    """Tables made from the exports of one or several systems.

    Parameters
    ----------
    tables
        Canonical name -> frame, as `Book` takes them.
    columns
        One row per column of the files: system, file, kind, column, field; "" where it is not used.
    left_out
        Rows that are in no table, with the reason.
    notes
        What was decided on the way.
    others
        Files that no system is known for; those whose names say which table they are, `saasmetrics.read` takes.
    places
        Table -> field -> file and column that it comes from; "" -> the files.
    kinds
        File -> kind of export that it is, as `mapping.toml` says it.
    """

    tables: Mapping[str, pd.DataFrame]
    columns: pd.DataFrame
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[File, ...] = field(default=())
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """The systems that were recognized."""
        return list(dict.fromkeys(self.columns["system"]))

    def write(self, folder: str | Path) -> list[Path]:
        """Write each table as Parquet, all of them in one step, and return the files.

        Parameters
        ----------
        folder
            Where to; it is made if it is not there.

        Raises
        ------
        DataError
            If that is no folder, or cannot be written to.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from saasmetrics.export.files import file_path, replacing_all

        place = file_path(folder, "tables")
        out = [place / f"{name}.parquet" for name in self.tables]
        try:
            place.mkdir(parents=True, exist_ok=True)
            with replacing_all(out) as besides:
                for frame, beside in zip(self.tables.values(), besides, strict=True):
                    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), beside)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            msg = f"Tables cannot be written to {str(place)!r}: {why}. Name a folder that can be written to."
            raise DataError(msg) from error
        return out

    @property
    def strangers(self) -> tuple[File, ...]:
        """Files that nothing is known of."""
        named = self.by_name()
        return tuple(file for file in self.others if file.label not in named)

    def by_name(self) -> dict[str, str]:
        """Return file -> table of the files whose names say which table they are."""
        from saasmetrics.tables.read import table_of_stem

        stems = {file.label: file.label.rsplit(".", 1)[0] for file in self.others}
        found = {label: table_of_stem(stem) for label, stem in stems.items()}
        return {
            label: table for label, table in found.items() if table and table not in self.tables
        }

    def write_mapping(self, folder: str | Path, told: Told = NOTHING) -> Path:
        """Write `mapping.toml` and return its path: what files are, with those that are not recognized to be filled in.

        Parameters
        ----------
        folder
            Where to: beside the exports.
        told
            How they were read, to be kept.
        """
        from pathlib import Path

        from saasmetrics.export.files import write
        from saasmetrics.importers.mapping import template
        from saasmetrics.importers.targets import NAME

        return write(Path(folder) / NAME, template(self.strangers, self.kinds, told), NAME)

    def said(self) -> list[str]:
        """Return in words what was left out and decided."""
        return [*(f"left out of {one}" for one in self.left_out), *self.notes]

    def __str__(self) -> str:
        """Say what was recognized, what it became, and what was left out."""
        lines = [f"{' and '.join(self.systems) or 'Mapped files'}: {self._made()}"]
        lines += [f"  left out: {one}" for one in self.left_out]
        lines += [f"  {note}" for note in self.notes]
        if self.strangers:
            lines.append(f"  not recognized: {', '.join(file.label for file in self.strangers)}")
        return "\n".join(lines)

    def _made(self) -> str:
        return ", ".join(
            f"{name} {counted(len(frame), 'row')}" for name, frame in self.tables.items()
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("..." if cycle else str(self))
