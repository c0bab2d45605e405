"""A run's folder belongs to one config: another one is refused, or clears away what was found so far."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from lit_synth.errors import InputError
from lit_synth.whole_files import write_whole

SHOWN = 5
"""Changed settings that are named."""


def claim(
    output: Path,
    config: dict[str, Any],
    open_keys: tuple[str, ...],
    free: tuple[str, ...] = (),
    untold: dict[str, Any] | None = None,
    differs: Callable[[str], None] | None = None,
) -> None:
    """Write the run's config into its folder, or check that the folder is of the same run.

    Args:
        output: Of the run.
        config: The resolved config.
        open_keys: What may differ from the last time, and adds up: seeds, strategies.
        free: Settings that may take any value, by their path, such as ``few_shot.endpoint.timeout``.
        untold: Values of settings that are not given: so a folder is read that was made before a setting was there.
        differs: Is told which were other settings; it refuses, or clears away what was found so. By default refused.

    Raises:
        InputError: The folder holds something else, or a run with another config.
    """
    path = output / "config.yaml"
    if path.exists():
        before = _completed(config_in(path), untold or {})
        changed = _changed(before, config, open_keys, free)
        if changed and differs is None:
            raise InputError(f"{path}: made with {changed}; give another --output, or the same config to go on")
        if changed and differs is not None:
            differs(changed)
        else:
            config = config | {key: list(dict.fromkeys([*before.get(key, []), *config[key]])) for key in open_keys}
    elif output.exists() and (not output.is_dir() or any(path.suffix != ".partial" for path in output.iterdir())):
        raise InputError(f"{output}: is not empty and not a run's folder; give another --output")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # where no folder can be, as in /proc; others are told as they are
        raise InputError(f"{output}: {error.strerror}; give a folder that you may write") from None
    text = yaml.safe_dump(config, sort_keys=False)
    # Seeds that run side by side claim the folder one after the other.
    if not path.exists() or path.read_text() != text:
        write_whole(path, text)


def config_in(path: Path) -> dict[str, Any]:
    """Read the ``config.yaml`` of a run's folder.

    Raises:
        InputError: It is none.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path}: is not a run's config; give another --output")
    return found


def _completed(told: dict[str, Any], untold: dict[str, Any]) -> dict[str, Any]:
    """Return a config with the settings that it lacks."""
    inner = {key: _completed(value, untold.get(key) or {}) for key, value in told.items() if isinstance(value, dict)}
    return untold | told | inner


def _changed(before: dict[str, Any], now: dict[str, Any], open_keys: tuple[str, ...], free: tuple[str, ...]) -> str:
    """Return the settings that are other ones, each with both values; nothing where none is."""
    old, new = (
        {key: _without(key, value, free) for key, value in one.items() if key not in (*open_keys, *free)}
        for one in (before, now)
    )
    found = [told for key in dict.fromkeys([*new, *old]) for told in _differences(key, old.get(key), new.get(key))]
    more = [f"and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else []
    return "; ".join([*found[:SHOWN], *more])


def _without(path: str, value: Any, free: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {name: inner for name, inner in value.items() if f"{path}.{name}" not in free}
    return {name: _without(f"{path}.{name}", inner, free) for name, inner in kept.items()}


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for inner in dict.fromkeys([*before, *now]):
            yield from _differences(f"{key}.{inner}", before.get(inner), now.get(inner))
    elif before != now:
        yield f"{key} {before!r}, now {now!r}"
