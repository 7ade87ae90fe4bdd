"""Bytes and lines of a file: unpacked, in UTF-8 whatever it is written in, and never more than a bounded part at once.

>>> for number, line in Source.of(Path("gsm8k_train.jsonl.gz")).lines(): ...
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

from lemma.exceptions import DataError, MissingExtraError

STDIN = "-"
LONGEST_LINE = 2**25
LARGEST_DOCUMENT = 2**30
# A file that unpacks to more than this, and to hundreds of times its size, is no text.
_MOST_UNPACKED, _MOST_TIMES = 2**26, 200
_BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


class Line(NamedTuple):
    """A line by its number from 1. `content` is None if it is longer than LONGEST_LINE."""

    number: int
    content: bytes | None


@dataclass(frozen=True)
class Source:
    """A file to read. `name` is what its rows are called by; `suffix` tells the format, without that of a packer."""

    path: Path
    name: str
    suffix: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """The source at a path; the standard input for `-`."""
        if str(path) == STDIN:
            spooled = standard_input()
            return cls(spooled, "standard input", _suffix_by_content(spooled))
        plain = path.with_suffix("") if path.suffix in PACKED else path
        return cls(path, path.name, plain.suffix.lower())

    def lines(self) -> Iterator[Line]:
        """The lines with their numbers, as UTF-8. Raises DataError if the file can't be unpacked."""
        encoding = "utf-8"
        try:
            with self._open() as file:
                encoding = _encoding(file)
                readline: Callable[[int], bytes] = file.readline
                if encoding != "utf-8":
                    text = io.TextIOWrapper(file, encoding, newline="\n")
                    readline = lambda size: text.readline(size).encode("utf-8")  # noqa: E731
                number = 0
                while line := readline(LONGEST_LINE):
                    number += 1
                    content: bytes | None = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
                    while len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
                        content, line = None, readline(LONGEST_LINE)
                    yield Line(number, content)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}: not the {encoding.upper()} it begins as ({error.reason})") from None
        except _UNPACKING_ERRORS as error:
            if self.path.suffix not in PACKED:
                raise
            raise self._broken(error) from None

    def whole(self) -> bytes:
        """The whole file, as UTF-8. Raises DataError if it is larger than LARGEST_DOCUMENT."""
        try:
            with self._open() as file:
                encoding = _encoding(file)
                content = file.read(LARGEST_DOCUMENT + 1)
        except _UNPACKING_ERRORS as error:
            if self.path.suffix not in PACKED:
                raise
            raise self._broken(error) from None
        if len(content) > LARGEST_DOCUMENT:
            raise DataError(f"{self.path}: larger than {LARGEST_DOCUMENT / 2**30:.0f} GiB in one piece. Make it .jsonl")
        if encoding == "utf-8":
            return content.removeprefix(codecs.BOM_UTF8)
        return content.decode(encoding, "replace").encode("utf-8", "surrogatepass")

    def _open(self) -> BinaryIO:
        opener = PACKED.get(self.path.suffix)
        if opener is None:
            return self.path.open("rb")
        return cast(BinaryIO, io.BufferedReader(_Guarded(opener(self.path), self.path), 2**18))

    def _broken(self, error: Exception) -> DataError:
        return DataError(f"{self.path}: can't be unpacked ({str(error).splitlines()[0] if str(error) else 'damaged'})")


class _Guarded(io.RawIOBase):
    """An unpacked file that ends with a DataError if it unpacks to hundreds of times its size."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._most = max(_MOST_UNPACKED, _MOST_TIMES * path.stat().st_size)
        self._unpacked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        self._unpacked += len(content)
        if self._unpacked > self._most:
            raise DataError(
                f"{self._path}: unpacks to more than {self._most / 2**20:,.0f} MiB, over {_MOST_TIMES} times its size. "
                "If that is right, unpack it first"
            )
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


def _open_zst(path: Path) -> IO[bytes]:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("pyarrow", "data") from None
    return cast(IO[bytes], pyarrow.input_stream(str(path), compression="zstd"))


PACKED: dict[str, Callable[[Path], IO[bytes]]] = {
    ".gz": lambda path: cast(IO[bytes], gzip.open(path)),  # noqa: SIM115
    ".bz2": lambda path: cast(IO[bytes], bz2.open(path)),  # noqa: SIM115
    ".xz": lambda path: cast(IO[bytes], lzma.open(path)),  # noqa: SIM115
    ".zst": _open_zst,
}
"""By the ending of a file's name."""
_UNPACKING_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, OSError)


def _encoding(file: BinaryIO) -> str:
    """The encoding by the first bytes: a byte order mark, or zeros between ASCII letters."""
    begin = cast(io.BufferedReader, file).peek(4)[:4]
    for bom, name in _BOMS:
        if begin.startswith(bom):
            return name
    if len(begin) == 4 and begin[1] == begin[3] == 0 and begin[0] and begin[2]:
        return "utf-16-le"
    if len(begin) == 4 and begin[0] == begin[2] == 0 and begin[1] and begin[3]:
        return "utf-16-be"
    return "utf-8"


@cache
def standard_input() -> Path:
    """A file with what was piped in, as data is read more than once."""
    with tempfile.NamedTemporaryFile(prefix="lemma-", delete=False) as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    path = Path(file.name)
    import atexit

    atexit.register(path.unlink, missing_ok=True)
    return path


def _suffix_by_content(path: Path) -> str:
    """JSONL, which may also be an array, or else CSV."""
    with path.open("rb") as file:
        begin = file.read(4096).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return ".jsonl" if begin[:1] in (b"{", b"[", b"") else ".csv"
