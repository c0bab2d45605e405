"""Scores of single test units, which are rows or questions, by seed."""

from collections.abc import Mapping, Sequence

Units = Mapping[int, Mapping[str, float]]
"""Headline metric by seed, then by unit."""


def same_units(units: Units) -> bool:
    """Tell whether every seed was tested on the same units.

    >>> same_units({0: {"a": 1.0}, 1: {"a": 0.0}}), same_units({0: {"a": 1.0}, 1: {"b": 1.0}})
    (True, False)
    """
    return len({frozenset(scores) for scores in units.values()}) == 1


def table(units: Units, seeds: Sequence[int]) -> list[list[float]]:
    """Return the scores as a table of shape ``(seeds, units)``, the units in one order.

    >>> table({0: {"b": 0.5, "a": 1.0}, 1: {"a": 0.0, "b": 0.25}}, [0, 1])
    [[1.0, 0.5], [0.0, 0.25]]
    """
    names = sorted(units[seeds[0]])
    return [[units[seed][name] for name in names] for seed in seeds]
