"""From files to batches."""

from lit_synth.data.encoders import ClassifierEncoder, TeacherEncoder
from lit_synth.data.module import Mixture, TaskDataModule
from lit_synth.data.requests import Requests
from lit_synth.data.splits import Partition

__all__ = ["ClassifierEncoder", "Mixture", "Partition", "Requests", "TaskDataModule", "TeacherEncoder"]
