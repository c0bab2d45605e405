"""SLURP: what a user wants of a voice assistant, one of 60 intents (Bastianelli et al., EMNLP 2020).

Rows hold ``text`` and ``intent`` (scenario_action), as in the repository of SLURP or in the en-US part of MASSIVE.

| hub name (untested offline) | revision |
| --- | --- |
| SetFit/amazon_massive_intent_en-US | main |
"""

from lit_synth.data import Mixture, Partition, Requests, TaskDataModule
from lit_synth.data.encoders import Encoder
from lit_synth.tables import Row
from lit_synth.task import Task

INTENTS = (
    "alarm_query alarm_remove alarm_set audio_volume_down audio_volume_mute audio_volume_other audio_volume_up "
    "calendar_query calendar_remove calendar_set cooking_query cooking_recipe datetime_convert datetime_query "
    "email_addcontact email_query email_querycontact email_sendemail general_greet general_joke general_quirky "
    "iot_cleaning iot_coffee iot_hue_lightchange iot_hue_lightdim iot_hue_lightoff iot_hue_lighton "
    "iot_hue_lightup iot_wemo_off iot_wemo_on lists_createoradd lists_query lists_remove music_dislikeness "
    "music_likeness music_query music_settings news_query play_audiobook play_game play_music play_podcasts "
    "play_radio qa_currency qa_definition qa_factoid qa_maths qa_stock recommendation_events "
    "recommendation_locations recommendation_movies social_post social_query takeaway_order takeaway_query "
    "transport_query transport_taxi transport_ticket transport_traffic weather_query"
).split()

SLURP = Task(
    name="slurp",
    fields=("text",),
    target="intent",
    labels=tuple(INTENTS),
    annotate_prompt="Utterance: {text}\nIntent:",
    writings={"Intent: {target}\nUtterance:": "{text}"},
)


class Slurp(TaskDataModule):
    """Intents of utterances."""

    def __init__(
        self,
        encoder: Encoder,
        task: Task = SLURP,
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
        """Accept the intent under ``label_text``, as SetFit's copies have it, and the utterance under ``sentence``."""
        intent, text = row.get("intent", row.get("label_text")), row.get("text", row.get("sentence"))
        known = {"intent": intent, "text": text}
        return {**row, **{name: value for name, value in known.items() if value is not None}}
