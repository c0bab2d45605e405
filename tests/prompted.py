"""A run of the prompted baseline alone, with what its tests want to know of it."""

import json
from pathlib import Path
from typing import Any

import yaml

from lit_synth.cli import main
from lit_synth.data import TaskDataModule
from lit_synth.tasks import Custom
from tests.serving import Server


class Home:
    """A run of the prompted baseline alone; its 16 gold rows are 13 to show and 3 to choose by."""

    def __init__(self, folder: Path, module: TaskDataModule, model: Path) -> None:
        self.folder, self.task, self.splits = folder, module.task, module.splits
        self.parts: dict[str, Any] = {
            "data": type(module).__name__,
            "data_dir": module.data_dir,
            "fraction": 16,
            "limit": 10,
            "strategies": ["few_shot"],
            "teacher": {"model": str(model), "max_new_tokens": 8},
        }
        if isinstance(module, Custom):
            self.parts["task"] = {"name": "tell", "fields": ["facts"], "target": "text"}
            self.parts["task"] |= {"instruction": self.task.instruction, "metrics": list(self.task.metrics)}

    @property
    def output(self) -> Path:
        return self.folder / "run"

    def run(self, server: Server | str | None = None, **more: Any) -> int:
        """Run it again or anew, with other settings of few_shot, or of its endpoint where there is one."""
        settings: dict[str, Any] = {"shots": more.pop("shots", [0, 2]), "max_length": 128}
        if server is None:
            settings |= more
        else:
            url = server if isinstance(server, str) else server.url
            asked = {"base_url": url, "model": "m", "max_requests": None, "max_tokens": 8}
            settings["endpoint"] = asked | {"retries": 0, "timeout": 30.0} | more
        (self.folder / "run.yaml").write_text(yaml.safe_dump(self.parts | {"few_shot": settings}))
        return main(["run", "--config", str(self.folder / "run.yaml"), "--output", str(self.output)])

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.output / "run.json").read_text())["few_shot"]["seed0"]
        return found

    def figures(self) -> dict[str, float]:
        return {row["metric"]: row["value"] for row in json.loads((self.output / "metrics.json").read_text())}

    def predictions(self) -> dict[str, Any]:
        lines = (self.output / "seed0" / "few_shot" / "predictions.jsonl").read_text().splitlines()
        return {row["id"]: row["predicted"] for row in map(json.loads, lines)}

    def truth(self) -> dict[str, str]:
        """Return the right completion of every prompt that is to be asked."""
        rows = [*self.splits.development, *self.splits.test]
        return {self.task.prompt(row.fields): self.task.completion(str(row.target)).strip() for row in rows}
