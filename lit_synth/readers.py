"""The models that give rows a label or a text: a stage trains each, and each one's reading of rows is a stage, too."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from lit_synth import recipes
from lit_synth.seed import Seed
from lit_synth.settings import RunSettings
from lit_synth.stages import run_stage
from lit_synth.students import Students, mixture_of


@dataclass(frozen=True)
class Annotator:
    """A model that gives every row a probability for each label, or a text.

    Args:
        name: Such as ``teacher`` or ``student``.
        model: Its folder.
        key: Of the stage that trained it.
        run: The settings as it is told them: with its own prompt.
    """

    name: str
    model: Path
    key: str
    run: RunSettings


class Readers:
    """The annotators of one seed, the first teacher first.

    Args:
        seed: Whose gold rows they learn from.
        students: Knows how a student on gold is trained.
    """

    def __init__(self, seed: Seed, students: Students) -> None:
        self.seed = seed
        self.students = students
        self.all: list[Annotator] = []

    def train_teachers(self) -> None:
        """Fine-tune as many as are asked for."""
        self.all = [self._teacher(number) for number in range(self.seed.run.curation.teachers)]

    def train_students(self) -> None:
        """Train the students that annotate beside the teachers, where there are labels."""
        if self.seed.task.labels:
            self.all += [self._student(number) for number in range(self.seed.run.curation.students)]

    @property
    def names(self) -> list[str]:
        """The annotators' names."""
        return [one.name for one in self.all]

    @property
    def teacher(self) -> Annotator:
        """The first teacher: it writes, and is tested."""
        return self.all[0]

    @cached_property
    def development(self) -> tuple[list[Path], list[str]]:
        """What every annotator reads in the development part, whose labels are known: files, and stages' keys."""
        return self.read("development", self.seed.development, "")

    def read(self, name: str, source: Path | None, made: str) -> tuple[list[Path], list[str]]:
        """Let every annotator read rows; return the files of their answers, and the stages' keys.

        Args:
            name: Of the stages.
            source: Of the rows; ``None`` for the pool.
            made: Key of the stage that made them.
        """
        read = [self._read(annotator, name, source, made) for annotator in self.all]
        return [path for path, _ in read], [key for _, key in read]

    def _teacher(self, number: int) -> Annotator:
        seed, stage = self.seed, self.seed.folder / _numbered("teacher_fit", number)
        task = seed.run.curation.task_of(number, seed.task)
        run = seed.run if task == seed.task else replace(seed.run, task=task)
        if number:  # the first one writes, and rejects what it reads as another label; of others only readings count
            rules = replace(run.curation.rules, disagreement="keep")
            run = replace(run, curation=replace(run.curation, rules=rules))
        config = recipes.teacher_fit(run, seed.number, stage)
        config["seed_everything"] += 1000 * number
        key = seed.ledger.do(stage, config, [seed.data], partial(run_stage, config, ("fit",)))
        return Annotator(_numbered("teacher", number), stage / "model", key, run)

    def _student(self, number: int) -> Annotator:
        """Train a student on gold without the development part, which it is then held against."""
        seed, stage = self.seed, self.seed.folder / _numbered("annotator", number)
        mixture = mixture_of("gold", [])
        choice = self.students.choose("gold", mixture, [seed.data])
        config = recipes.student_fit(
            seed.run, seed.task, seed.number, stage, mixture, choice, development=False, tests=False
        )
        config["seed_everything"] += 1000 * number
        key = seed.ledger.do(stage, config, [seed.data], partial(run_stage, config, ("fit",)))
        return Annotator(_numbered("student", number), stage / "model", key, seed.run)

    def _read(self, annotator: Annotator, name: str, source: Path | None, made: str) -> tuple[Path, str]:
        """Let an annotator read rows; return the file of its answers, and the stage's key."""
        seed, run = self.seed, annotator.run
        stage = seed.folder / (name if annotator is self.teacher else f"{name}_{annotator.name}")
        order = {"folder": str(stage), "kind": "annotate"} | ({"source": str(source)} if source else {})
        if annotator.name.startswith("teacher"):
            config = recipes.teacher_use(run, seed.number, stage, annotator.model, order)
        else:
            config = recipes.student_use(run, seed.task, seed.number, stage, annotator.model, order)
        key = seed.ledger.do(stage, config, [annotator.key, made], partial(run_stage, config, ("predict",)))
        return stage / "accepted.jsonl", key


def _numbered(name: str, number: int) -> str:
    return name if number == 0 else f"{name}_{number + 1}"
