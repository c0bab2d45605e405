"""Which stages of a run folder are done, with what config: so that the same command goes on where it stopped."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml

from lit_synth.examples import InputError, write_whole
from lit_synth.spending import Spent, collect


class Ledger:
    """Runs a stage unless its folder says that it is done with the same config and inputs.

    Args:
        tell: Gets one line a stage.
        output: Of the run; a stage's key does not depend on where it lies.
        reuse: Another run's folder, of which stages with the same key are taken.
    """

    def __init__(self, tell: Callable[[str], None], output: Path, reuse: Path | None = None) -> None:
        self.tell = tell
        self.output = output
        self.reuse = reuse
        self.seconds: dict[str, dict[str, float]] = {}
        self.work: dict[str, dict[str, dict[str, Any]]] = {}

    def do(self, folder: Path, config: dict[str, Any], inputs: list[str], work: Callable[[], None]) -> str:
        """Do a stage's work where it is not done; return its key, an input of the stages behind it.

        Args:
            folder: Of the stage; gets ``config.yaml`` and ``stage.json``.
            config: What `lit_synth fit --config` would read.
            inputs: Keys of the stages in front, and hashes of files.
            work: Does it, and goes on where an earlier attempt stopped.
        """
        name = f"{folder.parent.name}/{folder.name}"
        text = yaml.safe_dump(config, sort_keys=False)
        placeless = text.replace(f"{self.output}/", "./")
        key = hashlib.sha256("\n".join([placeless, *inputs]).encode()).hexdigest()[:16]
        manifest = folder / "stage.json"
        self._take(folder, key)
        found = json.loads(manifest.read_text()) if manifest.exists() else {}
        if found.get("key") == key and found["done"]:
            self.tell(f"{name}: done before, {found['seconds']:.0f} s; not run again")
        else:
            if found and found["key"] != key:
                aside = folder.with_name(f"{folder.name}.{found['key']}")
                shutil.rmtree(aside, ignore_errors=True)
                folder.rename(aside)
                self.tell(f"{name}: its config or inputs have changed; the older results are set aside in {aside.name}")
                found = {}
            self.tell(f"{name}: goes on" if found else f"{name}: starts")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "config.yaml").write_text(text)
            # What an attempt spent that was killed lies there still.
            spent = _spent(found).plus(collect(folder))
            write_json(manifest, {"key": key, "done": False, **asdict(spent)})
            started = time.monotonic()
            work()
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)
            spent = spent.plus(collect(folder).with_wall(time.monotonic() - started))
            found = {"key": key, "done": True, **asdict(spent)}
            write_json(manifest, found)
        self._tell_cost(folder, _spent(found))
        return key

    def _tell_cost(self, folder: Path, spent: Spent) -> None:
        self.seconds.setdefault(folder.parent.name, {})[folder.name] = round(spent.seconds, 1)
        if spent.tokens:
            work = {"tokens": spent.tokens, "gpu_seconds": round(spent.gpu_seconds, 1), "devices": list(spent.devices)}
            self.work.setdefault(folder.parent.name, {})[folder.name] = work

    def _take(self, folder: Path, key: str) -> None:
        """Link a stage of the other run, where it is done there and not begun here."""
        if self.reuse is None or folder.exists():
            return
        other = self.reuse / folder.relative_to(self.output)
        manifest = other / "stage.json"
        found = json.loads(manifest.read_text()) if manifest.exists() else {}
        if found.get("key") == key and found["done"]:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.symlink_to(other.resolve(), target_is_directory=True)


def _spent(manifest: dict[str, Any]) -> Spent:
    """Return what a stage has cost; the manifests of older runs know its seconds alone."""
    known = {field.name: manifest[field.name] for field in fields(Spent) if field.name in manifest}
    return Spent(**(known | {"devices": tuple(known.get("devices", ()))}))


def claim(output: Path, config: dict[str, Any], open_keys: tuple[str, ...], free: tuple[str, ...] = ()) -> None:
    """Write the run's config into its folder, or check that the folder is of the same run.

    Args:
        output: Of the run.
        config: The resolved config.
        open_keys: What may differ from the last time, and adds up: seeds, strategies.
        free: Settings that may take any value, by their path, such as ``few_shot.endpoint.timeout``.

    Raises:
        InputError: The folder holds something else, or a run with another config.
    """
    path = output / "config.yaml"
    if path.exists():
        before = yaml.safe_load(path.read_text())
        if not isinstance(before, dict):
            raise InputError(f"{path}: is not a run's config; give another --output")
        for key in [*config, *before]:
            old, new = (_without(key, value.get(key), free) for value in (before, config))
            if key not in (*open_keys, *free) and old != new:
                raise InputError(
                    f"{path}: made with {_difference(key, old, new)}; "
                    "give another --output, or the same config to go on"
                )
        config = config | {key: list(dict.fromkeys([*before.get(key, []), *config[key]])) for key in open_keys}
    elif output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"{output}: is not empty and not a run's folder; give another --output")
    output.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(config, sort_keys=False)
    # Seeds that run side by side claim the folder one after the other.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _without(path: str, value: Any, free: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {name: inner for name, inner in value.items() if f"{path}.{name}" not in free}
    return {name: _without(f"{path}.{name}", inner, free) for name, inner in kept.items()}


def _difference(key: str, before: Any, now: Any) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        for inner in [*before, *now]:
            if before.get(inner) != now.get(inner):
                return _difference(f"{key}.{inner}", before.get(inner), now.get(inner))
    return f"{key} {before!r}, now {now!r}"
