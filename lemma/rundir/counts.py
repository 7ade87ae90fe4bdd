"""Counts by dimension and name: `counts["made"]["corrections, fix"]`, `counts["rejected"]["cut_off"]`."""

from __future__ import annotations

from collections.abc import Mapping

MADE, REJECTED_BY_REASON = "made", "rejected"


class Counts(dict[str, dict[str, int]]):
    """Counts that add up.

    >>> counts = Counts()
    >>> counts.add("made", "problems", 2)
    >>> counts.merge({"made": {"problems": 1}})
    >>> counts.of("made")
    {'problems': 3}
    """

    def add(self, dimension: str, name: str, count: int = 1) -> None:
        """Count something once, or `count` times."""
        names = self.setdefault(dimension, {})
        names[name] = names.get(name, 0) + count

    def merge(self, other: Mapping[str, Mapping[str, int]]) -> None:
        """Add all counts of another."""
        for dimension, names in other.items():
            for name, count in names.items():
                if type(count) is not int:
                    raise TypeError(f"{dimension}, {name}: {count!r} is no count")
                self.add(dimension, name, count)

    def of(self, dimension: str) -> dict[str, int]:
        """The counts of a dimension by name; empty if nothing was counted."""
        return self.get(dimension, {})
