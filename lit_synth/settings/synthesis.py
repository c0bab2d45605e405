"""What is generated, and what becomes of synthetic rows."""

from dataclasses import dataclass, replace
from typing import Literal

from lit_synth.curation.rules import Rules
from lit_synth.decoding.writing import Sampling
from lit_synth.errors import InputError
from lit_synth.settings.ranges import at_least
from lit_synth.task import Task
from lit_synth.templates import names_in


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

    def __post_init__(self) -> None:
        at_least("generation.", self, 1, "batch_size")


@dataclass(frozen=True)
class CurationSettings:
    """What becomes of synthetic rows before a student learns from them.

    Args:
        teachers: Teachers fine-tuned from different seeds, whose probabilities are combined, or whose texts are
            chosen from; the first one writes.
        prompts: Annotation prompts of the second teacher and those after it, with the fields of the task's own, which
            the first teacher keeps, as do those for which there is none here.
        students: Students trained on gold alone that annotate beside the teachers; classification only.
        match_shares: Shift an annotator's probabilities until its labels are as frequent in the pool as in gold, unless
            the pool is read as one of another kind; and as frequent in generated rows as they were asked for.
        calibrate: Fit the annotators' weights on the development part; else all count alike.
        labels: ``soft`` targets are the combined probabilities, ``hard`` ones the likeliest label.
        confidence: Probability of the likeliest label, or mean probability of a text's tokens, below which a row is
            left out; ``auto`` chooses it for labels on the development part, where it gains on rows held out; ``null``
            keeps every row.
        weigh: Weigh a row in the student's loss by that probability.
        choice: Text to text, where there are several texts for an input: the ``likeliest``, the ``consensus`` (the one
            most like the others), or ``all`` of them, which share a row's weight.
        rules: For what a row is rejected.
    """

    teachers: int = 1
    prompts: tuple[str, ...] = ()
    students: int = 0
    match_shares: bool = True
    calibrate: bool = False
    labels: Literal["soft", "hard"] = "soft"
    confidence: float | Literal["auto"] | None = None
    weigh: bool = False
    choice: Literal["likeliest", "consensus", "all"] = "likeliest"
    rules: Rules = Rules()

    def __post_init__(self) -> None:
        if self.teachers < 1 or self.students < 0:
            raise InputError(f"curation: teachers {self.teachers}, students {self.students}: give 1 or more, 0 or more")
        if self.prompts and len(self.prompts) >= self.teachers:
            raise InputError(
                f"curation.prompts: {len(self.prompts)} with teachers {self.teachers}, of which the first keeps the "
                f"task's own; give --curation.teachers {len(self.prompts) + 1}, or fewer prompts"
            )
        if isinstance(self.confidence, float) and not 0 <= self.confidence < 1:
            raise InputError(f"curation.confidence {self.confidence:g}: give a probability below 1, auto or null")

    def task_of(self, teacher: int, task: Task) -> Task:
        r"""Return the task in the words in which a teacher meets it.

        Args:
            teacher: Its number; the first is 0.
            task: In its own words.

        Raises:
            InputError: The teacher's prompt lacks a field of the task's own, or has one that is none.

        >>> mood = Task("mood", ("text",), "mood", ("good", "bad"))
        >>> curation = CurationSettings(teachers=2, prompts=("{text}\nIs it good or bad?",))
        >>> [curation.task_of(number, mood).prompt({"text": "Hooray!"}) for number in (0, 1)]
        ['Text: Hooray!\nMood:', 'Hooray!\nIs it good or bad?']
        """
        if not 0 < teacher <= len(self.prompts):
            return task
        prompt = self.prompts[teacher - 1]
        absent = [name for name in names_in(task.annotate_prompt) if name not in names_in(prompt)]
        if absent:
            raise InputError(
                f"curation.prompts: {prompt!r} lacks {{{absent[0]}}}, which task {task.name} has to be read by"
            )
        return replace(task, annotate_prompt=prompt)
