"""Reads event files with TensorBoard's own reader and compares them with the journal.

Usage: check_board.py BOARD JOURNAL.jsonl [EVALUATED.json]: a folder of runs, what `reprise export VOICE --json` printed,
and what `reprise checkpoints VOICE evaluate --json` did.
"""

import collections
import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def check(board: pathlib.Path, journal: pathlib.Path, is_live: bool) -> None:
    """Raises AssertionError with the first figure that differs; what was written while training has settings, too."""
    steps: dict[str, dict[str, list[tuple[int, float]]]] = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        for name, value in record["metrics"].items():
            steps[record["branch"]][f"{record['stage']}/{name}"].append((record["step"], value))
    for branch, figures in steps.items():
        run = EventAccumulator(str(board / branch), size_guidance={"scalars": 0})
        run.Reload()
        assert not is_live or any("voice.toml" in tag for tag in run.Tags()["tensors"]), f"{branch} has no settings"
        for tag, wanted in figures.items():
            found = [(event.step, event.value) for event in run.Scalars(tag)]
            assert [step for step, _ in found] == [step for step, _ in wanted], f"{branch} {tag}: other steps"
            assert all(abs(a - b) <= 1e-6 * max(1, abs(b)) for (_, a), (_, b) in zip(found, wanted)), f"{branch} {tag}"
        print(f"{branch}: {len(figures)} curves as in the journal")


def check_evaluations(board: pathlib.Path, evaluated: pathlib.Path) -> None:
    """The same of what checkpoints were evaluated as."""
    for checkpoint in json.loads(evaluated.read_text()):
        branch, step = checkpoint["id"].split("/g_")
        run = EventAccumulator(str(board / branch), size_guidance={"scalars": 0})
        run.Reload()
        for figure, wanted in checkpoint["evaluation"]["figures"].items():
            found = [event.value for event in run.Scalars(f"evaluation/{figure}") if event.step == int(step)]
            assert len(found) == 1 and abs(found[0] - wanted) <= 1e-6 * max(1, abs(wanted)), f"{checkpoint['id']} {figure}"
        print(f"{checkpoint['id']}: {len(checkpoint['evaluation']['figures'])} figures as evaluated")


check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), is_live=len(sys.argv) == 3)
if len(sys.argv) > 3:
    check_evaluations(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3]))
