"""HiFi-GAN's discriminators (Kong et al. 2020): a waveform [B, 1, N] -> (scores [B, M], feature maps)."""

from torch import nn
from torch.nn import functional as F

from layers import weight_norm


class PeriodDiscriminator(nn.Module):
    """Looks at every p-th sample: the waveform folded to [B, 1, N / p, p], convolutions of width 1 across."""

    def __init__(self, period, channels, kernel=5, stride=3):
        super().__init__()
        self.period = period
        widths = (1,) + tuple(channels)
        strides = (stride,) * (len(channels) - 1) + (1,)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (kernel, 1), (s, 1), padding=(kernel // 2, 0)))
            for a, b, s in zip(widths, widths[1:], strides))
        self.conv_post = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), 1, padding=(1, 0)))

    def forward(self, x):
        missing = -x.shape[2] % self.period
        if missing:
            x = F.pad(x, (0, missing), "reflect")
        return _judge(x.view(x.shape[0], 1, -1, self.period), self.convs, self.conv_post)


class ScaleDiscriminator(nn.Module):
    """Grouped, strided convolutions on the waveform itself; `plan` as (channels, kernel, stride, groups)."""

    def __init__(self, plan):
        super().__init__()
        widths = (1,) + tuple(layer[0] for layer in plan)
        self.convs = nn.ModuleList(
            weight_norm(nn.Conv1d(a, b, kernel, stride, groups=groups, padding=kernel // 2))
            for a, (b, kernel, stride, groups) in zip(widths, plan))
        self.conv_post = weight_norm(nn.Conv1d(widths[-1], 1, 3, 1, padding=1))

    def forward(self, x):
        return _judge(x, self.convs, self.conv_post)


def _judge(x, convolutions, post):
    features = []
    for convolution in convolutions:
        x = F.leaky_relu(convolution(x), 0.1)
        features.append(x)
    x = post(x)
    features.append(x)
    return x.flatten(1), features


class Discriminators(nn.Module):
    """All of them, the scale one first; real and generated waveforms in two passes, as the public trainers do."""

    def __init__(self, preset):
        super().__init__()
        self.discriminators = nn.ModuleList(
            [ScaleDiscriminator(preset.scale_layers)]
            + [PeriodDiscriminator(period, preset.period_channels) for period in preset.periods])

    def forward(self, real, generated):
        """-> (real judgements, generated judgements), each a list of (scores, feature maps)."""
        pairs = [(judge(real), judge(generated)) for judge in self.discriminators]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
