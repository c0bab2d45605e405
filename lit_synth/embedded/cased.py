"""Capitals, accents and spaces for a vocabulary of lower case, so that a model made from it writes text as people do.

BERT's uncased vocabulary reads ``Łódź (14L/32R)`` as ``łodz ( 14l / 32r )``. To classify, that is enough; a text
written so is no use. Here every word gets its capital forms and every letter its accents, as tokens of their own, whose
embeddings start as those of the token that they are a form of, and a step along a direction which all capitals share.
"""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

ACCENTED = range(0xC0, 0x3100)
"""Where letters lie that Unicode takes apart into a letter and its marks; syllables of Hangul lie beyond, unknown."""
ACRONYM = 4
"""Letters of the longest word that also gets a form of capitals alone."""
READ, WRITE = 0.3, 1.5
"""How far a form lies from its word, in lengths of a mean embedding: a reader tells them by little, and knows the word
the better; a writer has to choose between them at every word."""
GLUE = (
    (r" (?=[.,;:!?%)\]”»])|(?<=[(\[$£€#“«]) ", ""),
    (r'(?<=") (?=[^"]*"(?:[^"]*"[^"]*")*[^"]*$)', ""),  # a quotation mark opens where an odd number of them follows
    (r' (?="(?:[^"]*"[^"]*")*[^"]*$)', ""),
    (r"(?<=[\w.)]) (?=['\u2019] (?:s|t|re|ll|d|m|ve)\b)|(?<=\b[A-Z]) (?=['\u2019] [A-Z])", ""),
    (r"(?<=[\w.)]['\u2019]) (?=(?:s|t|re|ll|d|m|ve)\b)|(?<=\b[A-Z]['\u2019]) (?=[A-Z])", ""),
    (r"(?<=[\w)]) - (?=[\w(])", "-"),
    (r"(?<=\w) \u2013 (?=\w)", "\u2013"),
    (r"(?<=\w) / (?=\w)", "/"),
    (r"(?<=\d[.:]) (?=\d)|(?<=\b\d,|\b\d\d,|\b\d\d\d,) (?=\d{3}\b)", ""),
    (r"(?<=\b[A-Z]|\b[A-Z][A-Z]) & (?=[A-Z]\b)", "&"),
    (r"(?<=\b[A-Z]\.) (?=[A-Z]\.)", ""),
)
"""Patterns of a text whose tokens are parted by spaces, and what stands there when people write."""


def forms(vocabulary: Mapping[str, int]) -> dict[str, str]:
    """Return the forms that a vocabulary of WordPiece lacks, each with the token that it is a form of.

    >>> forms({"new": 0, "[PAD]": 1, "7": 2, "##ing": 3})
    {'New': 'new', 'NEW': 'new'}
    >>> [*forms({"##e": 1, "e": 2})][:6]
    ['##E', 'E', 'È', '##È', 'É', '##É']
    """
    found: dict[str, str] = {}
    for token in sorted(vocabulary, key=vocabulary.__getitem__):
        word = token.removeprefix("##")
        mark = token[: len(token) - len(word)]
        if word[:1].isalpha():
            # Within a word capitals are spelt letter by letter; so names that are unknown can be written, too.
            written = [word[0].upper() + word[1:]] if not mark or len(word) == 1 else []
            written += [word.upper()] if not mark and len(word) <= ACRONYM else []
            found |= {mark + form: token for form in written if len(form) == len(word)}
    for letter in map(chr, ACCENTED):
        for mark in ("", "##") if letter.isalpha() else ():
            found.setdefault(mark + letter, mark + _bare(letter))
    return {form: token for form, token in found.items() if form not in vocabulary and token in vocabulary}


def cased_tokenizer(tokenizer: Any, added: Mapping[str, str]) -> Any:
    """Return a tokenizer with the forms behind its tokens, which keeps case and accents and puts spaces as people do.

    Args:
        tokenizer: Of BERT, uncased, a fast one.
        added: As :func:`forms` returns them.
    """
    from tokenizers import Regex, Tokenizer, decoders
    from transformers import PreTrainedTokenizerFast

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    kept = state["normalizer"] | {"lowercase": False, "strip_accents": False}
    # A mark that no letter of one character holds goes, as it does uncased.
    marks = {"type": "Replace", "pattern": {"Regex": r"\p{Mn}"}, "content": ""}
    state["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFC"}, marks, kept]}
    known = state["model"]["vocab"]
    known |= {form: len(known) + place for place, form in enumerate(added)}
    backend = Tokenizer.from_str(json.dumps(state | {"padding": None, "truncation": None}))
    glued = [decoders.Replace(Regex(pattern), instead) for pattern, instead in GLUE]
    backend.decoder = decoders.Sequence([decoders.WordPiece(cleanup=False), decoders.Fuse(), *glued])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=tokenizer.model_max_length,
        clean_up_tokenization_spaces=False,
        **tokenizer.special_tokens_map,
    )


def embed(model: Any, vocabulary: Mapping[str, int], added: Mapping[str, str], far: float) -> None:
    """Give a model the embeddings of the forms.

    Args:
        model: Of BERT; a head that shares the embeddings grows with them.
        vocabulary: Of the tokenizer before the forms.
        added: As :func:`forms` returns them.
        far: From its token to a form, in lengths of a mean embedding.
    """
    import torch

    known = model.get_input_embeddings().weight.detach().clone()
    capital, acronym = torch.randn(2, known.shape[1], generator=torch.Generator().manual_seed(0))
    step = far * known.norm(dim=1).mean()
    rows = []
    for form, token in added.items():
        word = form.removeprefix("##")
        row = known[vocabulary[token]]
        row = row + step * capital / capital.norm() if word[0].isupper() else row
        rows.append(row + step * acronym / acronym.norm() if len(word) > 1 and word.isupper() else row)
    model.resize_token_embeddings(len(known) + len(rows), mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight[len(known) :] = torch.stack(rows)


def _bare(letter: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", letter.lower()) if unicodedata.category(one) != "Mn")
