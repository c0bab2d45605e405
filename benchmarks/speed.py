"""The page of speed: what the scripts have kept, as a section of ``RESULTS.md`` and a figure.

python benchmarks/speed.py [FOLDER]
"""

import json
import sys
from pathlib import Path
from typing import Any

from results import markdown_table, write_section

ORDER = ("annotate", "generate", "teacher", "student", "start", "memory")
FIGURE = Path(__file__).with_name("speed.svg")
HEAD = ["question", "against", "ours /s", "theirs /s", "ours is", "in each round", "reach", "peak MiB, ours and theirs"]


def rows(result: dict[str, Any]) -> list[list[str]]:
    """Return a line for each peer of a question."""
    (_, ours), *peers = result["sides"].items()
    return [_row(result, ours, name, peer) for name, peer in peers]


def _row(result: dict[str, Any], ours: dict[str, Any], name: str, peer: dict[str, Any]) -> list[str]:
    question, unit = result["question"], result["unit"]
    reach = f"{peer['reach']:.3g} times" if peer["reach"] else ""
    if failed := ours.get("failed") or peer.get("failed"):
        return [question, name, "", "", failed.replace("|", "/"), "", reach, ""]
    versions = "".join(f", {package} {version}" for package, version in peer["versions"].items())
    note = f", {peer['note']}" if peer["note"] else ""
    between = ", ".join(f"{ratio:.2f}" for ratio in peer["ratios"])
    times = f"{peer['ratio']:.2f} times"
    if peer["ratio"] >= (peer["reach"] or 0):
        times = f"**{times}**"
    sizes = f"{ours['peak_mib']:.0f}, {peer['peak_mib']:.0f}"
    theirs = f"{peer['rate']:.4g} ({peer['units']} {unit})"
    return [question, f"{name}{versions}{note}", f"{ours['rate']:.4g}", theirs, times, between, reach, sizes]


def section(results: list[dict[str, Any]]) -> str:
    """Return the whole section."""
    compared = [result for result in results if any(side.get("reach") for side in result["sides"].values())]
    lines = [HEAD, *(row for result in compared for row in rows(result))]
    checks = [["question", "checked", "figure", "holds"]]
    for result in results:
        checks += [
            [result["question"], what, figure, "yes" if ok else "**no**"] for what, figure, ok in result["checks"]
        ]
    floors = [["question", "least seconds", "we take", "product, GFLOP/s", "copy, GB/s"]]
    for result in results:
        if floor := result.get("floor"):
            rates = [f"{floor['operations'] / 1e9:.0f}", f"{floor['bytes'] / 1e9:.1f}"]
            floors.append([result["question"], f"{floor['seconds']:.1f}", f"{floor['above']:.1f} times", *rates])
    commands = "\n".join(result["command"] for result in results)
    intro = (
        "Every side is a process of its own with as many threads; they work in turn on the same rows. The round that "
        "is worst for us counts: bold where its ratio is as far as we wanted, or where we wanted nothing. "
        "The fastest setting found is a peer's; one that is slow is given fewer rows. The floor is operations over the "
        "rate of one large product, or bytes over that of a copy, both measured then, whichever is longer."
    )
    machine = f"{results[0]['machine']}, no accelerator."
    parts = [intro, "![How many times the rate of others ours is](speed.svg)", markdown_table(lines)]
    parts += [
        markdown_table(checks),
        markdown_table(floors),
        machine,
        f"`make bench` runs these:\n\n```\n{commands}\n```",
    ]
    return "\n\n".join(parts)


def figure(results: list[dict[str, Any]], path: Path) -> None:
    """Draw a bar for each peer, with the spread over rounds, and a mark for what we wanted."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "speed"
    from matplotlib import pyplot as plt

    bars = [
        (f"{result['question']}: {name}", side)
        for result in results
        for name, side in result["sides"].items()
        if side["reach"] and not side.get("failed")
    ]
    drawing, axes = plt.subplots(figsize=(7, 0.8 + 0.32 * len(bars)), layout="constrained")
    for place, (_, side) in enumerate(bars):
        spread = [[side["ratio"] - min(side["ratios"])], [max(side["ratios"]) - side["ratio"]]]
        axes.barh(place, side["ratio"], xerr=spread, color="#4477aa", height=0.6)
        axes.plot([side["reach"]] * 2, [place - 0.4, place + 0.4], color="#cc3311", linewidth=2)
    axes.set_yticks(range(len(bars)), [name for name, _ in bars], fontsize=8)
    axes.set_xscale("log")
    axes.axvline(1, color="gray", linewidth=0.8)
    axes.set_xlabel("our rate, times theirs; red: what we wanted")
    axes.invert_yaxis()
    drawing.savefig(path, metadata={"Date": None})
    plt.close(drawing)


def main() -> None:
    """Write the section and the figure from all results found."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/bench")
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    results = sorted(found, key=lambda one: ORDER.index(one["question"].split("-")[0]))
    write_section("Speed", section(results))
    figure(results, FIGURE)


if __name__ == "__main__":
    main()
