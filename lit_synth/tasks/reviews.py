"""Movie-review sentences, positive or negative: the task of the embedded default.

Rows: human mean ratings of Hutto & Gilbert (VADER, ICWSM 2014), where the rating is 0.8 or more from neutral.
"""

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.task import Task

REVIEWS = Task(
    name="reviews",
    fields=("text",),
    target="sentiment",
    labels=("negative", "positive"),
    annotate_prompt="Review: {text}\nSentiment:",
    writings={"Sentiment: {target}\nReview:": "{text}"},
)


class Reviews(TaskDataModule):
    """Movie reviews; ``data_dir`` defaults to the rows that ship inside a package."""

    def __init__(
        self,
        encoder: Encoder,
        task: Task = REVIEWS,
        data_dir: str | None = "embedded:reviews",
        dataset: str | None = None,
        revision: str | None = None,
        pool: str | None = None,
        partition: Partition = Partition(fraction=128),
        mixture: Mixture = Mixture(),
        requests: Requests | None = None,
        batch_size: int = 32,
        predict_batch_size: int = 64,
    ) -> None:
        rows = task, encoder, data_dir, dataset, revision, pool
        super().__init__(*rows, partition, mixture, requests, batch_size, predict_batch_size)
