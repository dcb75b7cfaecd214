"""Proves that the reference computes what the public implementation computes.

Loads the weights of the recorded tensors of Tests/ReferenceSupport/Golden into these modules and compares outputs
(1e-4 of the largest magnitude) and gradients (1e-3). Prints one line a module; exits with 1 when one disagrees.
"""

import json
import struct
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import losses
from discriminators import PeriodDiscriminator, ScaleDiscriminator
from layers import RelativeEncoder, WaveNet, length_mask
from models import Codebook, CrossAttention, Flow, HiFiGAN, PosteriorEncoder
from presets import PRESETS
from prior import Decoding, Prior
from spectrum import LogMel, spectrogram
from speaker import MelStyleEncoder

GOLDEN = Path(__file__).resolve().parent.parent / "ReferenceSupport" / "Golden"


class Golden:
    """One file: `golden["input/x"]`, its metadata as numbers, and the checks against it."""

    def __init__(self, name):
        data = (GOLDEN / f"{name}.safetensors").read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        header = json.loads(data[8:8 + size])
        self.name, self.metadata, self.tensors = name, header.pop("__metadata__", {}), {}
        for key, entry in header.items():
            start, end = entry["data_offsets"]
            kind = {"F32": np.float32, "I32": np.int32}[entry["dtype"]]
            array = np.frombuffer(data[8 + size + start:8 + size + end], kind).reshape(entry["shape"])
            self.tensors[key] = torch.from_numpy(array.astype(np.int64 if kind is np.int32 else kind))
        self.output_difference = self.gradient_difference = 0.0

    def __getitem__(self, key):
        return self.tensors[key]

    def number(self, key):
        return int(self.metadata[key])

    def load(self, module):
        """Every weight of the file, and no parameter left out."""
        weights = {key[7:]: value for key, value in self.tensors.items() if key.startswith("weight/")}
        missing, _ = module.load_state_dict(weights, strict=False)
        if missing:
            raise SystemExit(f"{self.name}.safetensors lacks {missing[0]} of the reference's module.")
        return module.eval()

    def leaf(self, name):
        return self[f"input/{name}"].clone().requires_grad_()

    def outputs(self, **values):
        for name, value in values.items():
            expected = self[f"output/{name}"]
            self.output_difference = max(self.output_difference, difference(value.reshape(expected.shape), expected))

    def gradients(self, outputs, module, **inputs):
        """Of Σ_k ⟨output_k, cos(0.37 i + k)⟩."""
        sum((y * torch.cos(0.37 * torch.arange(y.numel()) + k).view(y.shape)).sum()
            for k, y in enumerate(outputs)).backward()
        leaves = {f"grad/{name}": value for name, value in module.named_parameters()}
        leaves.update({f"grad/input.{name}": value for name, value in inputs.items()})
        for name, leaf in leaves.items():
            self.gradient(name, leaf)

    def gradient(self, name, leaf):
        if name in self.tensors:
            # A key's bias has no gradient but rounding: the softmax takes it out. So there is a floor to compare with.
            floor = 1e-3 * max(y.abs().max().item() for key, y in self.tensors.items() if key.startswith("grad/"))
            self.gradient_difference = max(self.gradient_difference, difference(leaf.grad, self[name], floor))


def difference(value, expected, floor=1e-8):
    """The largest, of the largest magnitude expected."""
    expected = expected.float()
    return ((value.float() - expected).abs().max() / expected.abs().max().clamp(min=floor)).item()


def wavenet(golden):
    module = golden.load(WaveNet(golden.number("hidden"), 5, golden.number("layers"), golden.number("gin"),
                                 golden.number("dilation_rate")))
    x, g = golden.leaf("x"), golden.leaf("g")
    y = module(x, golden["input/mask"], g)
    golden.outputs(y=y)
    golden.gradients([y], module, x=x, g=g)


def posterior_encoder(golden):
    module = golden.load(PosteriorEncoder(golden.number("spec"), golden.number("out"), golden.number("hidden"),
                                          golden.number("layers"), golden.number("gin")))
    x = golden.leaf("x")
    mask = length_mask(golden["input/lengths"], x.shape[2])
    m, logs = module(x, mask, golden["input/g"])
    z = (m + golden["input/noise"] * logs.exp()) * mask
    golden.outputs(m=m, logs=logs, z=z)
    golden.gradients([z, m, logs, mask], module, x=x)


def _flow(golden, sizes):
    return golden.load(Flow(sizes.number("channels"), sizes.number("hidden"), sizes.number("flows"),
                            sizes.number("layers"), sizes.number("gin")))


def flow_forward(golden):
    module, x, g = _flow(golden, golden), golden.leaf("x"), golden.leaf("g")
    y = module(x, golden["input/mask"], g)
    golden.outputs(y=y)
    golden.gradients([y], module, x=x, g=g)


def flow_reverse(golden):
    module = _flow(golden, Golden("flow_forward"))
    golden.outputs(y=module(golden["input/x"], golden["input/mask"], golden["input/g"], inverse=True))


def relative_encoder(golden):
    module = golden.load(RelativeEncoder(golden.number("hidden"), golden.number("filter"), golden.number("heads"),
                                         golden.number("layers")))
    x = golden.leaf("x")
    y = module(x, golden["input/mask"])
    golden.outputs(y=y)
    golden.gradients([y], module, x=x)


