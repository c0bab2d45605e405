"""What a stage has cost so far: a file for each process that worked at it, so that parts add up after a kill."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lit_synth.whole_files import write_whole

_PARTS = "spent-*.json"
CPU = "CPU"


@dataclass(frozen=True)
class Spent:
    """What was spent on a stage.

    Args:
        tokens: Read, learnt from or written, padding left out.
        seconds: Wall-clock time.
        gpu_seconds: The same for every accelerator at work; 0 on a CPU.
        devices: Such as ``2 x NVIDIA H200``; several where a stage went on elsewhere.
    """

    tokens: int = 0
    seconds: float = 0.0
    gpu_seconds: float = 0.0
    devices: tuple[str, ...] = ()

    def plus(self, other: "Spent") -> "Spent":
        """Return the sum.

        >>> Spent(5, 2.0, 0.0, ("CPU",)).plus(Spent(1, 1.0, 4.0, ("4 x A",)))
        Spent(tokens=6, seconds=3.0, gpu_seconds=4.0, devices=('CPU', '4 x A'))
        """
        sums = (
            self.tokens + other.tokens,
            self.seconds + other.seconds,
            self.gpu_seconds + other.gpu_seconds,
        )
        return Spent(*sums, tuple(dict.fromkeys([*self.devices, *other.devices])))

    def with_wall(self, seconds: float) -> "Spent":
        """Return the same with the whole time of an attempt, in which its devices were held, if it is known better.

        >>> Spent(5, 2.0, 4.0, ("2 x A",)).with_wall(3.0)
        Spent(tokens=5, seconds=3.0, gpu_seconds=6.0, devices=('2 x A',))
        """
        held = self.gpu_seconds / self.seconds if self.seconds else 0.0
        return Spent(self.tokens, seconds, held * seconds, self.devices)


def write_part(folder: Path, name: str, tokens: int, seconds: float, device: str, world: int) -> None:
    """Keep what one process has spent so far.

    Args:
        folder: Of the stage.
        name: Of the process and its attempt; of those that work together the first one's ends in ``-0``.
        tokens: That it met.
        seconds: Since it began.
        device: What it works on, `CPU` or the name of an accelerator.
        world: Processes that work together, each on a device of its own.
    """
    part = {"tokens": tokens, "seconds": seconds, "device": device, "world": world}
    write_whole(folder / _PARTS.replace("*", name), json.dumps(part))


def collect(folder: Path) -> Spent:
    """Return the sum of all parts of a stage, and remove them; one that was damaged is not counted."""
    found = Spent()
    for path in sorted(folder.glob(_PARTS)):
        with suppress(ValueError, LookupError, TypeError):
            found = found.plus(_part(path))
        path.unlink()
    return found


def _part(path: Path) -> Spent:
    part = json.loads(path.read_text(encoding="utf-8"))
    if not path.stem.endswith("-0"):
        return Spent(tokens=part["tokens"])
    name = part["device"] if part["world"] == 1 else f"{part['world']} x {part['device']}"
    held = 0.0 if part["device"] == CPU else part["seconds"] * part["world"]
    return Spent(part["tokens"], part["seconds"], held, (name,))
