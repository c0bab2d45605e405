"""Tokenizers as every part loads them."""

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from lit_synth.embedded import resolve
from lit_synth.errors import InputError
from lit_synth.hub import why_absent


def load_tokenizer(model: str) -> PreTrainedTokenizerBase:
    """Load a tokenizer by folder, hub name, or ``embedded:`` name; its padding token is another than its end token.

    With one token for both, a model may never learn to end; where the vocabulary has no other, it stays the end token.

    Raises:
        InputError: There is no such tokenizer, or it cannot be reached.
    """
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(resolve(model), trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(why_absent(model, error)) from None
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        known = tokenizer.get_vocab()
        spare = [token for token in ("<|padding|>", "<|endoftext|>", "<pad>", "<unk>") if token in known]
        tokenizer.pad_token = next((token for token in spare if token != tokenizer.eos_token), tokenizer.eos_token)
    return tokenizer
