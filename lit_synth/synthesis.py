"""The synthetic rows of one seed: what teachers annotate and write, and what annotators make of it."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from lit_synth import recipes
from lit_synth.account import annotation_figures, headline_figures
from lit_synth.callbacks.shards import read_records
from lit_synth.curate import curate, read_curation
from lit_synth.curation.advice import advise
from lit_synth.curation.verdicts import LEAKS, by_attempt
from lit_synth.errors import InputError
from lit_synth.examples import read_examples
from lit_synth.json_lines import read_json_lines
from lit_synth.readers import Readers
from lit_synth.readings import Readings
from lit_synth.records import Record
from lit_synth.review import publish, reviewed
from lit_synth.seed import Seed
from lit_synth.settings import Until
from lit_synth.stages import run_stage
from lit_synth.students import Students, mixture_of

MUCH = 0.1
"""Share of a pool that leaks, above which a run names the option that keeps such rows."""


class NoRowsError(InputError):
    """A source of synthetic rows that gives none."""


class Synthesis:
    """Makes the rows of ``annotate`` and ``generate``.

    Args:
        seed: Whose rows.
        students: Knows how a student on gold is trained.
        record: Gets ``synthetic``, ``curation``, ``amounts`` and ``failed``.
    """

    def __init__(self, seed: Seed, students: Students, record: Record) -> None:
        self.seed = seed
        self.students = students
        self.record = record
        self.readers = Readers(seed, students)
        self.files: dict[str, Path] = {}
        self.keys: dict[str, str] = {}

    def execute(self, until: Until = "report") -> None:
        """Fill `files` with synthetic rows by strategy and `keys` with what they were made with.

        A source that gives no row at all is told and left out, so that the other students are trained.

        Args:
            until: With ``teacher``, stop when the teachers are fine-tuned; with ``synthesis``, search no student to
                hold the teacher against, since that is the next process's work.
        """
        run = self.seed.run
        if not run.needs_teacher:
            return
        self.readers.train_teachers()
        if until == "teacher":
            return
        wanted = [name for name, asked in (("annotate", run.annotates), ("generate", run.generates)) if asked]
        if wanted:
            self.readers.train_students()
        for strategy in wanted:
            self.record.part("failed").pop(strategy, None)
            try:
                self._make(strategy)
            except NoRowsError as error:
                self.record.part("failed")[strategy] = str(error)
                self.record.forget(strategy)
                self.seed.tell(f"{self.seed.name}: {error}; students go on without it")
        if curation := self.record.details.get("curation"):
            if wanted and until != "synthesis" and "gold" in run.strategies:
                curation |= self._expected()
            curation["advice"] = advise(curation)
            for sentence in curation["advice"]:
                self.seed.tell(f"{self.seed.name}: {sentence}")

    def _expected(self) -> dict[str, Any]:
        """Return how good the teacher's targets are on the development part, and the student on gold, if searched."""
        seed = self.seed
        self.students.choose("gold", mixture_of("gold", []), [seed.data])
        if "gold" not in self.students.best:
            return {}
        (path, *_), _ = self.readers.development
        answers = list(chain.from_iterable(map(read_examples, (path, path.with_name("rejected.jsonl")))))
        figures = annotation_figures(seed.task, answers, seed.module.splits.development)
        if seed.task.labels and seed.task.headline != "accuracy":
            figures |= headline_figures(seed.task, answers, seed.module.splits.development)
        return {"expected": {**figures, "gold": self.students.best["gold"]}}

    def test_teacher(self) -> Path:
        """Test the first teacher; return the stage's folder."""
        seed, stage = self.seed, self.seed.folder / "teacher"
        config = recipes.teacher_use(seed.run, seed.number, stage, self.readers.teacher.model, None)
        seed.ledger.do(stage, config, [self.readers.teacher.key], partial(run_stage, config, ("test",)))
        return stage

    def _make(self, strategy: str) -> None:
        grows = strategy == "generate" and self.seed.run.generation.amounts
        stage, key = self._grow() if grows else self._curated(strategy)
        seed = self.seed
        stage, self.keys[strategy] = reviewed(seed.ledger, seed.folder, strategy, stage, key, seed.task.labels)
        self.record.learn_from(strategy, self.keys[strategy])
        self._publish(strategy, stage)

    def _grow(self) -> tuple[Path, str]:
        """Generate more rows only while the student's development score rises by more than its noise."""
        run, curve = self.seed.run, []
        best: tuple[Path, str] | None = None
        before, noise = self.students.look("generate_0", None, "")
        curve.append({"amount": 0, "score": before, "noise": noise})
        for amount in dict.fromkeys(min(amount, run.limit or amount) for amount in run.generation.amounts):
            stage, key = self._curated("generate", amount)
            score, noise = self.students.look(f"generate_{amount}", stage / "accepted.jsonl", key)
            curve.append({"amount": amount, "score": score, "noise": noise})
            self.seed.tell(f"{self.seed.name}: {amount:,} rows, development {100 * score:.1f} ± {100 * noise:.1f}")
            rises = score - before > noise
            if best is None and not rises:
                self.seed.tell(f"{self.seed.name}: not above gold alone, {100 * before:.1f}: no more is asked for")
            if best is None or rises:
                best, before = (stage, key), score
            if not rises:
                break
        self.record.details["amounts"] = curve
        assert best is not None  # noqa: S101 - there is one amount or more
        return best

    def _curated(self, strategy: str, amount: int | None = None) -> tuple[Path, str]:
        """Make the rows of a strategy, let every annotator read them, and curate them; return stage and key."""
        seed, size = self.seed, f"_{amount}" if amount else ""
        rejected, made, source = list[Path](), "", None
        if strategy == "generate":
            source, made = self._generate(amount)
            rejected.append(source.with_name("rejected.jsonl"))
        reading = "annotation" if strategy == "annotate" else "round_trip"
        rows, keys = self.readers.read(reading + size, source, made)
        rejected.append(rows[0].with_name("rejected.jsonl"))
        known, more = self.readers.development
        stage = seed.folder / f"curation_{strategy}{size}"
        curation = seed.run.curation
        config = {"curation": asdict(curation), "strategy": strategy}
        prompts = [curation.task_of(number, seed.task).annotate_prompt for number in range(curation.teachers)]
        # Annotating students come behind the teachers and are asked nothing in words.
        told = dict(zip(self.readers.names, prompts, strict=False))
        others = {one.name: one.model for one in self.readers.all[1:]}
        readings = Readings(self.readers.names, known, rows, self.readers.teacher.model, told, others)

        def work() -> None:
            asked = sum(1 for _ in read_records(source.parent, by_attempt)) if source else len(seed.module.splits.pool)
            curate(stage, curation, seed.module, readings, rejected, asked)

        return stage, seed.ledger.do(stage, config, [*keys, *more], work)

    def _generate(self, amount: int | None) -> tuple[Path, str]:
        """Generate rows; of several amounts a larger one goes on with the records of those before it."""
        seed, run = self.seed, self.seed.run
        stage = seed.folder / ("generation" if amount is None else f"generation_{amount}")
        wanted, attempts = amount or run.amount, run.generation.attempts
        order = {"kind": "generate", "amount": wanted, "balance": run.generation.balance}
        order |= {"folder": str(stage), "attempts": attempts}
        config = recipes.teacher_use(run, seed.number, stage, self.readers.teacher.model, order)

        def work() -> None:
            for size in run.generation.amounts:
                if amount and size < amount:
                    for shard in stage.with_name(f"generation_{size}").glob("records-*.jsonl"):
                        shutil.copyfile(shard, stage / f"records-{size}-{shard.name.removeprefix('records-')}")
            run_stage(config, ("predict",))

        key = seed.ledger.do(stage, config, [self.readers.teacher.key], work)
        kept = sum(1 for _ in read_json_lines(stage / "accepted.jsonl"))
        if not kept:
            self._refuse("generate", [stage / "rejected.jsonl"])
        if kept < wanted:
            told = f"{kept:,} of {wanted:,} rows{_reasons([stage / 'rejected.jsonl'])}"
            seed.tell(f"{seed.name}/{stage.name}: {told}; --generation.attempts {2 * attempts:g} asks more often")
        return stage / "accepted.jsonl", key

    def _publish(self, strategy: str, stage: Path) -> None:
        """Copy accepted and rejected rows to where users look for them, and tell their numbers."""
        seed, run, name = self.seed, self.seed.run, f"{strategy}/{self.seed.name}.jsonl"
        publish(run.output, strategy, seed.name, stage)
        told = _reasons([stage / "rejected.jsonl"])
        curation, found = self.record.part("curation"), read_curation(stage)
        strategies = curation.setdefault("strategies", {})
        strategies[strategy] = found.pop("strategy")
        accepted = strategies[strategy]["accepted"]
        # Annotators are judged on real rows, as they are shifted in a pool that any call has read.
        if strategy == "annotate" or "annotate" not in strategies:
            curation |= found
        seed.tell(f"{seed.name} {strategy}: {accepted:,} rows accepted{told}{_advice(strategy, strategies[strategy])}")
        if not accepted:
            self._refuse(strategy, [stage / "rejected.jsonl"])
        self.files[strategy] = run.output / "synthetic" / name
        if strategy == "annotate":
            rows = read_examples(stage / "accepted.jsonl")
            figures = annotation_figures(seed.task, rows, seed.module.splits.pool_gold)
            if figures:  # there are none where nobody knows the labels of the pool
                self.record.part("synthetic")[strategy] = figures

    def _refuse(self, strategy: str, rejected: Sequence[Path]) -> None:
        asked = sum(1 for path in rejected for _ in read_json_lines(path))
        reasons = _reasons(rejected).removeprefix("; ")
        raise NoRowsError(f"{strategy}: 0 of {asked:,} rows accepted: {reasons}; look at {rejected[0]}")


def _advice(strategy: str, found: Mapping[str, Any]) -> str:
    """Say what keeps rows of a pool that is much like the rows by which a student is judged.

    >>> _advice("annotate", {"requested": 100, "rejected": {"leaks a row of test": 11}})
    '; --curation.rules.pool_leakage false keeps those that leak, so a score on them may flatter'
    >>> _advice("annotate", {"requested": 100, "rejected": {"leaks a row of test": 10, "review": 9}})
    ''
    """
    left_out = sum(count for reason, count in found["rejected"].items() if reason.startswith(LEAKS))
    if strategy != "annotate" or left_out <= MUCH * found["requested"]:
        return ""
    return "; --curation.rules.pool_leakage false keeps those that leak, so a score on them may flatter"


def _reasons(rejected: Sequence[Path]) -> str:
    rows = chain.from_iterable(read_examples(path) for path in rejected)
    # What follows a colon, such as the name that is unseen, is another for every row.
    reasons = Counter(str(row.provenance["reason"]).split(":")[0] for row in rows)
    return "".join(f"; {count:,} {reason}" for reason, count in reasons.most_common())
