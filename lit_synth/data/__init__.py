"""From files to batches."""

from lit_synth.data.encoders import ClassifierEncoder, Seq2SeqEncoder
from lit_synth.data.mixture import Mixture
from lit_synth.data.module import TaskDataModule
from lit_synth.data.requests import Requests
from lit_synth.data.splits import Partition
from lit_synth.data.teaching import TeacherEncoder

__all__ = [
    "ClassifierEncoder",
    "Mixture",
    "Partition",
    "Requests",
    "Seq2SeqEncoder",
    "TaskDataModule",
    "TeacherEncoder",
]
