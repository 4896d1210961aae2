"""The attacker: who knows all published cells and earlier sums, that no value is negative, and which atoms are empty.

A contributor also knows his own atoms (Handbook on Statistical Disclosure Control, 2nd edition, ch. 4.4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from indicators.protection.elimination import exposed, is_own, known, primaries
from indicators.protection.freedom import freedoms
from indicators.protection.needs import NARROW, Need, narrow, value
from indicators.protection.span import Vector, Watch
from indicators.protection.system import Bounds, System
from indicators.protection.view import SLACK, View

#: magnitude (None: as a sum), connected part (None: the cell does not move), contributor
_Group = tuple[int | None, int | None, str]


class Attacker:
    """What can be known of a merged system of which all cells but `withheld` are published.

    `watched` are the cells whose movements are to be seen; the primary ones, if not said otherwise.
    """

    def __init__(self, system: System, withheld: Collection[int], watched: Mapping[Watch, Vector] | None = None) -> None:
        self._system = system
        published = [cell for cell in range(len(system.cells)) if cell not in withheld]
        self._span = known(system, published, primaries(system) if watched is None else watched)
        parts = freedoms(self._span, (*system.told, *(system.cells[cell] for cell in published)), system.atoms)
        self._views = [[View(part, one.values) for part in parts] for one in system.magnitudes]
        self._part = {cell: at for at, part in enumerate(parts) for cell in part.cells}

    def followed(self) -> list[Need]:
        """Primary cells that follow as sums."""
        return [Need(cell=cell, contributor=contributor) for cell, contributor in exposed(self._system, self._span)]

    def unmet(self, wanted: Iterable[Need]) -> list[Need]:
        """Those of some needs that are not met."""
        return list(self.failing(wanted))

    def failing(self, wanted: Iterable[Need]) -> Iterator[Need]:
        """The same, one after the other."""
        for (magnitude, part, contributor), group in self._grouped(wanted):
            if part is None:
                yield from group
            elif magnitude is not None:
                view = self._views[magnitude][part]
                yield from view.failing(group, view.rows(self._system.alone.get(contributor, ())))

    def suspected(self, wanted: Iterable[Need]) -> Iterator[Need]:
        """For cells of which something is wanted: needs against contributors that are not met at first sight."""
        for (magnitude, part, _), group in self._grouped(wanted):
            if part is None or magnitude is None:
                continue
            cells, view = sorted({need.cell for need in group}), self._views[magnitude][part]
            least = np.array([narrow(self._system, magnitude, cell) for cell in cells])
            for contributor, atoms in self._system.alone.items():
                if not (rows := view.rows(atoms)):
                    continue
                for at in np.flatnonzero(2 * view.reach(cells, rows) < least * (1 + SLACK)):
                    if not is_own(self._system, cells[at], contributor):
                        distance = float(least[at])
                        yield Need(cell=cells[at], magnitude=magnitude, distance=distance, contributor=contributor)

    @property
    def effort(self) -> int:
        """How many programmes were solved to find out what fails."""
        return sum(view.effort for views in self._views for view in views)

    def hold(self, cell: int) -> None:
        """From now on a watched cell is published too."""
        for views in self._views if cell in self._part else ():
            views[self._part[cell]].hold(cell)

    def release(self, cell: int) -> None:
        """The cell that was held last is withheld again."""
        for views in self._views if cell in self._part else ():
            views[self._part[cell]].release()

    def interval(self, cell: int, magnitude: int, contributor: str = "") -> Bounds:
        """Between which bounds a primary cell must lie."""
        truth, up, down = value(self._system, magnitude, cell), 0.0, 0.0
        if (part := self._part.get(cell)) is not None:
            view, unit = self._views[magnitude][part], narrow(self._system, magnitude, cell) / NARROW
            rows = view.rows(self._system.alone.get(contributor, ()))
            up, down = (view.distance(cell, side, unit, rows) for side in (1, -1))
        return Bounds(
            cell=cell,
            magnitude=self._system.magnitudes[magnitude].name,
            value=truth,
            low=truth - down if down < truth * (1 - SLACK) else 0.0,
            high=truth + up,
            contributor=contributor or None,
        )

    def _grouped(self, wanted: Iterable[Need]) -> list[tuple[_Group, list[Need]]]:
        groups: dict[_Group, list[Need]] = {}
        for need in wanted:
            groups.setdefault((need.magnitude, self._part.get(need.cell), need.contributor), []).append(need)
        return list(groups.items())
