"""Tokenizers as every part loads them."""

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from lit_synth.embedded import resolve
from lit_synth.examples import InputError


def load_tokenizer(model: str) -> PreTrainedTokenizerBase:
    """Load a tokenizer by folder, hub name, or ``embedded:`` name; its padding token is another than its end token.

    With one token for both, a model may never learn to end; where the vocabulary has no other, it stays the end token.

    Raises:
        InputError: There is no such tokenizer, or it cannot be reached.
    """
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(resolve(model), trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = "it needs code of its own, which is never run" if "trust_remote_code" in str(error) else _first(error)
        raise InputError(
            f"model {model}: no tokenizer there ({reason}); check the name, or give a local folder"
        ) from None
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        known = tokenizer.get_vocab()
        spare = [token for token in ("<|padding|>", "<|endoftext|>", "<pad>", "<unk>") if token in known]
        tokenizer.pad_token = next((token for token in spare if token != tokenizer.eos_token), tokenizer.eos_token)
    return tokenizer


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
