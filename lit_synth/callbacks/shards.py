"""Shards of records: a line a record, appended as it is made; read back whole, in any order, without holding them."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from lit_synth.download import say
from lit_synth.examples import Example, sealed, unsealed
from lit_synth.on_disk import Hashes, in_order
from lit_synth.seals import LARGEST

Turn = Callable[[Example], tuple[int, bytes]]
"""A record's place among the others: an integer first, bytes second."""
_PLACE = 44
"""Bits of a place inside a shard; those above them number the shard."""


def append_records(path: Path, records: Sequence[Example]) -> None:
    """Append records to a shard in one write, each with its sum, and hand it to the operating system.

    A shard that would grow beyond `LARGEST` bytes, up to which files are sealed, is closed: it is renamed, and another
    one begun.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(map(sealed, records)).encode()
    if path.exists() and path.stat().st_size + len(lines) > LARGEST:
        closed = len(list(path.parent.glob(f"{path.stem}.part*.jsonl")))
        path.rename(path.with_name(f"{path.stem}.part{closed + 1:04}.jsonl"))
    with path.open("ab") as shard:
        shard.write(lines)
        shard.flush()


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every shard."""
    return {str(path): path.stat().st_size for path in sorted(folder.glob("records-*.jsonl"))}


def read_records(folder: Path, turn: Turn) -> Iterator[Example]:
    """Yield the records of all shards in the order of their turns, each id once.

    A last line that a kill left half written is cut off, and so is one that was damaged later: both are asked for
    again, and since a record has its own seed, they come out as they were.

    Args:
        folder: Holds the shards.
        turn: Of a record. Memory holds a hash of its id; turns are sorted on disk.
    """
    shards = sorted(folder.glob("records-*.jsonl"))
    with ExitStack() as stack:
        files: list[BinaryIO] = []
        for place in in_order(_places(shards, turn)):
            # Opened behind the first place, which is known once all shards are read, and mended.
            files = files or [stack.enter_context(path.open("rb")) for path in shards]
            file = files[place >> _PLACE]
            file.seek(place & ((1 << _PLACE) - 1))
            row = json.loads(file.readline())
            row.pop("sum", None)  # looked at already
            yield Example.from_dict(row)


def _places(shards: Sequence[Path], turn: Turn) -> Iterator[tuple[int, bytes, int]]:
    seen = Hashes()
    for number, path in enumerate(shards):
        for record, start in _whole_records(path):
            if seen.add(record.id):
                yield *turn(record), number << _PLACE | start


def _whole_records(path: Path) -> Iterator[tuple[Example, int]]:
    """Yield whole records, and where each begins in the shard as it is once all were taken: the others are cut out."""
    start, damaged, half = 0, set[int](), False
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            half = not line.endswith(b"\n")
            try:
                record = unsealed(json.loads(line)) if not half else None
            except (ValueError, TypeError, AttributeError, RecursionError):
                record = None
            if record is None:
                damaged.add(number)
            else:
                yield record, start
                start += len(line)
    if damaged:
        _cut_out(path, damaged)
    if len(damaged) > half:
        say(f"{path}: {len(damaged) - half:,} damaged rows are left out and asked for again")


def _cut_out(path: Path, damaged: set[int]) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")  # ranks may meet here
    with path.open("rb") as lines, partial.open("wb") as whole:
        whole.writelines(line for number, line in enumerate(lines) if number not in damaged)
    partial.replace(path)
