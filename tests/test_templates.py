"""Templates: what is filled in stays as it is."""

from hypothesis import given
from hypothesis import strategies as st

from lit_synth.templates import fill


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(), min_size=2))
def test_filling_is_one_pass(values: dict[str, str]) -> None:
    assert fill("{a}|{b}", values) == f"{values['a']}|{values['b']}"
