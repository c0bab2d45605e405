"""What watches a trainer and writes files."""

from lit_synth.callbacks.generation import Generation
from lit_synth.callbacks.predictions import Predictions
from lit_synth.callbacks.progress import Progress
from lit_synth.callbacks.records import DevelopmentCurve, Export

__all__ = ["DevelopmentCurve", "Export", "Generation", "Predictions", "Progress"]
