"""MultiRC: is this a right answer to a question about a paragraph? (Khashabi et al., NAACL 2018, as in SuperGLUE).

Rows hold ``paragraph``, ``question``, ``answer`` and ``label`` (0 or 1). A question has several answers, any number of
them right, so it is scored by question. Test labels are hidden, so validation is scored.

| hub name (untested offline) | revision |
| --- | --- |
| aps/super_glue/multirc | refs/convert/parquet |
"""

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

LABELS = ("0", "1")
MULTIRC = Task(
    name="multirc",
    fields=("paragraph", "question", "answer"),
    target="label",
    labels=LABELS,
    annotate_prompt="Paragraph: {paragraph}\nQuestion: {question}\nAnswer: {answer}\nIs the answer right?",
    writings={
        "Paragraph: {paragraph}\nQuestion: {question}\n{target} answer:": "{answer}",
        "Paragraph: {paragraph}\nA question, and a {target} answer.\nQuestion:": "{question}\nAnswer: {answer}",
    },
    long_field="paragraph",
    unit=("paragraph", "question"),
    label_words={"0": "wrong", "1": "right"},
    metrics=("f1a", "em", "f1m", "accuracy"),
)
_SPELLINGS = {"false": "0", "true": "1"}


class MultiRC(TaskDataModule):
    """Answers to questions about a paragraph; validation is scored."""

    evaluation = "validation"

    def __init__(
        self,
        encoder: Encoder,
        task: Task = MULTIRC,
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
        """Accept labels as numbers, booleans and words; a text is one line, and an empty answer says so."""
        texts = {name: " ".join(row[name].split()) for name in MULTIRC.fields if isinstance(row.get(name), str)}
        if texts.get("answer") == "":
            texts["answer"] = "(no answer)"
        known = {"label": _SPELLINGS.get(str(row["label"]).casefold(), row["label"])} if "label" in row else {}
        return {**row, **texts, **known}
