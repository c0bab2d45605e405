"""What curation said before any student was trained: kept apart from the verdict, which came after."""

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, section, tag
from lit_synth.report.wording import listing

TITLE = "Said before the students were trained"


def advice(folder: RunFolder) -> Markup:
    """Return the sentences of curation, each once, with its seeds where not all of them have it."""
    by_sentence: dict[str, list[str]] = {}
    for seed, found in folder.curation.items():
        for sentence in found.get("advice") or ():
            by_sentence.setdefault(sentence, []).append(seed)
    if not by_sentence:
        return Markup()
    items = (tag("li", _of(seeds, len(folder.curation)), sentence) for sentence, seeds in by_sentence.items())
    about = "From annotators, development rows and synthetic rows alone. The verdict above is what came of it."
    return section(TITLE, tag("ul", *items, class_="advice"), note=about)


def _of(seeds: list[str], every: int) -> Markup | str:
    if len(seeds) == every:
        return ""
    return tag("span", f"Seed{'s' * (len(seeds) > 1)} {listing(seeds)}: ", class_="aside")
