"""Rows in the order of their keys, sorted on disk."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing

CACHE = 8
"""MiB that SQLite keeps of a table; the rest goes to a file without a name, in the folder that TMPDIR names."""


def scratch(schema: str, cache: int = CACHE) -> sqlite3.Connection:
    """Return a database that is kept in memory while it is small, on disk once it is not, and gone once it is closed.

    Args:
        schema: The statement that creates its table.
        cache: MiB of it that are kept in memory.
    """
    base = sqlite3.connect("", isolation_level=None)  # without a name: https://sqlite.org/inmemorydb.html
    for pragma in (
        f"cache_size = -{1024 * cache}",
        "journal_mode = OFF",
        "synchronous = OFF",
        "locking_mode = EXCLUSIVE",
    ):
        base.execute(f"PRAGMA {pragma}")
    base.execute(schema)
    base.execute("BEGIN")  # for good: nothing of it is to be kept
    return base


def in_order(keyed: Iterable[tuple[int, bytes, int]]) -> Iterator[int]:
    """Yield values by their keys, an integer first and bytes second; of equal ones the first comes first.

    Args:
        keyed: Both keys, and the value: where a row is found.

    >>> list(in_order([(1, b"a", 7), (0, b"b", 8), (0, b"a", 9)]))
    [9, 8, 7]
    """
    with closing(scratch("CREATE TABLE rows (first INTEGER, second BLOB, value INTEGER)")) as base:
        base.executemany("INSERT INTO rows VALUES (?, ?, ?)", keyed)
        yield from (value for (value,) in base.execute("SELECT value FROM rows ORDER BY first, second, rowid"))
