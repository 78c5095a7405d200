"""A place whose tables came from files that a cache knows: what is counted of all of their rows is kept there too."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.cache.shelf import Shelf
from saasmetrics.cache.store import cache_of
from saasmetrics.engine import kept_checks
from saasmetrics.engine.cubes import Cube
from saasmetrics.engine.extended import can_extend, extended
from saasmetrics.engine.kept_arrays import arrays, arrays_of
from saasmetrics.engine.ledger import Ledger, ledger
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.place import HERE, Here, Place
from saasmetrics.engine.spans import Spans, source_of, spans
from saasmetrics.policy import DATA_CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.cache.shelf import Origin
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]

__all__ = ["Kept", "place_of"]

_BACK = 3  # files that may have been added since


def place_of(asked: Any) -> tuple[Place, Shelf | None]:
    """Return where a book that is read counts, and the shelf for its files, given the `cache` that was asked for."""
    cache = cache_of(asked)
    if cache is None:
        return HERE, None
    shelf = Shelf(cache)
    return Kept(shelf), shelf


class Kept(Here):
    """Rows in this process that were read by way of a cache.

    Rows that are not all of those of the files, such as the customers of a segment, are counted as everywhere.

    Parameters
    ----------
    shelf
        What read the files, and knows the rows.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def origins(self, tables: Tables, names: Sequence[str]) -> list[Origin] | None:
        """Return where the rows of tables are from; None if that is not known of all."""
        found = [self.shelf.origin(tables[name].data) for name in sorted(names)]
        known = [origin for origin in found if origin is not None]
        return known if len(known) == len(found) else None

    def engine(
        self,
        tables: Tables,
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int,
        since: int | None,
    ) -> LocalEngine:
        """Return what counts the cubes."""
        asked = (tables, policy, as_of, currency, fiscal_start, since)
        if self.origins(tables, _used(tables, policy)) is None:
            return LocalEngine(*asked)
        return KeptEngine(self, *asked)

    def check(
        self, tables: Tables, *, as_of: int, currency: str, policy: Policy, guessed: bool
    ) -> list[Problem]:
        """Return the findings of the quality gate."""
        origins = self.origins(tables, list(tables))
        if origins is None:
            return super().check(
                tables, as_of=as_of, currency=currency, policy=policy, guessed=guessed
            )
        asked = kept_checks.Asked(tables, as_of, currency, policy, guessed)
        return kept_checks.check(self.shelf.cache, asked, origins)

    def remembered(
        self, tables: Tables, kind: str, names: Sequence[Any], make: Callable[[], Any]
    ) -> Any:
        """Return words about tables from where they were kept; else make and keep them."""
        origins = self.origins(tables, list(tables))
        if origins is None:
            return make()
        said = kept_checks.said_of(tables)
        named = (kind, [origin.named() for origin in origins], said, *names)
        kept = self.shelf.cache.get(*named)
        if kept is not None:
            return kept.said
        made = make()
        if made is not None:
            self.shelf.cache.put(made, [], *named)
        return made

    def data_hash(self, tables: Tables) -> str:
        """Return the hash of what the tables hold, whatever the order of their rows and columns."""
        origins = self.origins(tables, list(tables))
        if origins is None:
            return super().data_hash(tables)
        names = ("hash", [origin.named() for origin in origins])
        kept = self.shelf.cache.get(*names)
        if kept is not None:
            return str(kept.said)
        found = super().data_hash(tables)
        self.shelf.cache.put(found, [], *names)
        return found


class KeptEngine(LocalEngine):
    """Compute the cubes of a book, or find them where they were kept.

    Parameters
    ----------
    place
        Where the tables are from.
    asked
        As for `LocalEngine`.
    """

    def __init__(self, place: Kept, *asked: Any) -> None:
        super().__init__(*asked)
        self._place = place
        self._store = place.shelf.cache

    @cached_property
    def spans(self) -> Spans:
        """Who pays how much a month from when until when."""
        return self._both[0]

    @cached_property
    def entities(self) -> Ledger:
        """The ledger with one account per customer."""
        return self._both[1]

    @cached_property
    def _both(self) -> tuple[Spans, Ledger]:
        used = _used(self.tables, self.policy)
        origins = self._place.origins(self.tables, used)
        assert origins is not None
        choices = [getattr(self.policy, name) for name in DATA_CHOICES]
        names = ([origin.named() for origin in origins], choices, self.currency)
        kept = self._store.get("ledger", *names, self.as_of)
        if kept is not None:
            return arrays_of(kept)
        grows = can_extend(self.tables, self.policy)
        found = self._longer(origins[0], choices) if grows else None
        if found is None:
            made = spans(self.tables, self.policy, self.as_of, self.currency)
            found = made, ledger(made, made.entity, len(made.entity_ids))
        said, tables = arrays(*found)
        self._store.put(said, tables, "ledger", *names, self.as_of)
        if grows and len(found[0]):
            last = pc.max(self.tables["mrr"].data["month"].cast(pa.date32())).cast(pa.int32())
            self._store.put([self.as_of, last.as_py()], [], "ledger until", *names)
        return found

    def _longer(self, origin: Origin, choices: list[Any]) -> tuple[Spans, Ledger] | None:
        """Return what is kept of all files but the last ones, with the rows of those; None if nothing is."""
        parts = len(origin.parts)
        for fewer in range(parts - 1, max(parts - _BACK, 1) - 1, -1):
            names = ([origin.named(fewer)], choices, self.currency)
            until = self._store.get("ledger until", *names)
            kept = None if until is None else self._store.get("ledger", *names, until.said[0])
            if until is None or kept is None:
                continue
            rows = sum(many for _, many in origin.parts[:fewer])
            both = (*arrays_of(kept), rows, until.said)
            found = extended(*both, self.tables, self.policy, self.as_of, self.currency)
            if found is not None:
                return found
        return None

    def _lately(self, key: tuple[Any, ...], bags: int, make: Callable[[], Cube]) -> Cube:
        """Keep the last few cubes here, and every one of them for the next session."""
        return super()._lately(key, bags, lambda: self._found((*key, bags), make))

    def _found(self, key: tuple[Any, ...], make: Callable[[], Cube]) -> Cube:
        """Return a cube from where it was kept, with the groups as the tables have them; else make and keep it."""
        by = key[1]
        origins = self._place.origins(
            self.tables, list(self.tables) if by else _used(self.tables, self.policy)
        )
        if origins is None:
            return make()
        how = (self.policy.hash, self.currency, self.as_of, self._fiscal_start, self._since)
        names = ([origin.named() for origin in origins], *how, *key)
        kept = self._store.get("cube", *names)
        if kept is not None:
            measures = {
                name: np.asarray(table.column(0).chunk(0)).reshape(shape).copy()
                for (name, shape), table in zip(kept.said["measures"], kept.tables, strict=True)
            }
            return Cube(self.grouping(by), measures, *kept.said["place"])
        made = make()
        said = {
            "measures": [[name, list(value.shape)] for name, value in made.measures.items()],
            "place": [made.first, made.bags],
        }
        flat = [pa.table({"": pa.array(value.reshape(-1))}) for value in made.measures.values()]
        self._store.put(said, flat, "cube", *names)
        return made


def _used(tables: Tables, policy: Policy) -> list[str]:
    """Return the tables that decide what everybody pays."""
    if source_of(tables) != "mrr":
        return list(tables)
    of_parents = ["customers"] if policy.entity == "parent" else []
    return [name for name in ("mrr", "fx", *of_parents) if name in tables]
