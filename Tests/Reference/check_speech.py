"""Reads what `reprise checkpoints VOICE export ID FILE --for synthesis` wrote with the stock safetensors library.

Usage: check_speech.py FLOAT32 BFLOAT16 INT8, one checkpoint with each kind of weights.
"""

import json
import re
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file


def description(path: str) -> dict:
    """What the file says of itself, without what differs between kinds of weights."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["format"] == "pt", f"{path} is not marked as PyTorch's"
    assert re.fullmatch("[0-9a-f]{32}", metadata["reprise_checksum"]), f"{path} has no checksum"
    return json.loads(metadata["reprise"])


def check(path: str, weights: str, exact: dict[str, torch.Tensor], facts: dict) -> None:
    """Raises AssertionError with the first tensor that is not its float32 one, rounded."""
    said = description(path)
    assert said.pop("weights") == weights, f"{path} does not say that its weights are {weights}"
    assert said == facts, f"{path} describes another checkpoint"
    small = load_file(path)
    scales = {name: tensor for name, tensor in small.items() if name.endswith("_scale") and name not in exact}
    assert small.keys() - scales.keys() == exact.keys(), f"{path} holds other tensors"
    count = 0
    for name, whole in exact.items():
        tensor = small[name]
        assert tensor.shape == whole.shape, f"{path}: {name} has the shape {list(tensor.shape)}"
        if tensor.dtype == torch.float32:
            assert torch.equal(tensor, whole), f"{path}: {name} differs"
            continue
        count += 1
        if weights == "bfloat16":
            assert torch.equal(tensor, whole.to(torch.bfloat16)), f"{path}: {name} is not rounded to bfloat16"
        else:
            assert tensor.dtype == torch.int8, f"{path}: {name} is {tensor.dtype}"
            rows = scales.pop(f"{name}_scale")
            assert rows.dtype == torch.float32 and rows.shape == whole.shape[:1], f"{path}: {name}'s scales"
            scale = rows.reshape([-1] + [1] * (whole.dim() - 1))
            error = (tensor.to(torch.float32) * scale - whole).abs()
            assert (error <= 0.501 * scale + 1e-12).all(), f"{path}: {name} is off by more than half a step"
    assert not scales, f"{path} has scales of nothing: {sorted(scales)}"
    assert count > len(exact) / 4, f"{path} has {count} small tensors only"
    print(f"{path}: {len(exact)} tensors, {count} of them {weights}, as the float32 file has them")


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    exact, facts = load_file(sys.argv[1]), description(sys.argv[1])
    assert facts.pop("weights") == "float32" and facts["preset"] and facts["checkpoint"], f"{sys.argv[1]}: {facts}"
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in exact.values())
    check(sys.argv[2], "bfloat16", exact, facts)
    check(sys.argv[3], "int8", exact, facts)


if __name__ == "__main__":
    main()
