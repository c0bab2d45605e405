"""What `lit_synth run` is told: one frozen value for each part of the path."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from lit_synth.curation.verdicts import Rules
from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.sampling import Sampling
from lit_synth.examples import InputError
from lit_synth.modules.losses import Loss
from lit_synth.modules.teacher import Lora
from lit_synth.task import Task

Strategy = Literal["gold", "annotate", "generate", "both", "full", "teacher", "few_shot"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
STUDENTS = STRATEGIES[:5]


@dataclass(frozen=True)
class TeacherSettings:
    """How the teacher is fine-tuned and written with.

    Args:
        model: Folder, hub name, or ``embedded:teacher``.
        lora: Adapters; ``null`` trains in full.
        learning_rate: Highest rate of the schedule.
        max_epochs: Most passes over gold.
        monitor: Development loss by which it stops and the best epoch is kept: of both directions, or of one.
        patience: Epochs without a lower one after which it stops.
        batch_size: Rows a batch; a gold row gives two, one a direction.
        max_length: Longest row in tokens.
        freeze_embeddings: Leave the token embeddings as they are.
        gradient_checkpointing: Trade time for memory.
        generate_weight: Weight of rows that teach writing in the loss, against 1 of those that teach annotation.
        max_new_tokens: Text to text: longest annotation in tokens.
        label_score: Classification: what a label counts by in annotation, ``sum``, ``mean`` or ``content_free``.
        samples: Text to text: further texts that are drawn for an input beside the likeliest; see `curation.choice`.
        sample_temperature: Of these.
        annotate_batch_size: Rows a batch while annotating.
    """

    model: str = "embedded:teacher"
    lora: Lora | None = Lora()
    learning_rate: float = 1e-3
    max_epochs: int = 4
    monitor: Literal["val_loss", "val_annotate_loss", "val_generate_loss"] = "val_loss"
    patience: int = 2
    batch_size: int = 8
    max_length: int = 512
    freeze_embeddings: bool = True
    gradient_checkpointing: bool = False
    generate_weight: float = 1.0
    max_new_tokens: int = 64
    label_score: Literal["sum", "mean", "content_free"] = "sum"
    samples: int = 0
    sample_temperature: float = 0.7
    annotate_batch_size: int = 64


@dataclass(frozen=True)
class GenerationSettings:
    """What is generated, and what is kept of it.

    Args:
        amount: Rows to accept.
        amounts: Rising numbers to try instead: more is generated only while the development score of a student that
            learns from the rows rises by more than its standard error.
        balance: ``equal`` shares for the labels, or as in ``gold``.
        attempts: Most requests for each row of a label's quota.
        sampling: Temperature, top-p, length.
        batch_size: Rows decoded at once.
    """

    amount: int = 1000
    amounts: tuple[int, ...] = ()
    balance: Literal["equal", "gold"] = "equal"
    attempts: float = 3.0
    sampling: Sampling = Sampling()
    batch_size: int = 128


@dataclass(frozen=True)
class CurationSettings:
    """What becomes of synthetic rows before a student learns from them.

    Args:
        teachers: Teachers fine-tuned from different seeds, whose probabilities are combined; the first one writes.
        students: Students trained on gold alone that annotate beside the teachers; classification only.
        calibrate: Fit the annotators' weights on the development part; else all count alike.
        labels: ``soft`` targets are the combined probabilities, ``hard`` ones the likeliest label.
        confidence: Probability of the likeliest label, or mean probability of a text's tokens, below which a row is
            left out; ``auto`` chooses it for labels on the development part, ``null`` keeps every row.
        weigh: Weigh a row in the student's loss by that probability.
        choice: Text to text, where the teacher draws several texts: its ``likeliest``, the ``consensus`` (the one most
            like the others), or ``all`` of them, which share a row's weight.
        rules: For what a row is rejected.
    """

    teachers: int = 1
    students: int = 0
    calibrate: bool = False
    labels: Literal["soft", "hard"] = "soft"
    confidence: float | Literal["auto"] | None = None
    weigh: bool = False
    choice: Literal["likeliest", "consensus", "all"] = "likeliest"
    rules: Rules = Rules()

    def __post_init__(self) -> None:
        if self.teachers < 1 or self.students < 0:
            raise InputError(f"curation: teachers {self.teachers}, students {self.students}: give 1 or more, 0 or more")
        if isinstance(self.confidence, float) and not 0 <= self.confidence < 1:
            raise InputError(f"curation.confidence {self.confidence:g}: give a probability below 1, auto or null")


@dataclass(frozen=True)
class Choice:
    """Learning rate and number of steps of a student."""

    learning_rate: float
    max_steps: int


@dataclass(frozen=True)
class Search:
    """What is tried on the development part, for every strategy alike.

    Args:
        learning_rates: Each is trained once, at a constant rate, for the most steps.
        max_steps: The most steps.
        every: Steps between two looks at the development part.
    """

    learning_rates: tuple[float, ...] = (1e-4, 3e-4)
    max_steps: int = 600
    every: int = 60

    def __post_init__(self) -> None:
        if not self.learning_rates or not 1 <= self.every <= self.max_steps:
            raise InputError(
                f"student.search: give learning_rates, and every ({self.every}) from 1 to max_steps ({self.max_steps})"
            )


@dataclass(frozen=True)
class StudentSettings:
    """How students are trained; one way for every strategy.

    Args:
        model: Folder or hub name; by default ``embedded:student``, or ``embedded:seq2seq`` for text to text.
        batch_size: Rows a batch.
        predict_batch_size: Rows a batch while testing.
        max_length: Longest input in tokens.
        max_target_length: Text to text: longest target in tokens, while learning and while writing.
        num_beams: Text to text: beams of the search; 1 is greedy.
        freeze_embeddings: Leave the token embeddings as they are.
        dropout: Of every dropout layer; ``null`` leaves the model's own.
        search: What is tried where nothing is chosen.
        chosen: Learning rate and steps by strategy, from an earlier search.
        two_stages: Learn from the synthetic rows first, then from gold alone.
        gold_weight: Weight of a gold row in the loss, against that of a synthetic one.
        loss: Classification: loss of a row; see `Loss`.
        average: Classification: decay a step of an average of the weights, which takes the student's place.
        agreement: With ``average``: leave synthetic rows out of the loss where it reads another label.
    """

    model: str | None = None
    batch_size: int = 32
    predict_batch_size: int = 64
    max_length: int = 128
    max_target_length: int = 64
    num_beams: int = 1
    freeze_embeddings: bool = False
    dropout: float | None = None
    search: Search = Search()
    chosen: dict[str, Choice] = field(default_factory=dict)
    two_stages: bool = False
    gold_weight: float = 1.0
    loss: Loss = Loss()
    average: float | None = None
    agreement: bool = False

    def name(self, task: Task) -> str:
        """Return the model for a task."""
        return self.model or ("embedded:student" if task.labels else "embedded:seq2seq")


@dataclass(frozen=True)
class FewShotSettings:
    """The baseline without fine-tuning: examples in the prompt.

    Args:
        model: Folder or hub name of a local model; the teacher's by default.
        endpoint: An OpenAI-compatible server that is asked instead.
        shots: Numbers of examples to try on the development part; the best is tested. Of each, as many as fit.
        max_length: Longest prompt in tokens, of a local model.
        batch_size: Rows a batch, of a local model.
    """

    model: str | None = None
    endpoint: Endpoint | None = None
    shots: tuple[int, ...] = (0, 4, 8)
    max_length: int = 1024
    batch_size: int = 16

    def __post_init__(self) -> None:
        if not self.shots or min(self.shots) < 0:
            raise InputError(f"few_shot.shots {list(self.shots)}: give one number of examples or more, each 0 or more")


@dataclass(frozen=True)
class RunSettings:
    """The whole path from gold rows to a proven student.

    Args:
        data: Data module of the task, for example ``Slurp``.
        data_dir: Folder with ``train`` and ``test``; the task's own default where it has one.
        dataset: Data set of the hub instead, as ``owner/name/configuration``.
        revision: Of the data set.
        task: The task itself, for ``Custom``.
        output: Folder of the run; the same command goes on with it.
        reuse: Folder of an earlier run: stages that would be the same here are taken from it, so that a run with
            another curation or student does not train its teacher again.
        fraction: Gold rows: a share of train up to 1, or a number of rows above 1.
        seeds: One run of every stage a seed.
        strategies: What students are trained on; ``teacher`` scores the teacher itself, ``few_shot`` a model
            that is prompted only (not done unless it is asked for).
        limit: Cap on pool, synthetic and test rows.
        development_share: Share of gold held out for early stopping and the search.
        pool_limit: Most rows of the pool.
        test_limit: Most rows of test.
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
    task: Task | None = None
    fraction: float = 0.05
    seeds: tuple[int, ...] = (0,)
    strategies: tuple[Strategy, ...] = (*STUDENTS, "teacher")
    limit: int | None = None
    development_share: float = 0.2
    pool_limit: int | None = None
    test_limit: int | None = None
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
        for name, value in (("amount", self.generation.amount), ("attempts", self.generation.attempts)):
            if value < 1:
                raise InputError(f"generation.{name} {value:g}: give 1 or more")
        if not self.seeds or not self.strategies:
            raise InputError("seeds and strategies: give one or more of each")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit {self.limit}: give 1 or more, or leave it out")

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
