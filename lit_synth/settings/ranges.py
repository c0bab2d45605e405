"""Numbers that make no sense are told when a run is read, not by a library in the middle of it."""

import math

from lit_synth.errors import InputError


def at_least(part: str, settings: object, least: float, *names: str) -> None:
    """Check numbers of one part of the settings; one that is ``None`` is left out.

    Raises:
        InputError: One is smaller, or no finite number.
    """
    for name in names:
        value = getattr(settings, name)
        if value is not None and not least <= value < math.inf:
            raise InputError(f"{part}{name} {value:g}: give {least:g} or more")


def above_zero(part: str, settings: object, *names: str) -> None:
    """Check numbers that have to be above 0, as `at_least`.

    Raises:
        InputError: One is not, or no finite number.
    """
    for name in names:
        value = getattr(settings, name)
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"{part}{name} {value:g}: give a number above 0")
