"""SGD: what a voice assistant says next (Rastogi et al., AAAI 2020): its dialogue acts and the user's words, in a text.

Rows hold ``service``, ``prompt`` (what the user said last), ``dialog_acts`` and ``target``, in the form of GEM
(Gehrmann et al., 2021); acts become one line such as ``offer(city = "San Jose") request(time)``.

| hub name (untested offline) | revision |
| --- | --- |
| GEM/schema_guided_dialog | refs/convert/parquet |
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

# Of dstc8-schema-guided-dialogue: GEM's copy on the hub numbers its acts in this order.
ACTS = (
    "affirm affirm_intent confirm goodbye inform inform_count inform_intent negate negate_intent notify_failure "
    "notify_success offer offer_intent req_more request request_alts select thank_you"
).split()
_VALUES = r'"[^"]*"(?:, "[^"]*")*'
_ACT = rf"\w+\((?:\w+(?: = {_VALUES})?)?\)"
SGD = Task(
    name="sgd",
    fields=("service", "acts", "prompt"),
    target="target",
    condition="service",
    annotate_prompt="Service: {service}\nUser: {prompt}\nActs: {acts}\nAssistant:",
    writings={"A turn of a dialogue with {service}.\nUser:": "{prompt}\nActs: {acts}"},
    references="references",
    patterns={"acts": rf"{_ACT}(?: {_ACT})*"},
    schema={"acts": rf"(\w+\(\w*)(?: = {_VALUES})?\)"},
    metrics=("rougeL", "rouge1", "rouge2", "bleu", "chrf", "slot_error_rate"),
)


def linearise(acts: Sequence[Mapping[str, Any]]) -> str:
    """Write dialogue acts as one line.

    >>> asked = {"act": "REQ_MORE", "slot": "", "values": []}
    >>> linearise([{"act": "OFFER", "slot": "city", "values": ["San Jose"]}, asked])
    'offer(city = "San Jose") req_more()'
    """
    return " ".join(_act(act) for act in acts)


def _act(act: Mapping[str, Any]) -> str:
    name = act["act"] if isinstance(act["act"], str) else ACTS[act["act"]]
    values = ", ".join('"{}"'.format(str(value).replace('"', "'")) for value in act["values"])
    return f"{name.lower()}({' = '.join(filter(None, [act['slot'], values]))})"


def _is_act(act: Any) -> bool:
    if not isinstance(act, Mapping) or not {"act", "slot", "values"} <= act.keys():
        return False
    return isinstance(act["act"], str) or act["act"] in range(len(ACTS))


class Sgd(TaskDataModule):
    """System turns of task-oriented dialogues."""

    def __init__(
        self,
        encoder: Encoder,
        task: Task = SGD,
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
        """Put the dialogue acts into one line; texts are one line too."""
        acts = row.get("dialog_acts")
        if isinstance(acts, list) and all(map(_is_act, acts)):
            row = {**row, "acts": linearise(acts)}
        return {**row, **{name: " ".join(row[name].split()) for name in ("prompt",) if isinstance(row.get(name), str)}}
