"""Spectrograms with VITS' conventions: centred on the hop by reflect padding, √(re² + im² + 1e-8)."""

import math

import torch
from torch.nn import functional as F


def spectrogram(waveform, fft, hop):
    """[B, N] -> [B, fft / 2 + 1, N / hop]"""
    edge = (fft - hop) // 2
    padded = F.pad(waveform[:, None], (edge, edge), "reflect")[:, 0]
    spectrum = torch.stft(padded, fft, hop_length=hop, win_length=fft, window=torch.hann_window(fft), center=False,
                          return_complex=True)
    return torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + 1e-8)


class LogMel(torch.nn.Module):
    """[B, N] -> ln of the mel bands, [B, bands, T]."""

    def __init__(self, sample_rate, fft, hop, bands):
        super().__init__()
        self.fft, self.hop = fft, hop
        self.register_buffer("filters", mel_filters(sample_rate, fft, bands))

    def forward(self, waveform):
        return self.of_magnitudes(spectrogram(waveform, self.fft, self.hop))

    def of_magnitudes(self, magnitudes):
        return torch.log(torch.clamp(self.filters @ magnitudes, min=1e-5))


def mel_filters(sample_rate, fft, bands):
    """Slaney's triangles of unit area from 0 Hz to half the sample rate, [bands, fft / 2 + 1]."""
    break_mel = 1000 * 3 / 200
    step = math.log(6.4) / 27

    def hertz(mel):
        return torch.where(mel < break_mel, mel * 200 / 3, 1000 * torch.exp(step * (mel - break_mel)))

    top = break_mel + math.log(sample_rate / 2000) / step
    edges = hertz(torch.linspace(0, top, bands + 2, dtype=torch.float64))
    bins = torch.linspace(0, sample_rate / 2, fft // 2 + 1, dtype=torch.float64)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).float()
