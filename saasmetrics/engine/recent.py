"""The last few cubes, and others that follow from them by adding up bags or groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from saasmetrics.engine.cubes import Cube

    Apart = Callable[[Sequence[str]], bool]

T = TypeVar("T")
_MOST = 6
_ROOM = 1 << 29  # bytes of all of them; the last one is kept whatever it takes


class Recent:
    """Cubes by what they were asked for: a kind, the columns of their groups, and the rest.

    The rates of one window are all read off the same cube, split in bags or not, of groups or of the whole company.
    """

    def __init__(self) -> None:
        self._cubes: dict[tuple[Any, ...], Cube] = {}

    def get(
        self, key: tuple[Any, ...], bags: int, make: Callable[[], Cube], apart: Apart | None
    ) -> Cube:
        """Return a cube: kept, added up from one that is kept, or made.

        Parameters
        ----------
        key
            Kind, columns, and what else it depends on but the bags.
        bags
            In how many bags each group is split; 0: in none.
        make
            Makes it.
        apart
            Whether the groups of columns have no customer in common. None where sums do not add up exactly, as where
            each is rounded.
        """
        cube = self._cubes.pop((*key, bags), None)
        if cube is None and apart is not None:
            cube = self._added_up(key, bags, apart)
        cube = cube or make()
        self._cubes[(*key, bags)] = cube
        self._let_go()
        return cube

    def _let_go(self) -> None:
        """Forget the oldest cubes; other threads may ask meanwhile, so that no step counts on the one before."""
        room = _ROOM
        for newer, (key, cube) in enumerate(reversed(list(self._cubes.items()))):
            room -= sum(value.nbytes for value in cube.measures.values())
            if newer and (newer >= _MOST or room < 0):
                self._cubes.pop(key, None)

    def _added_up(self, key: tuple[Any, ...], bags: int, apart: Apart) -> Cube | None:
        kind, by, *rest = key
        for (name, columns, *others, split), cube in list(self._cubes.items()):
            if (name, others) != (kind, rest) or (bags and split != bags):
                continue
            found = cube if bags else cube.whole()
            if columns == by:
                return found
            if not by and apart(columns):
                return found.total()
        return None


class Last(Generic[T]):
    """The last of what was made, for the next who asks for the same."""

    def __init__(self) -> None:
        self._kept: tuple[Any, T] | None = None

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """Return what is kept for a key, or make it."""
        kept = self._kept  # which another thread may replace meanwhile
        if kept is None or kept[0] != key:
            kept = self._kept = key, make()
        return kept[1]
