"""The Parquet files of a fact table: one file, or a folder of parts with the same columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from saasmetrics.errors import DataError
from saasmetrics.tables.facts.words import words_of
from saasmetrics.tables.names import match_columns
from saasmetrics.tables.schema import CLOCKS, SCHEMA
from saasmetrics.tables.steady import unchanged
from saasmetrics.tables.texts import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "LEAST",
    "batches",
    "in_parts",
    "is_large",
    "is_parquet",
    "parts_of",
    "read_parts",
    "rows_of",
    "size_of_part",
]

LEAST = 5_000_000
"""Rows from which a table of customer-months is read a part at a time and kept as runs of months."""

BATCH = 1 << 18
"""Rows of a part; where ids are texts of different lengths four times as many, as they are looked up together."""
_FIRST = 1 << 10  # rows that show whether they are
_AS_NEEDED: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20}
_SUFFIXES = (".parquet", ".pq")


def is_parquet(file: Path) -> bool:
    """Whether a file has the name of a Parquet file."""
    return file.suffix.lower() in _SUFFIXES


def in_parts(folder: Path) -> bool:
    """Whether a folder holds Parquet files and nothing else: the parts of one table."""
    there = [each for each in folder.iterdir() if not each.name.startswith((".", "_"))]
    return bool(there) and all(each.is_file() and is_parquet(each) for each in there)


def parts_of(place: Path) -> list[Path]:
    """Return the files of a table, in the order of their names."""
    if not place.is_dir():
        return [place]
    return sorted(
        each
        for each in place.iterdir()
        if is_parquet(each) and not each.name.startswith((".", "_"))
    )


def rows_of(files: Sequence[Path]) -> int:
    """Return how many rows the files have, by what they say of themselves."""
    import pyarrow.parquet as pq

    return sum(int(pq.read_metadata(file).num_rows) for file in files)


def is_large(name: str, place: Path, names: Mapping[str, str], least: int | None = None) -> bool:
    """Whether a table is read a part at a time: customer-months with months as dates, and enough of them.

    Parameters
    ----------
    name
        The table that the file is.
    place
        A file, or a folder of parts.
    names
        Columns of the file that were told -> names of the schema.
    least
        Rows from which it is; by default `LEAST`.
    """
    files = parts_of(place)
    if name != "mrr" or not files or not all(map(is_parquet, files)):
        return False
    import pyarrow.parquet as pq

    try:
        enough = rows_of(files) >= (LEAST if least is None else least)
        schema = pq.read_schema(files[0]) if enough else pa.schema([])
    except (pa.ArrowInvalid, OSError):  # reading it will say what is wrong
        return False
    return enough and _is_plain(schema, names)


def size_of_part(file: Path, names: Mapping[str, str]) -> int:
    """Return how many rows are read at a time of a file that `is_large`."""
    import pyarrow.parquet as pq

    schema = pq.read_schema(file)
    who = _kinds_of(schema, names)[0]
    if pa.types.is_integer(who):
        return BATCH
    own = [names.get(name, name) for name in schema.names]
    column = schema.names[own.index(match_columns(SCHEMA["mrr"], own).known["customer_id"][0])]
    with pq.ParquetFile(file, **_AS_NEEDED) as parquet:
        some = next(parquet.iter_batches(_FIRST, columns=[column], use_threads=False), None)
    alike = some is not None and words_of(some.column(0)) is not None
    return BATCH if alike else 4 * BATCH


def read_parts(files: Sequence[Path]) -> pa.Table:
    """Return the rows of all parts, one below the other.

    Raises
    ------
    DataError
        If a part has other columns than the first one, or other types of them.
    """
    parts = list(batches(files, BATCH, shown=False))
    try:
        if not _fits(*(part.schema for part in parts)):
            parts = [_decoded(part) for part in parts]
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowInvalid:  # values of one type that the other does not hold
        _refuse_unlike(files, strictly=True)
        raise


def batches(files: Sequence[Path], size: int, *, shown: bool = True) -> Iterator[pa.Table]:
    """Yield the rows of some files, a part at a time; a long wait is shown.

    Parameters
    ----------
    files
        Parquet files with the same columns.
    size
        How many rows at a time, at most.
    shown
        Whether to show how far it is.

    Raises
    ------
    DataError
        If one cannot be read, has other columns or types than the first, or is written meanwhile.
    """
    import pyarrow.parquet as pq
    from tqdm.auto import tqdm

    columns = _refuse_unlike(files)
    total = rows_of(files) if shown else 0
    hidden = None if shown else True
    with tqdm(
        total=total, desc="Reading", unit="row", unit_scale=True, delay=2, disable=hidden
    ) as bar:
        for file in files:
            try:
                # Read ahead, whole columns would stay in memory until the file is closed.
                with unchanged(file), pq.ParquetFile(file, **_AS_NEEDED) as parquet:
                    # One thread holds one part at a time, and takes less of the processor.
                    for batch in parquet.iter_batches(size, columns=columns, use_threads=False):
                        yield pa.Table.from_batches([batch])
                        bar.update(batch.num_rows)
            except (pa.ArrowInvalid, OSError) as error:
                raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> DataError:
    return DataError(f"{file.name} is not a readable Parquet file: {error}")


def _refuse_unlike(files: Sequence[Path], *, strictly: bool = False) -> list[str]:
    """Return the columns of some parts, of which each has them all, in types that hold the values of all parts.

    Parameters
    ----------
    files
        The parts.
    strictly
        Whether their types have to be the same.

    Raises
    ------
    DataError
        If one cannot be read, or has other columns or types; it names the first two that differ.
    """
    import pyarrow.parquet as pq

    columns: list[str] = []
    known: dict[str, tuple[Path, pa.DataType]] = {}
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(file, error) from error
        columns = columns or schema.names
        _refuse_others(files[0], columns, file, schema.names)
        unlike = []
        for name, kind in zip(schema.names, schema.types, strict=True):
            if pa.types.is_null(kind):  # a part without values, whatever the others have
                continue
            first, before = known.setdefault(name, (file, kind))
            if before != kind and (strictly or not _alike(before, kind)):
                unlike.append(f"{name!r} is {before} in {first.name} and {kind} in {file.name}")
        if unlike:
            msg = (
                f"Parts of one table have columns of different types: {'; '.join(unlike)}. What is right for one part "
                "may be wrong for the other: write each column with one type in all parts."
            )
            raise DataError(msg)
    return columns


def _alike(one: pa.DataType, other: pa.DataType) -> bool:
    """Whether a type holds the values of both."""
    return _fits(*(pa.schema([("", _plain(kind))]) for kind in (one, other)))


def _fits(*schemas: pa.Schema) -> bool:
    try:
        pa.unify_schemas(list(schemas), promote_options="permissive")
    except pa.ArrowTypeError:
        return False
    return True


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of values that may be written as categories or views."""
    return decode(pa.chunked_array([], kind)).type


