"""Keep a run directory to one process, on any system.

The lock goes with the process that holds it: nothing has to be cleaned up after a kill.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lemma.exceptions import RunDirectoryError

_LOCK_FILE = Path(".state", "lock")


@contextmanager
def directory_lock(path: Path) -> Iterator[None]:
    """Hold a run directory, which is created if it is not there.

        with directory_lock(Path("lemma-run")):
            ...

    Raises RunDirectoryError if another process holds it, or this one in another place.
    """
    # Imported here because only commands that write need it, and it takes longer to import than all the rest.
    from filelock import FileLock, Timeout

    file = path / _LOCK_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file, thread_local=False)  # any thread may end what another began
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RunDirectoryError(
            f"{path} is in use by another lemma process. Wait for it, or use another --run directory"
        ) from None
    except (NotImplementedError, OSError) as error:  # the first is filelock's word for ENOSYS
        reason = getattr(error, "strerror", None) or "not supported"
        raise RunDirectoryError(
            f"{file} can't be locked ({reason}). Use a --run directory on a file system with locks, "
            "such as a local disk"
        ) from None
    try:
        yield
    finally:
        lock.release()
