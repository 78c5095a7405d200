"""A baseline set once: numbers frozen with their definition and a hash, which later data do not alter."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import text
from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path, write
from saasmetrics.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from saasmetrics.result import Result


@dataclass(frozen=True)
class Baseline:
    """Numbers of one day, to set later ones against.

    Attributes
    ----------
    name
        What it is called.
    metric, version
        Which definition.
    as_of, currency
        Of which day, in which currency.
    made_by
        Hash of the data, name and hash of the policy, version of the library.
    rows
        The numbers: one mapping per row.

    Examples
    --------
    >>> import saasmetrics as sm, tempfile
    >>> book = sm.demo(customers=100)
    >>> path = tempfile.mkdtemp() + "/support.json"
    >>> frozen = sm.capacity.Baseline.freeze(sm.surveys.csat(book.as_of("2025-12-31"), "Y"), "first year")
    >>> _ = frozen.save(path)
    >>> sm.capacity.Baseline.load(path).hash == frozen.hash
    True
    """

    name: str
    metric: str
    version: int
    as_of: str
    currency: str
    made_by: Mapping[str, str]
    rows: tuple[Mapping[str, Any], ...]

    @classmethod
    def freeze(cls, result: Result, name: str) -> Baseline:
        """Return the numbers of a result as a baseline.

        Raises
        ------
        DataError
            If the result has no values.
        """
        if "value" not in result.df.columns:
            msg = f"{result.metric.name} has no column value to be a baseline."
            raise DataError(msg)
        context = result.context
        made_by = {
            "data": context.data_hash,
            "policy": f"{context.policy.name} {context.policy.hash}",
            "saasmetrics": __version__,
        }
        rows = tuple(_plain(row) for row in result.df.to_dict("records"))
        return cls(
            text("name", name, "the name of a baseline"),
            result.metric.id,
            result.metric.version,
            context.as_of,
            context.currency,
            made_by,
            rows,
        )

    @property
    def content(self) -> dict[str, Any]:
        """Everything that the hash is of."""
        return {
            "name": self.name,
            "metric": self.metric,
            "version": self.version,
            "as_of": self.as_of,
            "currency": self.currency,
            "made_by": dict(self.made_by),
            "rows": [dict(row) for row in self.rows],
        }

    @property
    def hash(self) -> str:
        """SHA-256 of the content: another number is another hash."""
        said = json.dumps(self.content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def df(self) -> pd.DataFrame:
        """The numbers as a frame, period as dates."""
        import pandas as pd

        df = pd.DataFrame(self.rows)
        return df.assign(period=pd.to_datetime(df["period"])) if "period" in df else df

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the baseline to a file, whole or not at all; one that is there under another hash is kept.

        Raises
        ------
        DataError
            If there is another baseline already: a baseline is set once.
        """
        target = file_path(path, "baseline.json")
        if target.exists():
            there = Baseline.load(target)
            if there.hash != self.hash:
                msg = (
                    f"{target} holds the baseline {there.name!r} as of {there.as_of}, with other numbers. A baseline "
                    "is set once; take another file, or delete that one yourself."
                )
                raise DataError(msg)
        said = json.dumps({"hash": self.hash, **self.content}, indent=2, sort_keys=True)
        return write(target, said + "\n", "baseline.json")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Baseline:
        """Read a baseline, and refuse one that was changed after it was frozen.

        Raises
        ------
        DataError
            If the file is none, or its content is not that of its hash.
        """
        source = file_path(path, "baseline.json")
        try:
            found = json.loads(source.read_text("utf-8"))
            said = found.pop("hash")
            found["rows"] = tuple(found["rows"])
            made = cls(**found)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{source} is no baseline: {error}."
            raise DataError(msg) from error
        if made.hash != said:
            msg = f"{source} was changed after it was frozen: its content has another hash. Freeze it anew."
            raise DataError(msg)
        return made

    def change(self, result: Result) -> pd.DataFrame:
        """Return later numbers beside those of the baseline, by period and group: baseline, value, difference.

        Rows of one side only are kept, with the other missing.

        Raises
        ------
        DataError
            If the result is of another definition, or in another currency.
        """
        wanted = (self.metric, self.version, self.currency)
        given = (result.metric.id, result.metric.version, result.context.currency)
        if wanted != given:
            msg = (
                f"The baseline {self.name!r} is {wanted[0]} v{wanted[1]} in {wanted[2]}, the result {given[0]} "
                f"v{given[1]} in {given[2]}: they do not compare."
            )
            raise DataError(msg)
        then, now = self.df, result.df
        keys = [c for c in ("period", *result.by) if c in then.columns and c in now.columns]
        if not keys:
            then, now, keys = (
                then.assign(row=range(len(then))),
                now.assign(row=range(len(now))),
                ["row"],
            )
        both = then[[*keys, "value"]].rename(columns={"value": "baseline"})
        both = both.merge(now[[*keys, "value"]], on=keys, how="outer", sort=True)
        return both.assign(difference=both["value"] - both["baseline"])


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it: dates as ISO text, missing values as null."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        if hasattr(value, "isoformat"):
            out[str(name)] = value.isoformat()[:10] if value == value else None
        elif hasattr(value, "item"):
            out[str(name)] = _finite(value.item())
        else:
            out[str(name)] = _finite(value)
    return out


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
