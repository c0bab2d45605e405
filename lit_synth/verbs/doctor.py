"""`lit_synth doctor`: whether a run fits the devices it is meant for, and what it will cost there."""


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth doctor`` and print the forecast.

    Raises:
        InputError: A stage does not fit.
    """
    from dataclasses import replace

    from lit_synth.doctor.machine import DoctorSettings
    from lit_synth.errors import InputError
    from lit_synth.options import run_settings

    run, parts = run_settings("doctor", words, doctor=DoctorSettings)
    from lit_synth.doctor.command import doctor

    settings: DoctorSettings = parts["doctor"]
    if parts["slurm"] is not None:
        job = parts["slurm"].of("teacher")
        settings = replace(settings, nodes=settings.nodes or job.nodes, devices=settings.devices or job.tasks_per_node)
    if not doctor(run, settings):
        raise InputError("doctor: not every stage fits; see the lines above")