def _decoded(part: pa.Table) -> pa.Table:
    return pa.table([decode(column) for column in part.columns], names=part.column_names)


def _refuse_others(first: Path, columns: Sequence[str], file: Path, names: Sequence[str]) -> None:
    if set(names) == set(columns):
        return
    more = sorted({*names} ^ {*columns})
    msg = (
        f"{file.name} and {first.name} are parts of one table and have different columns: {', '.join(more)} "
        f"{'is' if len(more) == 1 else 'are'} only in one of them. Give all parts the same columns."
    )
    raise DataError(msg)


def _is_plain(schema: pa.Schema, names: Mapping[str, str]) -> bool:
    """Whether columns are of types that mean the same in every part, and rows have no versions."""
    if any(pa.types.is_nested(field.type) or pa.types.is_binary(field.type) for field in schema):
        return False
    kinds = _kinds_of(schema, names)
    if not kinds:
        return False
    who, month, amount = kinds
    who = who.value_type if pa.types.is_dictionary(who) else who
    texts = pa.types.is_string(who) or pa.types.is_large_string(who)
    return bool(
        (texts or pa.types.is_integer(who))
        and (pa.types.is_date(month) or pa.types.is_timestamp(month))
        and (
            pa.types.is_integer(amount)
            or pa.types.is_floating(amount)
            or pa.types.is_decimal(amount)
        )
    )


def _kinds_of(schema: pa.Schema, names: Mapping[str, str]) -> list[pa.DataType]:
    """Return the types of customer, month and amount; none where one is not there, or rows have versions."""
    kinds = {names.get(field.name, field.name): field.type for field in schema}
    known = match_columns(SCHEMA["mrr"], list(kinds)).known
    required = SCHEMA["mrr"].required
    if not set(required) <= set(known) or set(CLOCKS) & set(known):
        return []
    if any(match.currency for _, match in known.values()):
        return []
    return [kinds[known[name][0]] for name in required]
