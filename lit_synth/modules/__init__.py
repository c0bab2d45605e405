"""Lightning modules: the teacher and the students."""

from lit_synth.modules.adapters import Lora
from lit_synth.modules.classifier import Classifier
from lit_synth.modules.seq2seq import Seq2Seq
from lit_synth.modules.teacher import Teacher

__all__ = ["Classifier", "Lora", "Seq2Seq", "Teacher"]
