"""Sets and maps of millions of ids in little memory: 12 to 24 bytes per id and value instead of 100 to 150.

    done = IdSet()
    done.add("03340381d5765854")
    "03340381d5765854" in done

Up to some ten thousand ids, these are Python's own. Beyond that an id stands there as a hash of 64 bits: among ten
million, two ids share one with a probability of 3 in a million, as they would share an id itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_FEW = 1 << 16
_BITS = (1 << 64) - 1


class IdMap:
    """Whole numbers by id."""

    def __init__(self) -> None:
        self._few: dict[str, int] | None = {}
        self._keys, self._values = array("Q"), array("Q")
        self._count = 0

    def __len__(self) -> int:
        return len(self._few) if self._few is not None else self._count

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def get(self, name: str) -> int | None:
        """The number of an id, or None."""
        if self._few is not None:
            return self._few.get(name)
        slot = self._slot(_key(name))
        return self._values[slot] if self._keys[slot] else None

    def setdefault(self, name: str, value: int) -> int:
        """The number of an id, which is this one if it had none."""
        if self._few is not None:
            found = self._few.setdefault(name, value)
            if len(self._few) > _FEW:
                self._spread()
            return found
        key = _key(name)
        slot = self._slot(key)
        if not self._keys[slot]:
            self._put(slot, key, value)
            return value
        return self._values[slot]

    def __setitem__(self, name: str, value: int) -> None:
        if self._few is not None:
            self._few[name] = value
        elif self.setdefault(name, value) != value:
            self._values[self._slot(_key(name))] = value

    def _spread(self) -> None:
        """From Python's own to slots."""
        assert self._few is not None
        few, self._few = self._few, None
        self._resize(4 * _FEW)
        for name, value in few.items():
            self.setdefault(name, value)

    def _put(self, slot: int, key: int, value: int) -> None:
        self._keys[slot], self._values[slot] = key, value
        self._count += 1
        if 3 * self._count > 2 * len(self._keys):
            self._resize(2 * len(self._keys))

    def _resize(self, size: int) -> None:
        keys, values = self._keys, self._values
        self._keys, self._values = array("Q", bytes(8 * size)), array("Q", bytes(8 * size))
        for key, value in zip(keys, values, strict=True):
            if key:
                slot = self._slot(key)
                self._keys[slot], self._values[slot] = key, value

    def _slot(self, key: int) -> int:
        """Where a key is, or the free place where it would be; 0 is a free one."""
        keys, mask = self._keys, len(self._keys) - 1
        slot = key & mask
        while (found := keys[slot]) and found != key:
            slot = (slot + 1) & mask
        return slot


class IdSet:
    """A set of ids that only grows."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._few: set[str] | None = set()
        self._slots = array("Q")
        self._count = 0
        self.update(ids)

    def __len__(self) -> int:
        return len(self._few) if self._few is not None else self._count

    def __contains__(self, name: object) -> bool:
        if self._few is not None:
            return name in self._few
        return bool(self._slots[self._slot(_key(str(name)))])

    def add(self, name: str) -> None:
        """Add an id."""
        if self._few is None:
            self._put(_key(name))
            return
        self._few.add(name)
        if len(self._few) > _FEW:
            few, self._few = self._few, None
            self._slots = array("Q", bytes(8 * 4 * _FEW))
            for one in few:
                self._put(_key(one))

    def update(self, names: Iterable[str]) -> None:
        """Add several ids."""
        for name in names:
            self.add(name)

    def _put(self, key: int) -> None:
        slot = self._slot(key)
        if self._slots[slot]:
            return
        self._slots[slot] = key
        self._count += 1
        if 3 * self._count > 2 * len(self._slots):
            keys, self._slots = self._slots, array("Q", bytes(16 * len(self._slots)))
            for one in keys:
                if one:
                    self._slots[self._slot(one)] = one

    def _slot(self, key: int) -> int:
        slots, mask = self._slots, len(self._slots) - 1
        slot = key & mask
        while (found := slots[slot]) and found != key:
            slot = (slot + 1) & mask
        return slot


class IdList:
    """A list of ids; those of 16 hexadecimal digits, as lemma makes them, take 8 bytes each."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._others: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def append(self, name: str) -> None:
        """Add an id at the end."""
        try:
            number = int(name, 16)
            is_plain = f"{number:016x}" == name
        except ValueError:
            is_plain = False
        if not is_plain:
            self._others[len(self._numbers)] = name
        self._numbers.append(number if is_plain else 0)

    def __getitem__(self, index: int) -> str:
        number = self._numbers[index]
        return f"{number:016x}" if number or index not in self._others else self._others[index]


def _key(name: str) -> int:
    return hash(name) & _BITS or 1
