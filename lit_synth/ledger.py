"""Which stages of a run folder are done, with what config: so that the same command goes on where it stopped."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml

from lit_synth.display.choice import display
from lit_synth.embedded import FOLDERS
from lit_synth.errors import InputError
from lit_synth.outlook import outlook
from lit_synth.seals import broken, seal
from lit_synth.spending import Spent, collect
from lit_synth.whole_files import write_json, write_whole

DAMAGED = "damaged"
"""In place of the key of a stage that nobody knows any more."""


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
        placeless = yaml.safe_dump(_without_ranks(config), sort_keys=False).replace(f"{self.output}/", "./")
        # Made here, it may be another model in another version; what else is embedded is pinned.
        placeless = placeless.replace("embedded:seq2seq", FOLDERS["embedded:seq2seq"])
        key = hashlib.sha256("\n".join([placeless, *inputs]).encode()).hexdigest()[:16]
        self._unlink_lost(name, folder)
        self._take(folder, key)
        found = self._mended(name, folder, _read_manifest(folder / "stage.json"))
        if found.get("key") == key and found["done"]:
            self.tell(f"{name}: done before, {found['seconds']:.0f} s; not run again")
            if expected := outlook():
                expected.ends(folder.name, worked=False)
        else:
            if found and found["key"] != key:
                self._set_aside(name, folder, found["key"])
                found = {}
            self.tell(f"{name}: goes on" if found else f"{name}: starts")
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / "config.yaml", text)
            found = _worked(folder, key, _spent(found), work)
        self._keep_cost(folder, _spent(found))
        return key

    def _keep_cost(self, folder: Path, spent: Spent) -> None:
        self.seconds.setdefault(folder.parent.name, {})[folder.name] = round(spent.seconds, 1)
        if spent.tokens:
            work = {"tokens": spent.tokens, "gpu_seconds": round(spent.gpu_seconds, 1), "devices": list(spent.devices)}
            self.work.setdefault(folder.parent.name, {})[folder.name] = work

    def _mended(self, name: str, folder: Path, found: dict[str, Any]) -> dict[str, Any]:
        """Clear away what is damaged of a stage; it is then not done any more."""
        for half in folder.glob("*.json*.partial"):
            half.unlink()  # left by a kill
        spoilt = broken(folder, found.get("files", {})) if found.get("done") else []
        if not spoilt:
            return found
        self.tell(f"{name}: {spoilt[0]} is damaged, or gone; made again")
        if folder.is_symlink():  # taken from another run, whose files are its own
            folder.unlink()
            return {}
        for one in spoilt:
            if "/" in one:  # a model goes as a whole, with its card: it is exported anew
                shutil.rmtree((folder / one).parent, ignore_errors=True)
            elif not one.startswith("records-"):  # a shard's whole rows are kept; see `read_records`
                (folder / one).unlink(missing_ok=True)
        return {**found, "done": False}

    def _set_aside(self, name: str, folder: Path, key: str) -> None:
        """Rename the folder of another config, of other inputs, or of something unknown."""
        aside = folder.with_name(f"{folder.name}.{key}")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
        reason = "its stage.json is damaged" if key == DAMAGED else "its config or inputs have changed"
        self.tell(f"{name}: {reason}; the older results are set aside in {aside.name}")

    def _unlink_lost(self, name: str, folder: Path) -> None:
        """Remove the link to a stage of another run that is there no more; the stage is then not done here."""
        if folder.is_symlink() and not folder.exists():
            self.tell(f"{name}: was taken from {folder.readlink()}, which is gone")
            folder.unlink()

    def _take(self, folder: Path, key: str) -> None:
        """Link a stage of the other run, where it is done there and not begun here."""
        if self.reuse is None or folder.exists():
            return
        other = self.reuse / folder.relative_to(self.output)
        found = _read_manifest(other / "stage.json")
        if found.get("key") == key and found["done"] and not broken(other, found.get("files", {})):
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.symlink_to(other.resolve(), target_is_directory=True)


def _worked(folder: Path, key: str, spent: Spent, work: Callable[[], None]) -> dict[str, Any]:
    """Do a stage's work, and return the manifest that says so."""
    # What an attempt spent that was killed lies there still.
    spent = spent.plus(collect(folder))
    write_json(folder / "stage.json", {"key": key, "done": False, **asdict(spent)})
    started = time.monotonic()
    if expected := outlook():
        expected.starts(folder.name)
    name = f"{folder.parent.name}/{folder.name}"
    display().begins(name)
    work()
    display().ends(name)
    if expected:
        expected.ends(folder.name, worked=True)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    spent = spent.plus(collect(folder).with_wall(time.monotonic() - started))
    manifest = {"key": key, "done": True, **asdict(spent), "files": seal(folder)}
    write_json(folder / "stage.json", manifest)
    return manifest


def _spent(manifest: dict[str, Any]) -> Spent:
    """Return what a stage has cost; the manifests of older runs know its seconds alone."""
    known = {field.name: manifest[field.name] for field in fields(Spent) if field.name in manifest}
    return Spent(**(known | {"devices": tuple(known.get("devices", ()))}))


def is_done(folder: Path) -> bool:
    """Tell whether a stage is done, with whatever config."""
    return bool(_read_manifest(folder / "stage.json").get("done"))


def key_of(folder: Path) -> str:
    """Return the key of a stage that is done.

    Raises:
        InputError: It is not.
    """
    found = _read_manifest(folder / "stage.json")
    if not found.get("done"):
        raise InputError(f"{folder}: is not done; the same lit_synth run goes on")
    return str(found["key"])


def _read_manifest(path: Path) -> dict[str, Any]:
    """Read ``stage.json``; of a damaged one nobody knows what lies beside it, so that is set aside as another's."""
    if not path.exists():
        # A kill comes between the first two files; whatever else is there was not made by this command.
        others = path.parent.is_dir() and any(
            one.name != "config.yaml" and one.suffix != ".partial" for one in path.parent.iterdir()
        )
        return {"key": DAMAGED, "done": False} if others else {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        key, done, files, spent = found["key"], found["done"], found.get("files", {}), _spent(found)
        # The key becomes part of a folder's name.
        if re.fullmatch("[0-9a-f]{16}", key) and type(done) is bool and spent.seconds >= 0 and isinstance(files, dict):
            return {"key": key, "done": done, **asdict(Spent().plus(spent)), "files": files}
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return {"key": DAMAGED, "done": False}


def _without_ranks(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out on how many devices a stage is done, where nodes are named: it goes on with fewer, or with more."""
    trainer = config.get("trainer", {})
    if "num_nodes" not in trainer:
        return config
    return {**config, "trainer": {key: value for key, value in trainer.items() if key not in ("num_nodes", "devices")}}
