"""Makes Tests/TrainingTests/Bert: a small BERT with random weights in three file formats, and its hidden states.

Usage: make_bert_fixture.py FOLDER VOCABULARY, with `torch`, `transformers` and `safetensors` installed.
"""

import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizer

TEXTS = ["The voice speaks slowly.", "今天天气很好,我们一起去公园散步吧!", "Don't stop: 3.14 naïve cafés"]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(sys.argv[2], folder / "vocab.txt")
    vocabulary = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=12, num_hidden_layers=4, num_attention_heads=3, intermediate_size=20,
        max_position_embeddings=48, initializer_range=0.4)
    model = BertModel(config, add_pooling_layer=False).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "LayerNorm" in name:
            torch.nn.init.normal_(parameter, 1.0 if name.endswith("LayerNorm.weight") else 0.0, 0.3)
    keys = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
            "max_position_embeddings", "type_vocab_size", "layer_norm_eps", "hidden_act", "model_type"]
    (folder / "config.json").write_text(json.dumps({key: config.to_dict()[key] for key in keys}, indent=1) + "\n")
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if "position_ids" not in name}
    save_file(weights, folder / "model.safetensors")
    # As a part of a larger model, transposed views and half precision included, in both of PyTorch's own forms.
    named = {"bert." + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"):
             (tensor.t().contiguous().t() if tensor.dim() == 2 else tensor) for name, tensor in weights.items()}
    torch.save(named, folder / "zipped.bin")
    torch.save(named, folder / "plain.bin", _use_new_zipfile_serialization=False)
    torch.save({name: tensor.half() for name, tensor in weights.items()}, folder / "half.bin")
    tokenizer = BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True)
    states = {}
    for index, text in enumerate(TEXTS):
        encoded = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**encoded, output_hidden_states=True).hidden_states
        states[f"third_last.{index}"] = hidden[-3].contiguous()
        states[f"last.{index}"] = hidden[-1].contiguous()
    save_file(states, folder / "states.safetensors", metadata={"texts": json.dumps(TEXTS)})


main()
