"""Lists and orders that lie on disk, against lists that do not."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.examples import Example
from lit_synth.on_disk import ById, Kept, in_order

VALUES = st.lists(st.tuples(st.integers(-(2**40), 2**40), st.binary(max_size=3), st.integers(0, 9)), max_size=30)


@given(VALUES)
def test_an_order_is_that_of_a_sort(keyed: list[tuple[int, bytes, int]]) -> None:
    assert list(in_order(keyed)) == [row[2] for row in sorted(keyed, key=lambda row: row[:2])]


def test_an_order_that_does_not_fit_in_memory_is_the_same() -> None:
    random = Random(0)
    keyed = [(random.randrange(9), random.randbytes(200), place) for place in range(100_000)]  # 20 MB
    assert list(in_order(iter(keyed))) == [row[2] for row in sorted(keyed)]


@given(st.lists(st.text(), max_size=20), st.booleans())
def test_kept_values_are_a_list(values: list[str], sort: bool) -> None:
    def key(text: str) -> tuple[int, bytes]:
        return -len(text), text.encode("utf-8", "surrogatepass")

    expected = sorted(values, key=key) if sort else values
    kept = Kept(values, key if sort else None)
    assert len(kept) == len(expected)
    assert list(kept) == expected
    assert kept == expected
    assert kept != [*expected, ""]
    assert kept[1:-1] == expected[1:-1]
    assert bool(kept) == bool(expected)
    with pytest.raises(IndexError):
        kept[len(expected)]
    if expected:
        assert kept[-1] == expected[-1]
        assert Random(1).sample(kept, 1) == Random(1).sample(expected, 1)


def test_rows_are_found_by_their_ids_and_no_others() -> None:
    rows = [Example(f"é{n}", {"text": "line\n" * (n % 3)}, "a", probabilities={"a": 0.25}) for n in range(50)]
    known = ById(Kept(rows))
    assert [known.get(row.id) for row in reversed(rows)] == rows[::-1]
    assert known.get("é50") is None
