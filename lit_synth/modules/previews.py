"""What a teacher makes of one development row as it learns, as text in the logs."""

from collections.abc import Callable
from typing import Any

import lightning as L
import torch

MOST_TOKENS = 32
"""Of a text that is written for a preview: a look at it must not cost what an epoch does."""
Row = tuple[str, list[int]]
"""The direction, and the tokens that a teacher goes on behind."""


class Previews(L.Callback):
    """Logs one row in both directions at every validation: what was asked, what is known, what the teacher says.

    Goes to every logger that takes text, as TensorBoard's and those with a ``log_text``; the others get none.

    Args:
        answer: Returns what the teacher says to a prompt in a direction.
    """

    def __init__(self, answer: Callable[[Row], str]) -> None:
        self.answer = answer

    def on_validation_batch_end(
        self, trainer: L.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Show the first row of each direction."""
        # With the weights in parts, all devices would have to write as many tokens as each other.
        if batch_idx or trainer.sanity_checking or not trainer.loggers or pl_module.is_sharded:
            return
        for direction in dict.fromkeys(batch["direction"]):
            row = batch["direction"].index(direction)
            ids, labels = batch["input_ids"][row], batch["labels"][row]
            prompt = ids[batch["attention_mask"][row].bool() & (labels < 0)].tolist()
            asked, known = (str(pl_module.tokenizer.decode(one)) for one in (prompt, labels[labels >= 0]))
            with torch.inference_mode():
                said = self.answer((direction, prompt))
            log_text(trainer, f"preview/{direction}", f"{asked}\n\nKnown: {known}\n\nTeacher: {said}")


def log_text(trainer: L.Trainer, tag: str, text: str) -> None:
    """Hand a text to the loggers that take one."""
    if not trainer.is_global_zero:
        return
    for logger in trainer.loggers:
        writer: Any = getattr(logger, "experiment", None)
        if hasattr(logger, "log_text"):
            logger.log_text(key=tag, columns=["text"], data=[[text]], step=trainer.global_step)
        elif hasattr(writer, "add_text"):
            # Indented lines are shown as they are: TensorBoard reads others as Markdown.
            shown = "".join(f"    {line}\n" for line in text.splitlines())
            writer.add_text(tag, shown, trainer.global_step)
