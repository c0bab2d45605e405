"""What is known by hashes, against a set that holds everything."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.on_disk import Hashes, hashes


@given(st.lists(st.text("ab\ud800é", max_size=3)), st.integers(1, 9))
def test_hashes_answer_as_a_set_does(texts: list[str], most: int) -> None:
    before, hashes._UNSORTED = hashes._UNSORTED, most  # so that a few are moved to arrays already
    try:
        found, held = Hashes(), set[str]()
        for text in texts:
            assert (text in found) == (text in held)
            assert found.add(text) == (text not in held)
            held.add(text)
        assert len(found) == len(held)
        assert all(text in found for text in held)
    finally:
        hashes._UNSORTED = before


def test_a_hash_that_ends_in_zeros_is_found() -> None:
    run = np.sort(hashes.as_array(bytes(15) + b"\1" + b"\1" + bytes(15)))
    for own in (bytes(15) + b"\1", b"\1" + bytes(15)):
        assert hashes.place_of(own, run) is not None
    assert hashes.place_of(bytes(16), run) is None
    assert hashes.place_of(b"\2" + bytes(15), run) is None
