"""Times the training steps of the reference, and its speech, and prints one JSON object.

    steps.py step --preset v2 --stage sovits --batch 1 --frames 200 --symbols 60 --threads 2 --repeats 5
    steps.py say --preset v2 --symbols 60 --tokens 100

The fields are those of `reprise bench`; times are medians in seconds over the repeats, after runs that do not count.
"""

import argparse
import json
import statistics
import sys

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import losses
from discriminators import Discriminators
from layers import remove_weight_norms
from measure import Parts, machine, median_seconds, peak_megabytes, reset_peak, seconds
from models import Batch, SoVITS
from presets import PRESETS
from prior import Prior
from spectrum import LogMel


def random_batch(p, batch, frames, symbols):
    """Noise of the sizes of real clips."""
    result = Batch(
        spectrogram=torch.rand(batch, p.posterior_bins, frames), waveform=torch.randn(batch, 1, frames * p.hop) * 0.1,
        text=torch.randint(p.symbol_count, (batch, symbols)),
        reference=torch.randn(batch, 704 if p.is_public else 80, p.reference_frames))
    if p.is_public:
        result.features = torch.randn(batch, p.code_width, frames)
    else:
        result.tokens = torch.randint(p.code_count, (batch, frames // 2))
    return result


class SoVITSStep:
    """Discriminators, then generator, as the public trainers write it.

    The discriminators stay trainable in the generator's pass, so their weight gradients are computed there too.
    """

    def __init__(self, p, batch, frames, symbols, segment):
        self.segment = segment
        self.model, self.discriminators = SoVITS(p).train(), Discriminators(p).train()
        self.mel = LogMel(p.sample_rate, p.fft, p.hop, p.loss_bands)
        settings = dict(lr=1e-4, betas=(0.8, 0.99), eps=1e-9, weight_decay=0.01)
        self.trained = [value for value in self.model.parameters() if value.requires_grad]
        self.generator_optimizer = torch.optim.AdamW(self.trained, **settings)
        self.discriminator_optimizer = torch.optim.AdamW(self.discriminators.parameters(), **settings)
        self.batch = random_batch(p, batch, frames, symbols)
        self.parts = Parts()

    def __call__(self):
        parts = self.parts
        parts.begin("generator forward")
        generated, real, kl_terms = self.model(self.batch, self.segment)

        parts.begin("discriminator step")
        judged_real, judged_generated = self.discriminators(real, generated.detach())
        loss = losses.discriminator(judged_real, judged_generated)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        parts.begin("optimizer")
        gradient_norm(self.discriminators.parameters())
        self.discriminator_optimizer.step()

        parts.begin("generator backward")
        judged_real, judged_generated = self.discriminators(real, generated)
        with torch.no_grad():
            target = self.mel(real[:, 0])
        total = (45 * F.l1_loss(self.mel(generated[:, 0]), target) + losses.kl(*kl_terms)
                 + losses.adversarial(judged_generated) + losses.feature_matching(judged_real, judged_generated))
        self.generator_optimizer.zero_grad()
        total.backward()
        parts.begin("optimizer")
        gradient_norm(self.trained)
        self.generator_optimizer.step()
        parts.close_step()
        if not torch.isfinite(total):
            raise SystemExit("The reference's loss is not finite, so its times would mean nothing.")


class PriorStep:
    """Forward, backward, clipping, AdamW."""

    def __init__(self, p, batch, symbols, tokens):
        self.model = Prior(p).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.01)
        self.inputs = dict(
            text=torch.randint(p.symbol_count, (batch, symbols)), tokens=torch.randint(p.code_count, (batch, tokens)),
            bert=torch.zeros(batch, 1024, symbols), **conditions(p, batch))
        self.parts = Parts()

    def __call__(self):
        self.parts.begin("forward")
        loss = self.model.loss(**self.inputs)
        self.parts.begin("backward")
        self.optimizer.zero_grad()
        loss.backward()
        self.parts.begin("optimizer")
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.parts.close_step()
        if not torch.isfinite(loss):
            raise SystemExit("The reference's loss is not finite, so its times would mean nothing.")


def conditions(p, batch):
    """What the prior takes from SoVITS: g and the code table; nothing in v2."""
    if p.is_public:
        return {}
    return dict(speaker=torch.randn(batch, p.speaker_width), code_table=torch.randn(p.code_count, p.code_width))


def gradient_norm(parameters):
    """The norm that every trainer logs."""
    return torch.nn.utils.clip_grad_norm_(parameters, float("inf"))


def time_step(name, step, repeats, ceiling):
    """One stage's report; the FLOP are counted in the uncounted first run."""
    with FlopCounterMode(display=False) as counter:
        step()
    step.parts.times.clear()
    times = seconds(step, repeats)
    for values in step.parts.times.values():
        del values[0]
    median, gigaflop = statistics.median(times), counter.get_total_flops() / 1e9
    return {
        "stage": name, "seconds": median, "minimumSeconds": min(times), "gigaflop": gigaflop,
        "gigaflopPerSecond": gigaflop / median, "shareOfCeiling": gigaflop / median / ceiling,
        "parts": step.parts.report(),
    }


def bench_step(options, p):
    report = common(options)
    ceiling = report["machine"]["sgemmGigaflops"]
    tokens = options.tokens or options.frames // 2
    report.update(batch=options.batch, frames=options.frames, symbols=options.symbols, tokens=tokens,
                  segment=options.segment, stages=[])
    if options.stage in ("sovits", "both"):
        step = SoVITSStep(p, options.batch, options.frames, options.symbols, options.segment)
        report["stages"].append(time_step("sovits", step, options.repeats, ceiling))
        del step
    if options.stage in ("prior", "both"):
        step = PriorStep(p, options.batch, options.symbols, tokens)
        report["stages"].append(time_step("prior", step, options.repeats, ceiling))
    return report


def bench_say(options, p):
    report = common(options)
    tokens, text = options.tokens or 100, torch.randint(p.symbol_count, (1, options.symbols))
    with torch.inference_mode():
        model = SoVITS(p).eval()
        remove_weight_norms(model)
        codes, g = torch.randint(p.code_count, (1, tokens)), torch.randn(1, p.speaker_width, 1)

        def decode():
            return model.synthesize(codes, text, g)

        with FlopCounterMode(display=False) as counter:
            audio = decode().shape[2] / p.sample_rate
        median = median_seconds(decode, options.repeats)
        report["decode"] = {"tokens": tokens, "audioSeconds": audio, "seconds": median,
                            "realTimeFactor": median / audio, "gigaflop": counter.get_total_flops() / 1e9}
        del model
        prior = Prior(p).eval()
        inputs = dict(text=text, bert=torch.zeros(1, 1024, options.symbols), count=tokens, **conditions(p, 1))
        median = median_seconds(lambda: prior.sample(**inputs), options.repeats)
        report["sampling"] = [{"weights": "float32", "tokensPerSecond": tokens / median}]
    return report


def common(options):
    report = {"subject": options.subject, "preset": options.preset, "threads": options.threads,
              "repeats": options.repeats, "machine": machine(), "torch": torch.__version__}
    reset_peak()
    return report


def main():
    parser = argparse.ArgumentParser(description="Time the PyTorch reference.")
    parser.add_argument("subject", choices=["step", "say"])
    parser.add_argument("--preset", choices=list(PRESETS), default="nano")
    parser.add_argument("--stage", choices=["sovits", "prior", "both"], default="both")
    for name, value, text in [
            ("batch", 8, "clips in a batch"), ("frames", 300, "frames of each clip, 50 a second"),
            ("symbols", 80, "symbols of each text"), ("tokens", None, "tokens of each clip; half the frames"),
            ("segment", 32, "frames the decoder hears"), ("threads", 2, "threads"),
            ("repeats", 5, "runs to take the median of")]:
        parser.add_argument(f"--{name}", type=int, default=value, help=text)
    options = parser.parse_args()
    for name in ("batch", "frames", "symbols", "tokens", "segment", "threads", "repeats"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} starts at 1.")
    if options.subject == "step" and options.segment > options.frames:
        parser.error("--segment cannot be longer than --frames.")
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    report = {"step": bench_step, "say": bench_say}[options.subject](options, PRESETS[options.preset])
    report["peakMegabytes"] = peak_megabytes()
    json.dump(report, sys.stdout)
    print()


if __name__ == "__main__":
    main()
