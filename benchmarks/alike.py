"""Whether several ways to write draw from one distribution, told by what they wrote and by their log probabilities."""

from typing import Any

from harness import Check


def check_texts(found: dict[str, Any]) -> list[Check]:
    """Tell whether first tokens and lengths of our texts and theirs could come from one distribution."""
    from collections import Counter

    import numpy as np
    from scipy import stats

    checks: list[Check] = []
    ours = found["lit_synth"]
    for name, theirs in found.items():
        if name == "lit_synth":
            continue
        one, other = Counter(ours["first"]), Counter(theirs["first"])
        common = [token for token, times in (one + other).items() if times >= 20]
        counts = np.array([[each[token] for token in common] for each in (one, other)])
        rest = [[each.total() - row.sum()] for each, row in zip((one, other), counts, strict=True)]
        table = np.hstack([counts, rest])
        value = stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue if len(common) else 1.0
        checks.append((f"{name}: first tokens are alike, p", f"{value:.3f}", bool(value > 0.001)))
        value = stats.mannwhitneyu(ours["lengths"], theirs["lengths"]).pvalue
        checks.append((f"{name}: lengths are alike, p", f"{value:.3f}", bool(value > 0.001)))
    return checks


def same_logits(model: Any, tokenizer: Any, prompts: list[str]) -> Check:
    """Hold the log probabilities behind our prompts against those of the model called plainly, bit by bit."""
    import torch

    from lit_synth.decoding.forward import prefill

    batch = tokenizer(prompts, return_tensors="pt", padding=True)
    with torch.inference_mode():
        ours = prefill(model, batch["input_ids"], batch["attention_mask"]).log_probabilities
        theirs = model(**_positions(batch), logits_to_keep=1).logits[:, -1].float().log_softmax(dim=-1)
    most = float((ours - theirs).abs().max())
    same = "bit-equal" if torch.equal(ours, theirs) else f"{most:.1e}"
    return "log probabilities, largest difference", same, most < (1e-3 if model.dtype == torch.float32 else 0.1)


def _positions(batch: Any) -> dict[str, Any]:
    return {**batch, "position_ids": (batch["attention_mask"].cumsum(dim=1) - 1).clamp(min=0)}
