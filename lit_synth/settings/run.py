"""The whole run: its data, its strategies, and the settings of each part."""

import json
import math
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, get_args

from lit_synth.errors import InputError
from lit_synth.settings.ranges import at_least
from lit_synth.settings.student import StudentSettings
from lit_synth.settings.synthesis import CurationSettings, GenerationSettings
from lit_synth.settings.teacher import FewShotSettings, TeacherSettings
from lit_synth.task import Task

Strategy = Literal["gold", "annotate", "generate", "both", "full", "teacher", "few_shot"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
Until = Literal["teacher", "synthesis", "students", "report"]
"""Parts of a run in their order: fine-tuned teachers; synthetic rows and all that teachers do; students; the page."""
STUDENTS = STRATEGIES[:5]
SYNTHETIC = STRATEGIES[1:4]
"""Those whose students learn from synthetic rows."""
FOR_LABELS = (
    "teacher.label_score",
    "curation.students",
    "curation.match_shares",
    "curation.calibrate",
    "curation.labels",
    "curation.rules.disagreement",
    "student.loss",
    "student.average",
    "student.agreement",
)
"""Settings that are read where the task has labels."""
FOR_TEXTS = ("teacher.samples", "teacher.sample_temperature", "curation.choice", "student.num_beams")
"""Settings that are read where it has none."""


@dataclass(frozen=True)
class RunSettings:
    """The whole path from gold rows to a proven student.

    Args:
        data: Data module of the task, for example ``Slurp``.
        data_dir: Folder with ``train`` and ``test``, or one file, of which test rows are held out; the task's own
            default where it has one.
        dataset: Data set of the hub instead, as ``owner/name/configuration``.
        revision: Of the data set.
        pool: File of rows without labels, in any format that ``data_dir`` may have: the teacher annotates them. Rows of
            one file whose label is empty, and labelled ones that ``fraction`` leaves, are in the pool, too.
        task: The task itself, for ``Custom``.
        output: Folder of the run; the same command goes on with it.
        reuse: Folder of an earlier run: stages that would be the same here are taken from it, so that a run with
            another curation or student does not train its teacher again.
        fraction: Gold rows: a share of train up to 1, or a number of rows above 1.
        seeds: One run of every stage a seed.
        strategies: What students are trained on; ``teacher`` scores the teacher itself, ``few_shot`` a model
            that is prompted only (not done unless it is asked for).
        amounts: Numbers of rows of each source on which further students are trained: how much is gained by how many;
            0 is gold alone, a strategy of its own.
        limit: Cap on pool, synthetic and test rows.
        development_share: Share of gold held out for early stopping and the search.
        pool_limit: Most rows of the pool; those that nobody has labelled come before labelled ones.
        test_limit: Most rows of test.
        test_share: Where ``data_dir`` is one file: share of its rows that is held out as test; 0.3 by default.
        teacher: The teacher.
        generation: Generated rows.
        curation: Which synthetic rows are kept, and what their targets are.
        student: The students.
        few_shot: The baseline of that name.
        trainer: Arguments of the teacher's Lightning trainers, for example from ``configs/trainer``; students take its
            accelerator and precision, and one device.
    """

    data: str
    output: Path
    reuse: Path | None = None
    data_dir: str | None = None
    dataset: str | None = None
    revision: str | None = None
    pool: str | None = None
    task: Task | None = None
    fraction: float = 0.05
    seeds: tuple[int, ...] = (0,)
    strategies: tuple[Strategy, ...] = (*STUDENTS, "teacher")
    amounts: tuple[int, ...] = ()
    limit: int | None = None
    development_share: float = 0.2
    pool_limit: int | None = None
    test_limit: int | None = None
    test_share: float | None = None
    teacher: TeacherSettings = TeacherSettings()
    generation: GenerationSettings = GenerationSettings()
    curation: CurationSettings = CurationSettings()
    student: StudentSettings = StudentSettings()
    few_shot: FewShotSettings = FewShotSettings()
    trainer: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.student.chosen) - set(STUDENTS)
        if unknown:
            raise InputError(f"student.chosen: {sorted(unknown)[0]!r} is no student; known: {', '.join(STUDENTS)}")
        amounts = self.generation.amounts
        if list(amounts) != sorted({*amounts}) or (amounts and amounts[0] < 1):
            raise InputError(f"generation.amounts {list(amounts)}: give rising numbers of rows, each 1 or more")
        if min(self.amounts, default=0) < 0:
            raise InputError(f"amounts {list(self.amounts)}: give numbers of rows, each 0 or more")
        for name, value in (("amount", self.generation.amount), ("attempts", self.generation.attempts)):
            if not 1 <= value < math.inf:
                raise InputError(f"generation.{name} {value:g}: give 1 or more")
        if self.generates and self.teacher.directions == "annotate":
            raise InputError(
                "teacher.generate_weight 0: no writing is learnt, so leave it out, or give --strategies without "
                "generate and both"
            )
        if not self.seeds or not self.strategies:
            raise InputError("seeds and strategies: give one or more of each")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit {self.limit}: give 1 or more, or leave it out")
        at_least("", self, 1, "pool_limit", "test_limit")
        if "default_root_dir" in self.trainer:
            raise InputError(
                "trainer.default_root_dir: each stage has a folder of its own below --output; leave it out"
            )
        if min(self.seeds) < 0 or max(self.seeds) >= 1 << 32:
            raise InputError(f"seeds {list(self.seeds)}: give whole numbers from 0 to 4,294,967,295")

    def refuse_unread(self, task: Task) -> None:
        """Say which setting would have no effect on this task, or could have none.

        Raises:
            InputError: One was given.
        """
        for number in range(self.curation.teachers):
            self.curation.task_of(number, task)
        unread, read_by = (FOR_TEXTS, "text to text") if task.labels else (FOR_LABELS, "classification")
        untold = self.untold()
        for setting in unread:
            value = attrgetter(setting)(self)
            if value != attrgetter(setting)(untold):
                raise InputError(
                    f"{setting} {value}: task {task.name} does not read it, it is for {read_by}; leave it out"
                )
        precision = str(self.trainer.get("precision", "32-true"))
        if self.student.average is not None and precision.endswith("-true") and precision != "32-true":
            raise InputError(
                f"student.average: not with trainer.precision {precision}, in which small steps are lost; give 32-true "
                "or bf16-mixed"
            )
        if not task.labels and self.curation.confidence == "auto":
            raise InputError(
                f"curation.confidence auto: task {task.name} has no labels to choose it on; give a probability or null"
            )

    @property
    def needs_teacher(self) -> bool:
        """Whether any strategy asks the teacher."""
        return bool(set(self.strategies) & {"annotate", "generate", "both", "teacher"})

    @property
    def annotates(self) -> bool:
        """Whether any strategy wants the pool annotated."""
        return bool(set(self.strategies) & {"annotate", "both"})

    @property
    def generates(self) -> bool:
        """Whether any strategy wants rows generated."""
        return bool(set(self.strategies) & {"generate", "both"})

    @property
    def amount(self) -> int:
        """Rows to generate, under the limit."""
        most = max(self.generation.amounts, default=self.generation.amount)
        return min(most, self.limit or most)

    def untold(self) -> "RunSettings":
        """Return the settings as they are where nothing else is given."""
        return RunSettings(data=self.data, output=self.output)

    def plain(self) -> dict[str, Any]:
        """Return the settings as what YAML can hold, and `lit_synth run --config` reads."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return plain
