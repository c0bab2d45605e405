"""BoolQ: is the answer to a question about a passage yes? (Clark et al., NAACL 2019, as in SuperGLUE).

Rows hold ``passage``, ``question`` and ``label`` (true or false, or 0 and 1, or ``answer`` as in the first release).
Test labels are hidden, so validation is scored.

| hub name (untested offline) | revision |
| --- | --- |
| aps/super_glue/boolq | refs/convert/parquet |
| google/boolq | main |
"""

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

BOOLQ = Task(
    name="boolq",
    fields=("passage", "question"),
    target="label",
    labels=("false", "true"),
    annotate_prompt="Passage: {passage}\nQuestion: {question}?\nAnswer:",
    writings={
        "Passage: {passage}\nA question with the answer {target}:": "{question}",
        "A passage, and a question with the answer {target}.\nPassage:": "{passage}\nQuestion: {question}",
    },
    long_field="passage",
    label_words={"false": "no", "true": "yes"},
    metrics=("accuracy",),
)
_SPELLINGS = {"0": "false", "1": "true", "false": "false", "true": "true"}


class BoolQ(TaskDataModule):
    """Yes or no questions; validation is scored."""

    evaluation = "validation"

    def __init__(
        self,
        encoder: Encoder,
        task: Task = BOOLQ,
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
        """Accept labels as booleans, numbers and words, under ``label`` or ``answer``; a text is one line."""
        texts = {name: " ".join(row[name].split()) for name in BOOLQ.fields if isinstance(row.get(name), str)}
        label = row.get("label", row.get("answer"))
        known = {} if label is None else {"label": _SPELLINGS.get(str(label).casefold(), label)}
        return {**row, **texts, **known}
