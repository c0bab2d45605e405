"""RTE: does a premise entail a hypothesis? (PASCAL RTE challenges, as in SuperGLUE, Wang et al., NeurIPS 2019).

Rows hold ``premise``, ``hypothesis`` and ``label``, by name, or 0 (entailment) and 1 as on the hub. Test labels are
hidden, so validation is scored.

| hub name (untested offline) | revision |
| --- | --- |
| aps/super_glue/rte | refs/convert/parquet |
"""

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

LABELS = ("entailment", "not_entailment")
RTE = Task(
    name="rte",
    fields=("premise", "hypothesis"),
    target="label",
    labels=LABELS,
    annotate_prompt="Premise: {premise}\nHypothesis: {hypothesis}\nDoes the hypothesis follow?",
    writings={
        "Premise: {premise}\nA hypothesis that {target}:": "{hypothesis}",
        "A premise, and a hypothesis that {target}.\nPremise:": "{premise}\nHypothesis: {hypothesis}",
    },
    long_field="premise",
    label_words={"entailment": "follows", "not_entailment": "does not follow"},
    metrics=("accuracy",),
)


class Rte(TaskDataModule):
    """Textual entailment; validation is scored."""

    evaluation = "validation"

    def __init__(
        self,
        encoder: Encoder,
        task: Task = RTE,
        data_dir: str | None = None,
        dataset: str | None = None,
        revision: str | None = None,
        pool: str | None = None,
        partition: Partition = Partition(fraction=0.05),
        mixture: Mixture = Mixture(),
        requests: Requests | None = None,
        batch_size: int = 32,
        predict_batch_size: int = 64,
    ) -> None:
        rows = task, encoder, data_dir, dataset, revision, pool
        super().__init__(*rows, partition, mixture, requests, batch_size, predict_batch_size)

    def normalise(self, row: Row) -> Row:
        """Accept labels 0 and 1, and a hypothesis that is a list of one."""
        label, hypothesis = row.get("label"), row.get("hypothesis")
        if str(label) in ("0", "1"):
            row = {**row, "label": LABELS[int(str(label))]}
        if isinstance(hypothesis, list) and len(hypothesis) == 1:
            row = {**row, "hypothesis": hypothesis[0]}
        return row
