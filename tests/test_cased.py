import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

from lit_synth.embedded.cased import cased_tokenizer, embed, forms

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SIGNS = ".,;:!?%()[]-\u2013/'\"“”$&\u2019"
WORDS = ("new", "york", "the", "nasa", "airport", "##ing", "##port", "##s", "s", "t")
SIZE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@pytest.fixture(scope="module")
def uncased() -> PreTrainedTokenizerFast:
    """An uncased WordPiece tokenizer that knows few words and every letter and sign."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    known = [*SPECIAL, *WORDS]
    known += [token for one in LETTERS for token in (one, f"##{one}") if token not in known]
    known += SIGNS
    tokenizer = Tokenizer(models.WordPiece({token: place for place, token in enumerate(known)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **names)


@pytest.fixture(scope="module")
def cased(uncased: PreTrainedTokenizerFast) -> Any:
    return cased_tokenizer(uncased, forms(uncased.get_vocab()))


def written(tokenizer: Any, text: str) -> str:
    found: str = tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True)
    return found


def test_every_word_gets_its_capital_and_every_letter_its_accents(uncased: PreTrainedTokenizerFast) -> None:
    known = uncased.get_vocab()
    found = forms(known)
    assert {form: found[form] for form in ("New", "NEW", "NASA", "Airport", "É", "##é", "##Q", "ộ")} == {
        "New": "new",
        "NEW": "new",
        "NASA": "nasa",
        "Airport": "airport",
        "É": "e",
        "##é": "##e",
        "##Q": "##q",
        "ộ": "o",
    }
    # Long words and parts of words are not doubled once more, signs and special tokens have no case.
    assert not {"AIRPORT", "##Port", "##PORT", "[pad]", "7"} & found.keys()
    assert not found.keys() & known.keys()
    assert set(found.values()) <= known.keys()


def test_forms_stand_in_the_order_of_the_tokens(uncased: PreTrainedTokenizerFast) -> None:
    known = uncased.get_vocab()
    backwards = dict(sorted(known.items(), key=lambda pair: -pair[1]))
    assert [*forms(known)] == [*forms(backwards)]


@pytest.mark.parametrize(
    "text",
    [
        "New York (NASA), 14L/32R.",
        "Agremiação of Lomża? Não: São Tomé!",
        "It's 7:30, don\u2019t ask; the airport's 2702.0 and 1,533 are 12%.",
        "Born July 23, 1982. Age 5.",
        'He said "New York" and "the airport".',
        "A.F.C. Al-Taqaddum Madrid\u2013Barajas 415-563-0800",
        "A “word” costs $34 [sic].",
        "O'Hare of AT&T, the B.C.'s airport.",
        "In 2014, 500 of 12,345,678 new.",
    ],
)
def test_a_text_comes_back_as_it_was_written(cased: Any, text: str) -> None:
    assert written(cased, text) == text


def test_an_accent_may_be_a_mark_of_its_own(cased: Any) -> None:
    assert written(cased, unicodedata.normalize("NFD", "São Tomé")) == "São Tomé"


def test_a_mark_that_no_letter_has_leaves_the_letter(cased: Any) -> None:
    assert written(cased, "n\u0301 q\u0301") == "ń q"


def test_a_letter_that_is_unknown_leaves_the_other_words(cased: Any) -> None:
    # Ł is a letter of its own, with no mark to take off; MiniLM's vocabulary has it, this one has not.
    assert cased.tokenize("New Łódź airport") == ["New", "[UNK]", "airport"]


def test_the_tokenizer_neither_cuts_nor_pads_by_itself(cased: Any) -> None:
    assert len(cased("the " * 20)["input_ids"]) == 22
    assert len(cased("the")["input_ids"]) == 3
    assert (cased.model_max_length, cased.sep_token, cased.pad_token_id) == (512, "[SEP]", 0)


def test_it_is_the_same_once_saved(cased: Any, tmp_path: Path) -> None:
    cased.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    text = 'São Tomé (NASA) said "it\'s 2.5"'
    assert again(text)["input_ids"] == cased(text)["input_ids"]
    assert written(again, text) == text


def test_a_form_lies_near_its_token_and_all_capitals_on_one_side(uncased: PreTrainedTokenizerFast) -> None:
    known: Mapping[str, int] = uncased.get_vocab()
    added = forms(known)
    torch.manual_seed(1)
    model = BertModel(BertConfig(vocab_size=len(known), **SIZE))
    before = model.get_input_embeddings().weight.detach().clone()
    embed(model, known, added, 0.5)
    after = model.get_input_embeddings().weight.detach()
    assert after.shape == (len(known) + len(added), 32)
    assert torch.equal(after[: len(known)], before)
    place = {form: len(known) + number for number, form in enumerate(added)}
    steps = {form: after[place[form]] - before[known[added[form]]] for form in ("New", "York", "NEW", "É", "é")}
    assert torch.allclose(steps["New"], steps["York"], atol=1e-6)
    assert torch.allclose(steps["New"], steps["É"], atol=1e-6)
    assert not torch.allclose(steps["New"], steps["NEW"], atol=1e-2)
    assert not steps["é"].any()


def test_a_writer_can_say_the_forms(uncased: PreTrainedTokenizerFast) -> None:
    from transformers import BertLMHeadModel

    known = uncased.get_vocab()
    added = forms(known)
    model = BertLMHeadModel(BertConfig(vocab_size=len(known), is_decoder=True, **SIZE))
    embed(model, known, added, 0.5)
    said = model(torch.tensor([[2, 5]])).logits
    assert said.shape == (1, 2, len(known) + len(added))
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
