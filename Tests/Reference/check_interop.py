"""Reads an exported checkpoint with the stock safetensors library and compares it with what the manifest says.

Usage: check_interop.py EXPORT, a folder or single file that `reprise checkpoints VOICE export ID EXPORT` wrote.
"""

import json
import pathlib
import sys

from safetensors.numpy import load_file


def bytes_of_manifest(folder: pathlib.Path) -> dict[str, dict[str, int]]:
    """Bytes of every tensor by file, as manifest.json lists them."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return {
        record["name"]: {tensor["name"]: tensor["bytes"] for tensor in record["tensors"]}
        for record in manifest["files"]
        if record.get("tensors")
    }


def check_folder(folder: pathlib.Path) -> int:
    """Number of tensors that were read; raises AssertionError with the first that differs."""
    count = 0
    for name, sizes in bytes_of_manifest(folder).items():
        tensors = load_file(folder / name)
        assert set(tensors) == set(sizes), f"{name} holds other tensors than manifest.json says"
        for key, tensor in tensors.items():
            assert tensor.nbytes == sizes[key], f"{name}: {key} has {tensor.nbytes} bytes"
        count += len(tensors)
    return count


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[1])
    count = check_folder(path) if path.is_dir() else len(load_file(path))
    assert count > 0, f"{path} holds no tensors"
    print(f"{path}: {count} tensors read by the stock safetensors library")


if __name__ == "__main__":
    main()
