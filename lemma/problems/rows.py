"""Read the rows of files, folders, the standard input, or a Hugging Face data set, each with its place.

    >>> for place, row in read_rows("gsm8k_train.jsonl", "train"): ...    # "gsm8k_train.jsonl, line 1", {...}

A bad row is returned as a Refusal, and the next one follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lemma.exceptions import DataError
from lemma.problems import hub
from lemma.problems.json_rows import Row, json_rows, jsonl_rows
from lemma.problems.splits import choose_split, split_in
from lemma.problems.streams import PACKED, STDIN, Source
from lemma.problems.tables import arrow_rows, csv_rows, parquet_rows
from lemma.run_files import MANIFEST, PROBLEMS

READERS = {
    ".jsonl": jsonl_rows,
    ".ndjson": jsonl_rows,
    ".json": json_rows,
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".parquet": parquet_rows,
    ".arrow": arrow_rows,
}
"""By the ending of a file's name, without that of a packer such as .gz."""
FORMATS = ".jsonl, .json, .csv, .tsv or .parquet (or one of these with .gz, .bz2, .xz or .zst)"
# What stands beside data in a folder: of `datasets`, of trainers, and of lemma.
_NOT_DATA = {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "manifest.json"}


def is_local(data: str) -> bool:
    """Whether there is such a file or folder."""
    try:
        return Path(data).exists()
    except OSError:  # a name that no file can have
        return False


def has_format(path: Path) -> bool:
    """Whether a file's name ends as one that can be read."""
    return (path.with_suffix("") if path.suffix.lower() in PACKED else path).suffix.lower() in READERS


def unreadable(data: str, error: OSError) -> DataError:
    """The error for a file that the system does not let us read."""
    return DataError(f"{data} cannot be read: {error.strerror or error}")


def places_in(data: str) -> list[str]:
    """What a user named: one file, folder or data set, or several with commas between them, or a pattern with `*`."""
    if data == STDIN or is_local(data):
        return [data]
    places = [place.strip() for place in data.split(",") if place.strip()]
    return [found for place in places for found in _matching(place)]


def _matching(place: str) -> list[str]:
    if "*" not in place or is_local(place):
        return [place]
    folder, pattern = (Path(place).anchor or ".", place.removeprefix(Path(place).anchor))
    return sorted(map(str, Path(folder).glob(pattern))) or [place]


def read_rows(data: str, split: str, config: str | None = None) -> Iterator[tuple[str, Row]]:
    """The rows with their places.

    Raises DataError if the data cannot be read, MissingExtraError if a package for it is not installed.
    """
    for place in places_in(data):
        path = Path(place)
        if place != STDIN and not path.is_file() and (not path.is_dir() or config or hub.is_described(path)):
            yield from hub.data_set_rows(place, split, config)
            continue
        files = [path] if place == STDIN or path.is_file() else files_in(path, split)
        for file in files:
            source = Source.of(file)
            reader = READERS.get(source.suffix)
            if reader is None:
                raise DataError(f"{file}: unknown format; name the file {FORMATS}")
            try:
                yield from reader(source, split)
            except OSError as error:
                raise unreadable(str(file), error) from None


def files_in(folder: Path, split: str) -> list[Path]:
    """The data files in a folder, in the order of their names: of one split, if the names tell splits apart.

    Of a run directory, these are its problems, which its other files repeat. Raises DataError if there are none.
    """
    if (folder / MANIFEST).is_file() and (problems := PROBLEMS.path(folder)).is_file():
        return [problems]
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and has_format(path)
        and path.name not in _NOT_DATA
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise DataError(f"{folder} holds no data; expected files that end in {FORMATS}")
    by_split: dict[str, list[Path]] = {}
    for path in files:
        parts = path.relative_to(folder).parts
        found = next((name for part in reversed(parts) if (name := split_in(part))), "")
        by_split.setdefault(found, []).append(path)
    if list(by_split) == [""]:
        return files
    return by_split[choose_split((name for name in by_split if name), split, str(folder))]
