"""WebNLG: a set of facts as a text (Gardent et al., ACL 2017; English part of the 2020 challenge).

Rows hold ``input`` (a list of "subject | predicate | object"), ``category``, ``target`` and ``references``, as in GEM;
an input with several texts is one row with several references.

| hub name (untested offline) | revision |
| --- | --- |
| GEM/web_nlg/en | refs/convert/parquet |
"""

import re
from collections.abc import Sequence

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

_PART = r"[^|&]+"
_TRIPLE = rf"{_PART} \| {_PART} \| {_PART}"
WEBNLG = Task(
    name="webnlg",
    fields=("triples",),
    target="target",
    condition="category",
    annotate_prompt="Facts: {triples}\nText:",
    writings={"Facts about {category}, as subject | predicate | object:": "{triples}"},
    references="references",
    patterns={"triples": rf"{_TRIPLE}(?: && {_TRIPLE})*"},
    schema={"triples": rf"\| ({_PART}) \|"},
    metrics=("rougeL", "rouge1", "rouge2", "bleu", "chrf", "coverage"),
)


_PLAIN = str.maketrans("_|", "  ")


def linearise(triples: Sequence[str]) -> str:
    """Write triples as one line of plain words.

    >>> linearise(['Aarhus_Airport | cityServed | "Aarhus, Denmark"', "Aarhus | country | Denmark"])
    'Aarhus Airport | city served | Aarhus, Denmark && Aarhus | country | Denmark'
    """
    return " && ".join(_triple(triple) for triple in triples)


def _triple(triple: str) -> str:
    subject, predicate, value = (part.translate(_PLAIN).replace("&", "and").strip(' "') for part in triple.split(" | "))
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", predicate).lower()
    return f"{subject} | {words} | {value}"


class WebNlg(TaskDataModule):
    """Texts for sets of triples."""

    def __init__(
        self,
        encoder: Encoder,
        task: Task = WEBNLG,
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
        """Put the triples into one line."""
        triples = row.get("input")
        if not isinstance(triples, list) or not all(isinstance(one, str) and one.count(" | ") == 2 for one in triples):
            return row
        return {**row, "triples": linearise(triples)}
