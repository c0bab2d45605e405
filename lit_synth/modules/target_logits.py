"""The head of a model that writes: what it says where a target has a token, and of padding nothing."""

from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel


def target_logits(model: PreTrainedModel, inputs: dict[str, Any], labels: Tensor) -> Tensor:
    """Return the logits of the target tokens, of shape ``(tokens, vocabulary)``.

    A head of 30,000 words costs as much as six small layers, so it reads no padding; nor does the model work out a
    loss of its own, which it does where it is given labels.

    Args:
        model: With an encoder and a decoder.
        inputs: ``input_ids`` and ``attention_mask``.
        labels: Of shape ``(batch, target)``, below 0 where there is no token.
    """
    wanted = labels >= 0
    shift: Any = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if shift is None:  # M2M100 and Blenderbot among others shift labels where they work out a loss, and only there
        shifted: Tensor = model(**inputs, labels=labels).logits
        return shifted[wanted]

    def at_tokens(head: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        hidden = given[0]
        # A head that foretells several tokens at once is given more than a row of tokens.
        return (hidden[wanted], *given[1:]) if hidden.shape[:-1] == labels.shape else given

    hook = model.get_output_embeddings().register_forward_pre_hook(at_tokens)
    try:
        logits: Tensor = model(**inputs, decoder_input_ids=shift(labels)).logits
    finally:
        hook.remove()
    return logits if logits.dim() == 2 else logits[wanted]
