"""Loads exported adapters with Hugging Face's PEFT, merges them, and compares with the voice that speaks.

Usage: check_peft.py ADAPTERS CHECKPOINT SPEECH: what `reprise checkpoints VOICE export ID …` wrote with --peft, as a
folder, and with --for synthesis as float32 (where Reprise has merged the adapters itself).
"""

import pathlib
import sys
import warnings

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model_state_dict
from peft.utils import load_peft_weights
from safetensors.torch import load_file


def matrices(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every matrix and convolution by its layer's name, weight norm folded; packed projections as layers of their own."""
    found = {}
    for name, tensor in weights.items():
        if name.endswith(".weight_v"):
            norm = tensor.flatten(1).norm(dim=1).reshape([-1] + [1] * (tensor.dim() - 1))
            tensor = tensor * (weights[name[:-1] + "g"].reshape(norm.shape) / norm)
            name = name[: -len("_v")]
        ending = next((end for end in (".weight", "_weight") if name.endswith(end)), None)
        if ending and 2 <= tensor.dim() <= 3:
            found[name[: -len(ending)]] = tensor
    return found


def module(layers: dict[str, torch.Tensor]) -> torch.nn.Module:
    """A model of these layers under these names."""
    root = torch.nn.Module()
    for path, weight in layers.items():
        if weight.dim() == 2:
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        else:
            layer = torch.nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[2], bias=False)
        layer.weight = torch.nn.Parameter(weight.clone())
        *folders, last = path.split(".")
        place = root
        for folder in folders:
            if not hasattr(place, folder):
                place.add_module(folder, torch.nn.Module())
            place = getattr(place, folder)
        place.add_module(last, layer)
    return root


def check(name: str, adapters: pathlib.Path, checkpoint: pathlib.Path, speech: dict[str, torch.Tensor]) -> None:
    """Raises AssertionError with the first layer that PEFT makes something else of."""
    base, exported = matrices(load_file(checkpoint / f"{name}.safetensors")), load_peft_weights(adapters, device="cpu")
    assert exported and any("lora_B" in key and tensor.abs().max() > 0 for key, tensor in exported.items()), adapters
    config = PeftConfig.from_pretrained(adapters)
    assert isinstance(config, LoraConfig), f"{adapters} is of type {config.peft_type}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # PEFT warns of keys that do not fit
        model = PeftModel.from_pretrained(module(base), adapters)
    taken = get_peft_model_state_dict(model, save_embedding_layers=False)
    assert taken.keys() == exported.keys(), f"{adapters}: {sorted(taken.keys() ^ exported.keys())[:4]}"
    assert all(torch.equal(taken[key], exported[key]) for key in exported), f"{adapters}: other values"
    merged = matrices(model.merge_and_unload().state_dict())
    changed = 0
    for path, weight in base.items():
        key = f"base_model.model.{path}.lora_%s.weight"
        if key % "A" not in exported:
            assert torch.equal(merged[path], weight), f"{name}: {path} has no adapter and changed"
            continue
        down, up = (exported[key % side].double().flatten(1) for side in "AB")
        wanted = weight.double() + (config.lora_alpha / config.r * up @ down).reshape(weight.shape)
        assert (merged[path] - wanted).abs().max() < 1e-6, f"{name}: {path} is not W + alpha / r B A"
        own = matrices({key: value for key, value in speech.items() if key.startswith(f"{name}/{path}")})
        assert (own[f"{name}/{path}"] - merged[path]).abs().max() < 1e-6, f"{name}: {path} speaks otherwise"
        changed += 1
    assert 2 * changed == len(exported), f"{name}: {len(exported)} tensors for {changed} layers"
    print(f"{adapters}: PEFT took all {len(exported)} tensors and merges {changed} of {len(base)} layers as reprise does")


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    adapters, checkpoint = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    speech = load_file(sys.argv[3])
    names = sorted(path.name for path in adapters.iterdir())
    assert names == ["prior", "sovits"], f"{adapters} holds {names}"
    for name in names:
        check(name, adapters / name, checkpoint, speech)


if __name__ == "__main__":
    main()
