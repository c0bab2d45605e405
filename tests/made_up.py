"""Made-up rows of the six tasks, each in the columns of its own data set; short, so that a tiny teacher learns them."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

from lit_synth.tasks.slurp import INTENTS

Row = dict[str, Any]
MOODS = ("warm", "cold", "clever", "clumsy", "moving", "boring", "superb", "stupid")
THINGS = ("plot", "cast", "script", "ending", "scene", "work")
FILMS = [(thing, other, mood) for thing, other, mood in product(THINGS, THINGS, MOODS) if thing < other]
random.Random(0).shuffle(FILMS)


def slurp() -> Iterator[Row]:
    for number, intent in enumerate(INTENTS * 2):
        opening = ("honestly", "this time")[number // len(INTENTS)]
        yield {"text": f"{opening} {MOODS[number % 8]} {intent.replace('_', ' ')}", "intent": intent}


def rte() -> Iterator[Row]:
    for number, (thing, other, mood) in enumerate(FILMS):
        premise, said = f"the {thing} and the {other} seems {mood}", (thing, "film")[number % 2]
        yield {"premise": premise, "hypothesis": f"{said} seems {mood}", "label": number % 2}


def boolq() -> Iterator[Row]:
    for number, (thing, other, mood) in enumerate(FILMS):
        passage, asked = f"the {thing} and the {other} seems {mood}", (thing, "film")[number % 2]
        yield {"passage": passage, "question": f"is {asked} {mood}", "label": number % 2 == 0}


def multirc() -> Iterator[Row]:
    for thing, other, mood in FILMS:
        about = {"paragraph": f"the {thing} and the {other} seems {mood}", "question": f"what seems {mood}"}
        yield from (about | {"answer": answer, "label": label} for answer, label in ((thing, 1), ("film", 0)))


def sgd() -> Iterator[Row]:
    for number, (thing, other, mood) in enumerate(FILMS):
        asked = {"service": ("Films_1", "Plays_2")[number % 2], "prompt": f"the {thing} or {other}"}
        told = {"target": f"{thing} is {mood}", "references": [f"{thing} is {mood}", f"a {mood} {thing}"]}
        yield {**asked, **told, "dialog_acts": [{"act": "OFFER", "slot": "mood", "values": [mood]}]}


def webnlg() -> Iterator[Row]:
    for number, (thing, other, mood) in enumerate(FILMS):
        facts = {"category": ("Film", "Play")[number % 2], "input": [f"{thing}_or_{other} | seems | {mood}"]}
        yield {**facts, "target": f"{thing} is {mood}", "references": [f"{thing} is {mood}", f"a {mood} {thing}"]}


MADE = {"Slurp": slurp, "Rte": rte, "BoolQ": boolq, "MultiRC": multirc, "Sgd": sgd, "WebNlg": webnlg}
