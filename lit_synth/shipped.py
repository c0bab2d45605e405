"""The configs that come with the package, found by name: `lit_synth run --config demo` needs no checkout."""

from pathlib import Path

_HERE = Path(__file__).parent
FOLDER = _HERE / "configs" if (_HERE / "configs").is_dir() else _HERE.parent / "configs"
"""Where they are when installed, or in a checkout."""


def shipped(config: str | Path) -> Path:
    """Return the path of a config that is given by its path, or by the name of one that is shipped.

    A file of the user's comes first. What is neither is returned as it is, so that the message names it.

    >>> shipped("demo").name, shipped("trainer/bf16").name, shipped("nowhere.yaml")
    ('demo.yaml', 'bf16.yaml', PosixPath('nowhere.yaml'))
    """
    path = Path(config)
    if path.is_file() or path.is_absolute() or ".." in path.parts:
        return path
    # As the docs write it, or by its name alone.
    names = [path] if path.suffix == ".yaml" else [path.with_name(f"{path.name}.yaml")]
    names += [Path(*one.parts[1:]) for one in names if one.parts[0] == "configs" and len(one.parts) > 1]
    return next((FOLDER / name for name in names if (FOLDER / name).is_file()), path)