def mrte(golden):
    module = golden.load(CrossAttention(golden.number("content"), golden.number("hidden"), golden.number("heads")))
    x, text, ge = golden.leaf("x"), golden.leaf("text"), golden.leaf("ge")
    y = module(x, golden["input/mask"], text, golden["input/text_mask"], ge)
    golden.outputs(y=y)
    golden.gradients([y], module, x=x, text=text, ge=ge)


def hifigan_generator(golden):
    module = golden.load(HiFiGAN(8, 32, (4, 2), (8, 4), golden.number("gin"), post_bias=False))
    x, g = golden.leaf("x"), golden.leaf("g")
    wave = module(x, g)
    golden.outputs(wave=wave)
    golden.gradients([wave], module, x=x, g=g)


def discriminator_scale(golden):
    module = golden.load(ScaleDiscriminator(((4, 15, 1, 1), (8, 41, 4, 2), (16, 41, 4, 4), (16, 5, 1, 1))))
    _discriminator(golden, module)


def discriminator_period(golden):
    _discriminator(golden, golden.load(PeriodDiscriminator(golden.number("period"), (4, 8, 8, 12, 12))))


def _discriminator(golden, module):
    x = golden.leaf("x")
    score, features = module(x)
    golden.outputs(score=score, **{f"fmap{index}": feature for index, feature in enumerate(features)})
    golden.gradients([score] + features, module, x=x)


def style_encoder(golden):
    module = golden.load(MelStyleEncoder(golden.number("n_mel"), golden.number("hidden"), golden.number("out"),
                                         golden.number("kernel"), golden.number("heads")))
    x = golden.leaf("x")
    g = module(x, golden["input/mask"])
    golden.outputs(g=g)
    golden.gradients([g], module, x=x)


def quantizer(golden):
    module = Codebook(golden.number("bins"), golden.number("dim"))
    module.load_state_dict({"embed": golden["weight/_codebook.embed"]})
    quantized, codes = module(golden["input/x"])
    golden.outputs(quantized=quantized, codes=codes)


def semantic_decoder(golden):
    sizes = replace(PRESETS["v2"], prior_hidden=golden.number("hidden"), prior_layers=golden.number("layers"),
                    prior_heads=golden.number("heads"), code_count=golden.number("eos"),
                    symbol_count=len(golden["weight/ar_text_embedding.word_embeddings.weight"]))
    module = golden.load(Prior(sizes))
    inputs = golden["input/phonemes"], golden["input/tokens"], golden["input/bert"]
    loss = module.loss(*inputs)
    golden.outputs(logits=module.logits(*inputs), loss=loss)
    # The same row by row from the cache.
    decoding = Decoding(module, inputs[0][1:], inputs[2][1:])
    scores = [decoding.scores]
    for token in inputs[1][1]:
        decoding.feed(token.view(1, 1))
        scores.append(decoding.scores)
    golden.output_difference = max(golden.output_difference, difference(torch.cat(scores), golden["output/logits"][1]))
    loss.backward()
    for name, parameter in module.named_parameters():
        golden.gradient(f"grad/{name}", parameter)


def mel_16k(golden):
    wave = golden.leaf("wave")
    sizes = golden.number("sample_rate"), golden.number("n_fft"), golden.number("hop"), golden.number("n_mels")
    mel = LogMel(*sizes)(wave)
    l1 = (mel - golden["input/target"]).abs().mean()
    golden.outputs(spectrogram=spectrogram(wave, sizes[1], sizes[2]), mel=mel, l1=l1)
    l1.backward()
    golden.gradient("grad/wave", wave)


mel_32k = mel_16k


def losses_(golden):
    leaf = {key[6:]: golden.leaf(key[6:]) for key in golden.tensors if key.startswith("input/")}
    real = [(leaf[f"real{k}"], [leaf[f"fmap_real{k}"]]) for k in range(2)]
    fake = [(leaf[f"fake{k}"], [leaf[f"fmap_fake{k}"]]) for k in range(2)]
    golden.outputs(
        discriminator=losses.discriminator(real, fake), generator=losses.adversarial(fake),
        feature=losses.feature_matching(real, fake),
        kl=losses.kl(leaf["z_p"], leaf["logs_q"], leaf["m_p"], leaf["logs_p"], leaf["z_mask"]))


CHECKS = {
    check.__name__.rstrip("_"): check
    for check in (wavenet, posterior_encoder, flow_forward, flow_reverse, relative_encoder, mrte, hifigan_generator,
                  discriminator_scale, discriminator_period, style_encoder, quantizer, semantic_decoder, losses_)
} | {"mel_16k": mel_16k, "mel_32k": mel_32k}


def main():
    wrong = 0
    for name, check in CHECKS.items():
        golden = Golden(name)
        check(golden)
        good = golden.output_difference < 1e-4 and golden.gradient_difference < 1e-3
        wrong += not good
        print(f"{name:22} outputs {golden.output_difference:.1e}  gradients {golden.gradient_difference:.1e}"
              f"  {'agrees' if good else 'DISAGREES'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
