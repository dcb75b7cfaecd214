"""Speaker encoders: reference audio -> g, [B, W, 1]."""

import torch
from torch import nn
from torch.nn import functional as F


class _Named(nn.Module):
    """A module under a name of its own, as the public parameter names have it."""

    def __init__(self, name, module):
        super().__init__()
        self.add_module(name, module)

    def forward(self, x):
        return next(self.children())(x)


class MelStyleEncoder(nn.Module):
    """StyleSpeech's style encoder (Min et al. 2021), v2's: [B, bins, T], mask [B, 1, T] -> [B, out, 1]."""

    def __init__(self, bins=704, hidden=128, outputs=512, kernel=5, heads=2, dropout=0.1):
        super().__init__()
        self.spectral = nn.Sequential(
            _Named("fc", nn.Linear(bins, hidden)), nn.Mish(), nn.Dropout(dropout),
            _Named("fc", nn.Linear(hidden, hidden)), nn.Mish(), nn.Dropout(dropout))
        self.temporal = nn.Sequential(*(GatedConvolution(hidden, kernel, dropout) for _ in range(2)))
        self.slf_attn = StyleAttention(hidden, heads, dropout)
        self.fc = _Named("fc", nn.Linear(hidden, outputs))

    def forward(self, x, mask):
        padding = mask[:, 0] == 0
        x = self.spectral(x.transpose(1, 2)).transpose(1, 2)
        x = self.temporal(x).transpose(1, 2)
        x = self.slf_attn(x.masked_fill(padding[..., None], 0), padding)
        x = self.fc(x).masked_fill(padding[..., None], 0)
        return (x.sum(1) / (~padding).sum(1, keepdim=True))[..., None]


class GatedConvolution(nn.Module):
    """x + a · σ(b), a and b the halves of one convolution."""

    def __init__(self, channels, kernel, dropout):
        super().__init__()
        self.conv1 = _Named("conv", nn.Conv1d(channels, 2 * channels, kernel, padding=kernel // 2))
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        return x + self.drop(F.glu(self.conv1(x), 1))


class StyleAttention(nn.Module):
    """Residual self-attention of [B, T, C] whose scores are divided by √C."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.w_qs, self.w_ks, self.w_vs = (nn.Linear(width, width) for _ in range(3))
        self.fc = nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, padding):
        batch, length, width = x.shape

        def split(y):
            return y.view(batch, length, self.heads, -1).transpose(1, 2)

        query, key, value = split(self.w_qs(x)), split(self.w_ks(x)), split(self.w_vs(x))
        scores = query @ key.transpose(-2, -1) / width**0.5
        weights = self.drop(scores.masked_fill(padding[:, None, None], -torch.inf).softmax(-1))
        y = (weights @ value).transpose(1, 2).reshape(batch, length, width)
        return x + self.drop(self.fc(y))


class NormalizedConvolution(nn.Module):
    """Convolution, ReLU, batch norm."""

    def __init__(self, inputs, outputs, kernel=1, dilation=1):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, padding=(kernel - 1) // 2 * dilation)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return self.bn(torch.relu(self.conv(x)))


class SpeakerBlock(nn.Module):
    """SE-Res2 block of ECAPA-TDNN, [B, C, T] -> [B, C, T]."""

    def __init__(self, channels, bottleneck, dilation, scale=8):
        super().__init__()
        width = channels // scale
        self.scale = scale
        self.tdnn1 = NormalizedConvolution(channels, channels)
        self.res2net = nn.ModuleList(NormalizedConvolution(width, width, 3, dilation) for _ in range(scale - 1))
        self.tdnn2 = NormalizedConvolution(channels, channels)
        self.squeeze = nn.Conv1d(channels, bottleneck, 1)
        self.excite = nn.Conv1d(bottleneck, channels, 1)

    def forward(self, x):
        groups = self.tdnn1(x).chunk(self.scale, 1)
        results = [groups[0]]
        for index, convolution in enumerate(self.res2net):
            heard = groups[1] if index == 0 else groups[index + 1] + results[-1]
            results.append(convolution(heard))
        y = self.tdnn2(torch.cat(results, 1))
        weights = self.excite(torch.relu(self.squeeze(y.mean(2, keepdim=True)))).sigmoid()
        return x + y * weights


class SpeakerEncoder(nn.Module):
    """ECAPA-TDNN (Desplanques et al. 2020): log mel [B, 80, T] -> [B, W, 1]."""

    def __init__(self, channels, bottleneck, outputs, bands=80, dilations=(2, 3, 4)):
        super().__init__()
        total = len(dilations) * channels
        self.layer1 = NormalizedConvolution(bands, channels, 5)
        self.blocks = nn.ModuleList(SpeakerBlock(channels, bottleneck, dilation) for dilation in dilations)
        self.mfa = nn.Conv1d(total, total, 1)
        self.attention = nn.Sequential(
            NormalizedConvolution(3 * total, bottleneck), nn.Tanh(), nn.Conv1d(bottleneck, total, 1))
        self.asp_bn = nn.BatchNorm1d(2 * total)
        self.fc = nn.Linear(2 * total, outputs)

    def forward(self, mel):
        x = self.layer1(mel - mel.mean(2, keepdim=True))
        outputs = []
        for block in self.blocks:
            outputs.append(block(x))
            x = x + outputs[-1]
        x = torch.relu(self.mfa(torch.cat(outputs, 1)))
        mean = x.mean(2, keepdim=True)
        deviation = (x - mean).square().mean(2, keepdim=True).clamp(min=1e-4).sqrt()
        context = torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], 1)
        weights = self.attention(context).softmax(2)
        mean = (x * weights).sum(2, keepdim=True)
        deviation = ((x - mean).square() * weights).sum(2, keepdim=True).clamp(min=1e-4).sqrt()
        pooled = torch.cat([mean, deviation], 1)
        if self.training and len(pooled) == 1:
            # One clip's pooled statistics have no variance to normalise by.
            pooled = F.batch_norm(pooled, self.asp_bn.running_mean, self.asp_bn.running_var, self.asp_bn.weight,
                                  self.asp_bn.bias)
        else:
            pooled = self.asp_bn(pooled)
        return self.fc(pooled[..., 0])[..., None]
