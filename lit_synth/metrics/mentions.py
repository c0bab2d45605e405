"""Does a text say what it was given to say? Values of dialogue acts (SGD) and triples (WebNLG) are looked up in it.

A value is mentioned where its words follow each other in the text, whatever the case, accents, punctuation and spaces
around them ("A.C. Milan" is in "AC Milan's"). Parts of words do not count ("2" is not in "12"), and a number that is
written otherwise is another word ("10252" is not in "10,252"). A row is a unit.
"""

import re
import unicodedata
from collections.abc import Sequence

from lit_synth.errors import InputError
from lit_synth.metrics.scored import Scored, ratio_scores

_SLOT = re.compile(r'(\w+) = ("[^"]*"(?:, "[^"]*")*)')
_VALUE = re.compile(r'"([^"]*)"')
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.\s?)+")
_WORD = re.compile(r"\d+(?:[.,:]\d+)+|\w+")
_NOTE = re.compile(r"\s*\([^()]*\)$")
_NO_TEXT = {"true", "false", "none"}


def slot_error_rate(rows: Sequence[Scored]) -> dict[str, float]:
    """Return each row's share of the slot error rate: the slot values of ``acts`` that its text lacks, of all values.

    Left out, as a text says them in words of its own: the values True, False and None ("no subtitles") and the slot
    ``intent`` ("ReserveRestaurant"). After Kale & Rastogi (2020), who look up the values of non-categorical slots and
    count turns, not values; a value that should not be said is no error here either. The references of SGD lack 1 of
    6,971 values in validation and none of 6,514 in test. 0 where no row has a value.

    >>> acts = 'offer(name = "Little Hunan") confirm(seats = "2") confirm(outdoors = "True") request(time)'
    >>> slot_error_rate([Scored("a", {"acts": acts}, ("",), "LITTLE  HUNAN, at 12?")])
    {'a': 0.5}
    """
    return ratio_scores({row.id: _absent(slot_values(row.read("acts", "slot_error_rate")), row.text) for row in rows})


def coverage(rows: Sequence[Scored]) -> dict[str, float]:
    """Return each row's share of coverage: the subjects and objects of ``triples`` that its text mentions, of all.

    Distinct ones within a row, without a note in brackets at the end ("(album)"). The lookup is verbatim, so a date or
    number in another form counts as missing ("1964-10-13", "October 13, 1964"), and so does another name ("United
    States", "the US"): compare systems by it, and read it beside the references of WebNLG, whose first ones reach 0.862
    in validation and 0.842 in test (0.885 and 0.928 of what begins with no digit), the best one of each row 0.910 and
    0.896. 0 where no row has an entity.

    >>> triples = "Aarhus Airport | city served | Aarhus, Denmark && Aarhus Airport | runway length | 2776.0"
    >>> coverage([Scored("a", {"triples": triples}, ("",), "Aarhus airport serves Aarhus (Denmark).")])
    {'a': 0.6666666666666666}
    """
    parts = {}
    for row in rows:
        values = entities(row)
        absent, total = _absent(values, row.text)
        parts[row.id] = total - absent, total
    return ratio_scores(parts)


def slot_values(acts: str) -> list[str]:
    """Return the slot values of linearised dialogue acts that a text has to repeat, in order.

    >>> slot_values('offer_intent(intent = "BuyBus") inform(from = "Rome", "Ostia") inform(nonstop = "False")')
    ['Rome', 'Ostia']
    """
    values = [value for slot, given in _SLOT.findall(acts) if slot != "intent" for value in _VALUE.findall(given)]
    return [value for value in values if _words(value) and value.casefold() not in _NO_TEXT]


def entities(row: Scored) -> list[str]:
    """Return the distinct subjects and objects of a row's triples, in order.

    Raises:
        InputError: A triple has not three parts.
    """
    found: dict[str, str] = {}
    for triple in row.read("triples", "coverage").split(" && "):
        parts = triple.split(" | ")
        if len(parts) != 3:
            raise InputError(f"row {row.id!r}: coverage reads 'subject | predicate | object', found {triple[:80]!r}")
        for value in (parts[0], parts[2]):
            plain = _NOTE.sub("", value)
            kept = plain if _words(plain) else value
            found.setdefault(_words(kept), kept)
    return [value for words, value in found.items() if words]


def mentions(text: str, value: str) -> bool:
    """Tell whether a text holds the words of a value, one after the other.

    >>> mentions("He plays for AC Milan.", "A.C. Milan"), mentions("at 12 pm", "2")
    (True, False)
    """
    return f" {_words(value)} " in f" {_words(text)} "


def _absent(values: Sequence[str], text: str) -> tuple[int, int]:
    """Return how many values a text lacks, and how many there are."""
    return sum(not mentions(text, value) for value in values), len(values)


def _words(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    glued = _INITIALS.sub(lambda match: re.sub(r"[.\s]", "", match[0]) + " ", plain)
    return " ".join(_WORD.findall(glued))
