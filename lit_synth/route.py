"""The stages that a run will go through, by name and in their order: for who wants to know how many there are."""

from collections.abc import Iterator

from lit_synth.settings import STUDENTS, SYNTHETIC, RunSettings, Until
from lit_synth.task import Task


def route(run: RunSettings, task: Task, until: Until = "report") -> list[str]:
    """Return all stages that may come, such as ``seed0/teacher_fit``; some are left out when the run is there.

    Args:
        run: The settings.
        task: What is learnt.
        until: How far the run goes.

    >>> from pathlib import Path
    >>> run = RunSettings("Reviews", Path("out"), strategies=("teacher",), seeds=(0, 1))
    >>> route(run, Task("mood", ("text",), "mood", ("good", "bad")))
    ['seed0/teacher_fit', 'seed0/teacher', 'seed1/teacher_fit', 'seed1/teacher']
    """
    of_one = list(dict.fromkeys([*_synthesis(run, task, until), *_strategies(run, until)]))
    return [f"seed{seed}/{stage}" for seed in run.seeds for stage in of_one]


def _synthesis(run: RunSettings, task: Task, until: Until) -> Iterator[str]:
    if not run.needs_teacher:
        return
    teachers = run.curation.teachers
    yield from _numbered("teacher_fit", teachers)
    wanted = [name for name, asked in (("annotate", run.annotates), ("generate", run.generates)) if asked]
    if until == "teacher" or not wanted:
        return
    students = run.curation.students if task.labels else 0
    if students:
        yield from _search(run, "gold")
        yield from _numbered("annotator", students)
    readers = ["", *(f"_{name}" for name in _numbered("teacher", teachers)[1:] + _numbered("student", students))]
    for strategy in wanted:
        amounts = run.generation.amounts if strategy == "generate" else ()
        sizes = list(dict.fromkeys(min(amount, run.limit or amount) for amount in amounts))
        if sizes:
            yield from _search(run, "gold")
            yield "look_generate_0"
        for size in [f"_{amount}" for amount in sizes] or [""]:
            if strategy == "generate":
                yield f"generation{size}"
            yield from (f"{'annotation' if strategy == 'annotate' else 'round_trip'}{size}{one}" for one in readers)
            yield from (f"development{one}" for one in readers)
            yield f"curation_{strategy}{size}"
            if size:
                yield f"look_generate{size}"
    if until != "synthesis" and "gold" in run.strategies:
        yield from _search(run, "gold")


def _strategies(run: RunSettings, until: Until) -> Iterator[str]:
    for strategy in run.strategies if until != "teacher" else ():
        if strategy == "teacher":
            yield "teacher"
        elif strategy == "few_shot":
            yield from (f"few_shot_{shots}" for shots in run.few_shot.shots)
            yield "few_shot"
        elif until != "synthesis" and strategy in STUDENTS:
            yield from _search(run, strategy)
            many = [f"_{amount}" for amount in run.amounts if amount] if strategy in SYNTHETIC else []
            for amount in ["", *many]:
                if strategy in SYNTHETIC and run.student.two_stages:
                    yield f"{strategy}{amount}_first"
                yield f"{strategy}{amount}"


def _search(run: RunSettings, strategy: str) -> Iterator[str]:
    if strategy not in run.student.chosen:
        yield from (f"{strategy}_search_{rate:g}" for rate in run.student.search.learning_rates)


def _numbered(name: str, count: int) -> list[str]:
    return [name if number == 0 else f"{name}_{number + 1}" for number in range(count)]
