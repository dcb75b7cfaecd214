"""Prints as JSON what TensorBoard's dashboards would show of a folder of runs.

Usage: read_board.py BOARD. For every run {"scalars": {tag: [[step, value], …]}, "texts": {tag: [[step, text], …]},
"pictures": {tag: [[step, width, height, shades], …]}, "sounds": {tag: [[step, rate, samples, file in base64], …]}}.
"""

import base64
import io
import json
import pathlib
import sys
import wave

from PIL import Image
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext

EVERYTHING = 1 << 30


class Board:
    """The runs below a folder, by way of the interface through which every dashboard asks for its data."""

    def __init__(self, folder: pathlib.Path) -> None:
        runs = plugin_event_multiplexer.EventMultiplexer(size_guidance={"tensors": 0})
        runs.AddRunsFromDirectory(str(folder))
        runs.Reload()
        self.runs = sorted(runs.Runs())
        self.provider = data_provider.MultiplexerDataProvider(runs, str(folder))

    def read(self, what: str, dashboard: str) -> dict:
        """Of every run and tag, what `what` is shown in a dashboard."""
        reader = getattr(self.provider, f"read_{what}")
        return reader(RequestContext(), experiment_id="", plugin_name=dashboard, downsample=EVERYTHING)

    def files(self, dashboard: str, describe) -> dict:
        """The same of pictures and sounds: each a list of [step, what `describe` says of its file]."""

        def first(datum) -> bytes:
            # What TensorBoard keeps of a picture begins with its width and height, and of a sound is followed by a label.
            place = 2 if dashboard == "images" else 0
            return self.provider.read_blob(RequestContext(), blob_key=datum.values[place].blob_key)

        found = self.read("blob_sequences", dashboard)
        return {
            run: {tag: [[datum.step, *describe(first(datum))] for datum in data] for tag, data in tags.items()}
            for run, tags in found.items()
        }


def picture(file: bytes) -> list:
    image = Image.open(io.BytesIO(file)).convert("RGB")
    return [image.width, image.height, len(image.getcolors(image.width * image.height))]


def sound(file: bytes) -> list:
    with wave.open(io.BytesIO(file)) as wav:
        return [wav.getframerate(), wav.getnframes(), base64.b64encode(file).decode()]


board = Board(pathlib.Path(sys.argv[1]))
scalars, texts = board.read("scalars", "scalars"), board.read("tensors", "text")
pictures, sounds = board.files("images", picture), board.files("audio", sound)
shown = {
    run: {
        "scalars": {tag: [[d.step, d.value] for d in data] for tag, data in scalars.get(run, {}).items()},
        "texts": {tag: [[d.step, d.numpy[0].decode()] for d in data] for tag, data in texts.get(run, {}).items()},
        "pictures": pictures.get(run, {}),
        "sounds": sounds.get(run, {}),
    }
    for run in board.runs
}
json.dump(shown, sys.stdout)
