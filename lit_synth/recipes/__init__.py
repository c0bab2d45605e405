"""From the settings of a run to the config of each stage, as `lit_synth fit --config` would read it."""

from lit_synth.recipes.student import student_fit, student_search, student_use
from lit_synth.recipes.teacher import few_shot, teacher_fit, teacher_use

__all__ = ["few_shot", "student_fit", "student_search", "student_use", "teacher_fit", "teacher_use"]
