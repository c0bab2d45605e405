"""The final figures of a run as TensorBoard scalars, beside those that its trainers logged."""

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from lit_synth.report.folders.folder import RunFolder


def write_scalars(folder: RunFolder) -> None:
    """Write ``tensorboard/<strategy>/seed<S>``, in place of what an earlier report wrote there.

    A tag is ``test/<metric>``; its step is the number of synthetic rows, so that students of several amounts make a
    curve.
    """
    root = folder.path / "tensorboard"
    for old in root.glob("*/*/events.out.tfevents.*"):
        old.unlink()
    students: dict[tuple[str, int], list[Event]] = {}
    for row in (*folder.metrics, *folder.smaller):
        strategy = str(row["strategy"]).removesuffix(f"_{row.get('amount')}")
        value = Summary.Value(tag=f"test/{row['metric']}", simple_value=row["value"])
        event = Event(step=row["n_synthetic"], summary=Summary(value=[value]))
        students.setdefault((strategy, row["seed"]), []).append(event)
    for (strategy, seed), events in students.items():
        writer = EventFileWriter(str(root / strategy / f"seed{seed}"))
        for event in sorted(events, key=lambda event: int(event.step)):
            writer.add_event(event)
        writer.close()
