"""Near duplicates, against a comparison of every text with every other that knows no hashing."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from zlib import crc32

import pytest
from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.curation.duplicates import NearDuplicates, _bands, normalise, shingles, similarity
from lit_synth.errors import InputError
from lit_synth.json_lines import read_json_lines


def jaccard(first: str, second: str) -> float:
    one, two = (
        {plain} if len(plain) < 5 else {"".join(part) for part in zip(*(plain[i:] for i in range(5)), strict=False)}
        for plain in (" ".join(text.lower().split()) for text in (first, second))
    )
    return len(one.intersection(two)) / len(one.union(two))


def of(texts: list[str], threshold: float = 0.8) -> NearDuplicates:
    near = NearDuplicates(threshold)
    for place, text in enumerate(texts):
        near.add(text, str(place))
    return near


# Long enough that one letter more or less is near, and few enough letters that chance makes many such.
TEXTS = st.text("ab C\n", max_size=30) | st.from_regex(r"wake me up at [1-9] on [A-Z]?monday", fullmatch=True)


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_what_is_found_is_the_nearest_of_all_texts(texts: list[str], text: str) -> None:
    found, best = of(texts).find(text), max((jaccard(text, other) for other in texts), default=0.0)
    if found is None:
        assert best < 0.9  # between 0.8 and 0.9 the index may miss one in 20,000
    else:
        assert texts[int(found[0])] == found[1]
        assert jaccard(text, found[1]) == best >= 0.8


class InMemory:
    """The same by datasketch's own index, which holds every text and band."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.texts: list[str] = []
        number, size = _bands(threshold)
        self.index = MinHashLSH(num_perm=128, params=(number, size))

    def signature(self, text: str) -> MinHash:
        made = MinHash(num_perm=128, seed=1, hashfunc=crc32)
        made.update_batch(part.encode() for part in shingles(text))
        return made

    def find(self, text: str) -> str | None:
        near = [(jaccard(self.texts[place], text), -place) for place in self.index.query(self.signature(text))]
        best, place = max(near, default=(0.0, 0))
        return str(-place) if best >= self.threshold else None

    def add(self, text: str) -> None:
        self.index.insert(len(self.texts), self.signature(text), check_duplication=False)
        self.texts.append(text)


@given(st.lists(TEXTS, max_size=40), st.sampled_from([0.3, 0.6, 0.8]))
def test_what_lies_on_disk_gives_the_verdicts_of_an_index_in_memory(texts: list[str], threshold: float) -> None:
    near, other = NearDuplicates(threshold), InMemory(threshold)
    for place, text in enumerate(texts):
        found = near.find(text)
        assert (found and found[0]) == other.find(text)
        near.add(text, str(place))
        other.add(text)


def test_texts_are_held_against_those_of_the_same_passage_alone() -> None:
    near = NearDuplicates(0.8)
    for within in ("one", "two"):
        near.add("was the bridge made of stone", within, within)
    assert [near.find("was the bridge made of stone?", within) for within in ("two", "three", "")] == [
        ("two", "was the bridge made of stone"),
        None,
        None,
    ]


def test_every_near_pair_of_real_texts_is_found_and_no_other(real_data: Callable[[str], Path]) -> None:
    lines = read_json_lines(real_data("slurp") / "train.jsonl.gz")
    texts = [row["text"] for _, row in lines][:6000:5]
    sets = [shingles(text) for text in texts]
    near, pairs = NearDuplicates(0.6), 0
    for place, text in enumerate(texts):
        found = near.find(text)
        best = max((similarity(sets[place], other) for other in sets[:place]), default=0.0)
        assert (found is not None) == (best >= 0.6)
        assert found is None or jaccard(text, found[1]) == best
        pairs += found is not None
        near.add(text, "")
    assert pairs > 20


@pytest.mark.parametrize("threshold", [0.2, 0.4, 0.5, 0.7, 0.8, 0.9, 0.97])
def test_hardly_a_text_just_at_the_threshold_is_overlooked(threshold: float) -> None:
    random, overlooked = Random(0), 0
    for _ in range(300):
        letters = [chr(random.randrange(0x4E00, 0x9000)) for _ in range(604)]
        # Of 600 5-grams each, so many are shared that the similarity is just reached.
        shared = -int(-600 * 2 * threshold // (1 + threshold))
        other = letters[: shared + 4] + [chr(random.randrange(0xAC00, 0xD7A0)) for _ in range(600 - shared)]
        first, second = "".join(letters), "".join(other)
        assert threshold <= jaccard(first, second) < threshold + 0.01
        overlooked += of([first], threshold).find(second) is None
    assert overlooked <= 2


@given(st.text(), st.sampled_from([str.upper, str.title, lambda text: f"\n {text}\t"]))
def test_a_copy_in_other_case_and_space_is_a_duplicate_at_any_threshold(
    text: str, change: Callable[[str], str]
) -> None:
    changed = change(text)
    if normalise(changed) == normalise(text):  # not so for a few letters, such as the dotless i
        assert of([text], 1.0).find(changed) == ("0", text)


@pytest.mark.parametrize("text", ["", " ", "a", "hi", "\ud800", "\N{PARTY POPPER}"])
def test_a_text_of_a_few_letters_is_near_to_itself_alone(text: str) -> None:
    near = of(["something else", text])
    assert near.find(text) == ("1", text)
    assert near.find(text + "b") is None


def test_nothing_is_near_where_nothing_was_added() -> None:
    assert NearDuplicates(0.1).find("") is None


def test_of_texts_that_are_equally_near_the_first_is_told() -> None:
    assert of(["Play jazz", "play JAZZ", "play jazz"]).find("play jazz") == ("0", "Play jazz")
    evenings = [f"wake me up at nine in the evening, {name}" for name in ("Ann", "Bob", "Eve")]
    assert of(evenings[:2]).find(evenings[2]) == ("0", evenings[0])


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, float("nan")])
def test_a_threshold_that_is_no_similarity_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match=rf"threshold {threshold} is no similarity; give one above 0 and up to 1"):
        NearDuplicates(threshold)
