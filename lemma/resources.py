"""Where the data folders are. Nothing else knows.

They stand at the top of the repository, for people to read and edit, and are packed into the wheel.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
BUNDLED = _PACKAGE / "data"
"""What the package itself holds: the sample, shipped distributions, scripted models."""


def data_folder(name: str) -> Path:
    """The folder `error_taxonomy` or `prompts`: the repository's own in a checkout, the packed one in a wheel."""
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name
