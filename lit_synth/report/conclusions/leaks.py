"""Leaks of synthetic rows beside those of real ones, in words: a count alone alarms where real rows have as many."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.wording import count, listing, percent

PARTS = ("development", "test")


def leaked(found: Mapping[str, Any], part: str) -> tuple[str, str]:
    """Return how many synthetic rows are like a row of a part, and which shares of real rows are.

    Args:
        found: ``leakage`` of one strategy and seed; empty or without ``real`` in runs that did not look at real rows.
        part: ``development`` or ``test``.

    >>> real = {"gold": {"rows": 574, "test": 0.031}, "pool": {"rows": 1000, "test": 0.028}}
    >>> leaked({"rows": 1000, "test": 12, "real": real}, "test")
    ('12 of 1,000 (1.2 %)', 'gold 3.1 %, pool 2.8 %')
    >>> leaked({"test": 12}, "test"), leaked({}, "test")
    (('12', ''), ('', ''))
    """
    if part not in found:
        return "", ""
    real = found.get("real") or {}
    under = ", ".join(f"{source} {percent(one[part])}" for source, one in real.items() if part in one)
    return share_of(found[part], found.get("rows")), under


def share_of(number: int, rows: int | None) -> str:
    """Write a part of some rows.

    >>> share_of(9, 1000), share_of(0, 0), share_of(3, None)
    ('9 of 1,000 (0.9 %)', '0 of 0', '3')
    """
    told = count(number) if rows is None else f"{count(number)} of {count(rows)}"
    return f"{told} ({percent(number / rows)})" if rows else told


def compared(found: Mapping[str, Any]) -> str:
    """Say in a sentence how synthetic rows stand to real ones; empty where real ones were not looked at.

    >>> compared({"rows": 1000, "test": 12, "real": {"gold": {"rows": 574, "test": 0.031}}})
    '12 of 1,000 (1.2 %) are like a test row; of the gold rows 3.1 % are.'
    """
    named = {"gold": "the gold rows", "pool": "the pool's rows"}
    said = []
    for part in PARTS:
        shares = [(named.get(source, source), one) for source, one in (found.get("real") or {}).items() if part in one]
        if part in found and shares:
            real = listing([f"of {name} {percent(one[part])}" for name, one in shares])
            said.append(f"{share_of(found[part], found.get('rows'))} are like a {part} row; {real} are.")
    return " ".join(said)
