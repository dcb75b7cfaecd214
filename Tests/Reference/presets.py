"""The sizes of the model at each preset, as the Swift sources have them.

B batch, C channels, T frames (50 a second), S tokens (25 a second), L symbols, N samples.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preset:
    """Sizes of the acoustic model, its discriminators, and the prior."""

    name: str
    sample_rate: int
    hop: int
    fft: int
    posterior_bins: int
    loss_bands: int
    inter: int
    hidden: int
    filter: int
    semantic_layers: int
    text_layers: int
    joint_layers: int
    posterior_layers: int
    couplings: int
    decoder_channels: int
    rates: tuple
    kernels: tuple
    period_channels: tuple
    scale_layers: tuple
    """(channels, kernel, stride, groups) of each layer."""
    speaker_width: int
    code_count: int
    code_width: int
    symbol_count: int
    prior_hidden: int
    prior_layers: int
    prior_heads: int
    speaker_channels: int = 0
    """Channels of the ECAPA-TDNN; 0 for the mel style encoder."""
    speaker_bottleneck: int = 0
    post_bias: bool = True
    encoder_heads: int = 2
    cross_heads: int = 4
    coupling_layers: int = 4
    dropout: float = 0.1
    reference_frames: int = 150
    periods: tuple = field(default=(2, 3, 5, 7, 11))

    @property
    def is_public(self):
        """The graph of the public v2 weights: recorded features, a quantizer, a style encoder, a post-norm prior."""
        return self.speaker_channels == 0


def _scale(channels, kernels, strides, groups):
    return tuple(zip(channels, kernels, strides, groups))


_SMALL_SCALE = ((15, 41, 41, 41, 5), (1, 4, 4, 4, 1))
_LARGE = dict(
    sample_rate=32000, hop=640, fft=2048, loss_bands=128, inter=192, hidden=192, filter=768,
    semantic_layers=3, text_layers=6, joint_layers=3, posterior_layers=16,
    decoder_channels=512, rates=(10, 8, 2, 2, 2), kernels=(16, 16, 8, 2, 2),
    period_channels=(32, 128, 512, 1024, 1024),
    scale_layers=_scale((16, 64, 256, 1024, 1024, 1024), (15, 41, 41, 41, 41, 5), (1, 4, 4, 4, 4, 1),
                        (1, 4, 16, 64, 256, 1)),
)
_SMALL = dict(sample_rate=16000, hop=320, fft=1024, loss_bands=80, posterior_bins=80, code_width=256,
              symbol_count=512, rates=(8, 5, 4, 2), kernels=(16, 11, 8, 4))

PRESETS = {
    "tiny": Preset(
        name="tiny", inter=24, hidden=24, filter=96, semantic_layers=2, text_layers=2, joint_layers=2,
        posterior_layers=2, couplings=2, coupling_layers=2, decoder_channels=32, period_channels=(2, 8, 32, 64, 64),
        scale_layers=_scale((2, 4, 16, 32, 32), _SMALL_SCALE[0], _SMALL_SCALE[1], (1, 2, 4, 16, 1)),
        speaker_width=48, speaker_channels=32, speaker_bottleneck=8, code_count=64,
        prior_hidden=64, prior_layers=2, prior_heads=2, **_SMALL),
    "nano": Preset(
        name="nano", inter=96, hidden=96, filter=384, semantic_layers=2, text_layers=3, joint_layers=2,
        posterior_layers=8, couplings=4, decoder_channels=128, period_channels=(8, 32, 128, 256, 256),
        scale_layers=_scale((8, 16, 64, 128, 128), _SMALL_SCALE[0], _SMALL_SCALE[1], (1, 4, 16, 16, 1)),
        speaker_width=192, speaker_channels=128, speaker_bottleneck=32, code_count=512,
        prior_hidden=256, prior_layers=6, prior_heads=4, **_SMALL),
    "standard": Preset(
        name="standard", posterior_bins=80, couplings=5, speaker_width=192, speaker_channels=512,
        speaker_bottleneck=128, code_count=1024, code_width=256, symbol_count=518,
        prior_hidden=768, prior_layers=6, prior_heads=8, **_LARGE),
    "v2": Preset(
        name="v2", posterior_bins=1025, couplings=4, speaker_width=512, post_bias=False, code_count=1024,
        code_width=768, symbol_count=732, prior_hidden=512, prior_layers=24, prior_heads=16, **_LARGE),
}
