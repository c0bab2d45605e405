"""`lit_synth doctor`: whether a run fits the devices it is meant for, and what it will cost there."""


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth doctor`` and print the forecast.

    Raises:
        InputError: A stage does not fit.
    """
    from lit_synth.doctor.machine import DoctorSettings
    from lit_synth.errors import InputError
    from lit_synth.options import run_settings

    run, parts = run_settings("doctor", words, doctor=DoctorSettings)
    from lit_synth.doctor.command import doctor

    if not doctor(run, parts["doctor"]):
        raise InputError("doctor: not every stage fits; see the lines above")
