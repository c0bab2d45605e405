"""The plan of a run as a table: what earlier calls have done of it in the same folder, and what is left."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.table import Table

from lit_synth.ledger import is_done
from lit_synth.plan import part_of, step_of
from lit_synth.records import Record, record_file
from lit_synth.seed import Seed
from lit_synth.workload import Step, minutes


def done_before(seed: Seed, stages: Collection[str]) -> set[str]:
    """Return which stages of a seed earlier calls with these settings have done on its rows, or found to be too many.

    A record tells: that of other settings or rows is set aside, while folders of stages stay.

    Args:
        seed: Whose stages.
        stages: All that may come, of all seeds, by `route`.
    """
    output = seed.run.output
    if not record_file(output, seed.name).exists():
        return set()  # and no row is hashed yet
    known = Record(output, seed.name, seed.data).details
    done = {stage for stage in known.get("seconds", {}) if is_done(seed.folder / stage) and not _outdated(seed, stage)}
    if grown := max((one["amount"] for one in known.get("amounts", [])), default=None):  # where more did not pay
        sizes = ((name, re.match(r"(?:generation|round_trip)_(\d+)", name)) for name in _own(seed, stages))
        done |= {name for name, size in sizes if size and int(size[1]) > grown}
    return {f"{seed.name}/{stage}" for stage in done}


def plan_table(steps: Sequence[Step], rate: float, seeds: int, stages: Collection[str], done: Collection[str]) -> Table:
    """Return the plan, with minutes for what is left of it.

    Args:
        steps: Of one seed.
        rate: Of matrix products, in operations a second.
        seeds: How many there are.
        stages: All that may come, of all seeds, by `route`.
        done: Those that are done.
    """
    table = Table(title_justify="left")
    for name, justify in (("stage", "left"), ("size", "left"), ("minutes", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    whole = 0.0
    for step, estimate in zip(steps, minutes(list(steps), rate), strict=True):
        own = [stage for stage in stages if step_of(stage.rpartition("/")[2]) == part_of(step)]
        ready = sum(stage in done for stage in own)
        left = estimate * (1 - ready / max(1, len(own)))
        whole += left * seeds
        size = f"{step.what}; {ready} of {len(own)} stages done" if 0 < ready < len(own) else step.what
        table.add_row(step.name, size, "done" if own and ready == len(own) else f"{left:.1f}")
    each = f", each of {seeds} seeds" if seeds > 1 else ""
    told = f"about {whole:.0f} minutes {'left' if done else 'in all'}" if whole or not steps else "all of it is done"
    table.title = f"Plan{each}: {told}"
    return table


def _own(seed: Seed, stages: Collection[str]) -> list[str]:
    return [stage.removeprefix(f"{seed.name}/") for stage in stages if stage.startswith(f"{seed.name}/")]


def _outdated(seed: Seed, stage: str) -> bool:
    """Tell whether a student's rows have been reviewed since it was trained."""
    strategy = stage.split("_")[0]
    if strategy not in ("annotate", "generate", "both"):
        return False
    sources = ("annotate", "generate") if strategy == "both" else (strategy,)
    # The folder itself, which is newer even where the last mark was taken away.
    reviews = [seed.run.output / "review" / source for source in sources]
    trained = _written(seed.folder / stage / "stage.json")
    return any(one.exists() and _written(one) > trained for one in reviews)


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns
