"""What every part of the path needs to know of the seed it works on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lit_synth.data import TaskDataModule
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.ledger import Ledger
from lit_synth.settings import RunSettings
from lit_synth.task import Task


@dataclass(frozen=True)
class Seed:
    """One seed of a run.

    Args:
        run: The settings.
        number: The seed itself.
        module: Its splits, without a model's encoder.
        ledger: Knows what is done.
        tell: Gets lines of progress.
    """

    run: RunSettings
    number: int
    module: TaskDataModule
    ledger: Ledger
    tell: Callable[[str], None]

    @property
    def name(self) -> str:
        """How the seed is named in files and figures."""
        return f"seed{self.number}"

    @property
    def folder(self) -> Path:
        """Holds a folder for every stage."""
        return self.run.output / self.name

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.module.task

    @cached_property
    def development(self) -> Path:
        """File with the development part, its targets left out: what an annotator is asked to read."""
        return self._kept("development", [row.with_target(None) for row in self.module.splits.development])

    def keep_gold(self) -> None:
        """Write ``gold.jsonl``, all labelled rows, for who reads synthetic ones beside them."""
        self._kept("gold", [*self.module.splits.gold, *self.module.splits.development])

    @cached_property
    def data(self) -> str:
        """Hash of the task and all rows: what every stage depends on."""
        return self.module.fingerprint()

    def _kept(self, name: str, rows: list[Example]) -> Path:
        path = self.folder / f"{name}.jsonl"
        if not path.exists() or list(read_examples(path)) != rows:
            write_examples(path, rows)
        return path
