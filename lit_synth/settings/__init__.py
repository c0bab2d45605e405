"""What `lit_synth run` is told: one frozen value for each part of the path."""

from lit_synth.settings.run import STRATEGIES, STUDENTS, SYNTHETIC, RunSettings, Strategy, Until
from lit_synth.settings.slurm import Resources, SlurmSettings
from lit_synth.settings.student import Choice, Search, StudentSettings
from lit_synth.settings.synthesis import CurationSettings, GenerationSettings
from lit_synth.settings.teacher import FewShotSettings, TeacherSettings

__all__ = [
    "STRATEGIES",
    "STUDENTS",
    "SYNTHETIC",
    "Choice",
    "CurationSettings",
    "FewShotSettings",
    "GenerationSettings",
    "Resources",
    "RunSettings",
    "Search",
    "SlurmSettings",
    "Strategy",
    "StudentSettings",
    "TeacherSettings",
    "Until",
]
