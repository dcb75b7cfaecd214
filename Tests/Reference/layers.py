"""Layers that several parts of SoVITS share, written as their users write them in PyTorch.

Parameters carry the public implementation's names, so that its weights load.
"""

import math
import warnings

import torch
from torch import nn
from torch.nn import functional as F

# The public trainers use this form of weight norm, which keeps `weight_g` and `weight_v` and folds them by a hook.
warnings.filterwarnings("ignore", category=FutureWarning, message=".*weight_norm.*")
warnings.filterwarnings("ignore", category=UserWarning, message=".*weight_norm.*")
weight_norm = nn.utils.weight_norm


def remove_weight_norms(module):
    """Folds every weight norm for good: what one does before inference."""
    for part in module.modules():
        if hasattr(part, "weight_g"):
            nn.utils.remove_weight_norm(part)


def length_mask(lengths, frames):
    """[B] -> [B, 1, T], 1 inside each item."""
    return (torch.arange(frames) < lengths[:, None]).float()[:, None]


class ChannelLayerNorm(nn.Module):
    """Layer norm over the channels of [B, C, T]."""

    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.layer_norm(x.transpose(1, -1), self.gamma.shape, self.gamma, self.beta, 1e-5).transpose(1, -1)


class ConvolutionAttention(nn.Module):
    """Multi-head attention with 1x1 convolutions; relative positions (Shaw et al. 2018) when there is a window."""

    def __init__(self, channels, heads, window=None, dropout=0.0):
        super().__init__()
        self.heads, self.window, self.width = heads, window, channels // heads
        self.conv_q = nn.Conv1d(channels, channels, 1)
        self.conv_k = nn.Conv1d(channels, channels, 1)
        self.conv_v = nn.Conv1d(channels, channels, 1)
        self.conv_o = nn.Conv1d(channels, channels, 1)
        self.drop = nn.Dropout(dropout)
        for projection in (self.conv_q, self.conv_k, self.conv_v):
            nn.init.xavier_uniform_(projection.weight)
        if window is not None:
            shape, deviation = (1, 2 * window + 1, self.width), self.width**-0.5
            self.emb_rel_k = nn.Parameter(torch.randn(shape) * deviation)
            self.emb_rel_v = nn.Parameter(torch.randn(shape) * deviation)

    def forward(self, x, context, mask):
        """x [B, C, T], context [B, C, T'], mask [B, 1, T or 1, T'] -> [B, C, T]"""
        return self.conv_o(self.attend(self.conv_q(x), self.conv_k(context), self.conv_v(context), mask))

    def attend(self, query, key, value, mask):
        """Between the projections."""
        batch, channels, _ = query.shape

        def split(y):
            return y.view(batch, self.heads, self.width, -1).transpose(2, 3)

        query, key, value = split(query), split(key), split(value)
        query = query / math.sqrt(self.width)
        scores = query @ key.transpose(-2, -1)
        if self.window is not None:
            offsets = self._table(self.emb_rel_k, key.shape[2])
            scores = scores + _offsets_to_positions(query @ offsets[:, None].transpose(-2, -1))
        weights = self.drop(scores.masked_fill(mask == 0, -1e4).softmax(-1))
        output = weights @ value
        if self.window is not None:
            offsets = self._table(self.emb_rel_v, key.shape[2])
            output = output + _positions_to_offsets(weights) @ offsets[:, None]
        return output.transpose(2, 3).reshape(batch, channels, -1)

    def _table(self, table, length):
        """Rows for the offsets -(length - 1) ... length - 1, zero outside the window."""
        missing = max(length - self.window - 1, 0)
        start = max(self.window + 1 - length, 0)
        return F.pad(table, (0, 0, missing, missing))[:, start:start + 2 * length - 1]


def _offsets_to_positions(x):
    """[B, H, T, 2T - 1] by offset -> [B, H, T, T] by position: each row shifts one further to the left."""
    batch, heads, length, _ = x.shape
    flat = F.pad(x, (0, 1)).flatten(2)
    skewed = F.pad(flat, (0, length - 1)).view(batch, heads, length + 1, 2 * length - 1)
    return skewed[:, :, :length, length - 1:]


def _positions_to_offsets(x):
    """The inverse: [B, H, T, T] -> [B, H, T, 2T - 1]."""
    batch, heads, length, _ = x.shape
    flat = F.pad(x, (0, length - 1)).flatten(2)
    return F.pad(flat, (length, 0)).view(batch, heads, length, 2 * length)[..., 1:]


class FeedForward(nn.Module):
    """The convolutional feed-forward network of `RelativeEncoder`."""

    def __init__(self, channels, filter, kernel, dropout):
        super().__init__()
        self.conv_1 = nn.Conv1d(channels, filter, kernel, padding=kernel // 2)
        self.conv_2 = nn.Conv1d(filter, channels, kernel, padding=kernel // 2)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask):
        h = self.drop(torch.relu(self.conv_1(x * mask)))
        return self.conv_2(h * mask) * mask


class RelativeEncoder(nn.Module):
    """The Transformer encoder of VITS: post-norm, relative positions in a window of 4, [B, C, T]."""

    def __init__(self, channels, filter, heads, layers, kernel=3, window=4, dropout=0.1):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.attn_layers = nn.ModuleList(
            ConvolutionAttention(channels, heads, window, dropout) for _ in range(layers))
        self.norm_layers_1 = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(layers))
        self.ffn_layers = nn.ModuleList(FeedForward(channels, filter, kernel, dropout) for _ in range(layers))
        self.norm_layers_2 = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(layers))

    def forward(self, x, mask):
        pairs = mask[:, :, None] * mask[..., None]
        x = x * mask
        for attend, norm1, feed, norm2 in zip(self.attn_layers, self.norm_layers_1, self.ffn_layers,
                                              self.norm_layers_2):
            x = norm1(x + self.drop(attend(x, x, pairs)))
            x = norm2(x + self.drop(feed(x, mask)))
        return x * mask


class WaveNet(nn.Module):
    """The gated convolution stack of WaveGlow: x [B, H, T], mask [B, 1, T], g [B, G, 1] -> [B, H, T]."""

    def __init__(self, hidden, kernel, layers, speaker_width, dilation_rate=1):
        super().__init__()
        self.hidden = hidden
        self.cond_layer = weight_norm(nn.Conv1d(speaker_width, 2 * hidden * layers, 1))
        self.in_layers, self.res_skip_layers = nn.ModuleList(), nn.ModuleList()
        for index in range(layers):
            dilation = dilation_rate**index
            self.in_layers.append(weight_norm(nn.Conv1d(
                hidden, 2 * hidden, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)))
            outputs = 2 * hidden if index < layers - 1 else hidden
            self.res_skip_layers.append(weight_norm(nn.Conv1d(hidden, outputs, 1)))

    def forward(self, x, mask, g):
        conditions = self.cond_layer(g).chunk(len(self.in_layers), 1)
        output = torch.zeros_like(x)
        last = len(self.in_layers) - 1
        for index, (convolution, skip) in enumerate(zip(self.in_layers, self.res_skip_layers)):
            y = convolution(x) + conditions[index]
            y = skip(torch.tanh(y[:, :self.hidden]) * torch.sigmoid(y[:, self.hidden:]))
            if index < last:
                x = (x + y[:, :self.hidden]) * mask
                output = output + y[:, self.hidden:]
            else:
                output = output + y
        return output * mask
