"""The acoustic model, SoVITS, at any preset: prior encoder, posterior encoder, flow, HiFi-GAN (VITS; GPT-SoVITS)."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from layers import ConvolutionAttention, RelativeEncoder, WaveNet, length_mask, weight_norm
from speaker import MelStyleEncoder, SpeakerEncoder


class PosteriorEncoder(nn.Module):
    """q(z | spectrogram, g): [B, bins, T] -> mean and log deviation, [B, C, T] each. g is detached here."""

    def __init__(self, bins, outputs, hidden, layers, speaker_width):
        super().__init__()
        self.pre = nn.Conv1d(bins, hidden, 1)
        self.enc = WaveNet(hidden, 5, layers, speaker_width)
        self.proj = nn.Conv1d(hidden, 2 * outputs, 1)

    def forward(self, x, mask, g):
        x = self.enc(self.pre(x) * mask, mask, g.detach())
        return (self.proj(x) * mask).chunk(2, 1)


class Coupling(nn.Module):
    """An affine coupling, mean only (Dinh et al. 2017)."""

    def __init__(self, channels, hidden, layers, speaker_width):
        super().__init__()
        self.pre = nn.Conv1d(channels // 2, hidden, 1)
        self.enc = WaveNet(hidden, 5, layers, speaker_width)
        self.post = nn.Conv1d(hidden, channels // 2, 1)
        nn.init.zeros_(self.post.weight)
        nn.init.zeros_(self.post.bias)

    def forward(self, x, mask, g, inverse):
        kept, moved = x.chunk(2, 1)
        mean = self.post(self.enc(self.pre(kept) * mask, mask, g)) * mask
        moved = (moved - mean) * mask if inverse else mean + moved * mask
        return torch.cat([kept, moved], 1)


class Flip(nn.Module):
    """Turns the channels round, so that the next coupling moves the other half."""

    def forward(self, x, mask, g, inverse):
        return torch.flip(x, [1])


class Flow(nn.Module):
    """z -> z_p, and back with `inverse`."""

    def __init__(self, channels, hidden, couplings, layers, speaker_width):
        super().__init__()
        self.flows = nn.ModuleList()
        for _ in range(couplings):
            self.flows += [Coupling(channels, hidden, layers, speaker_width), Flip()]

    def forward(self, x, mask, g, inverse=False):
        for part in reversed(self.flows) if inverse else self.flows:
            x = part(x, mask, g, inverse)
        return x


class ResidualBlock(nn.Module):
    """Three pairs of dilated and plain convolutions, each pair bridged."""

    def __init__(self, channels, kernel, dilations=(1, 3, 5)):
        super().__init__()

        def convolution(dilation):
            return weight_norm(nn.Conv1d(
                channels, channels, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2))

        self.convs1 = nn.ModuleList(convolution(dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(convolution(1) for _ in dilations)

    def forward(self, x):
        for dilated, plain in zip(self.convs1, self.convs2):
            x = plain(F.leaky_relu(dilated(F.leaky_relu(x, 0.1)), 0.1)) + x
        return x


class HiFiGAN(nn.Module):
    """z [B, C, T], g [B, G, 1] -> waveform [B, 1, T · hop] (Kong et al. 2020)."""

    def __init__(self, inputs, channels, rates, kernels, speaker_width, post_bias, residual_kernels=(3, 7, 11)):
        super().__init__()
        self.conv_pre = nn.Conv1d(inputs, channels, 7, padding=3)
        self.cond = nn.Conv1d(speaker_width, channels, 1)
        self.ups, self.resblocks = nn.ModuleList(), nn.ModuleList()
        for rate, kernel in zip(rates, kernels):
            self.ups.append(weight_norm(nn.ConvTranspose1d(
                channels, channels // 2, kernel, rate, padding=(kernel - rate) // 2)))
            channels //= 2
            self.resblocks += [ResidualBlock(channels, kernel) for kernel in residual_kernels]
        self.branches = len(residual_kernels)
        self.conv_post = nn.Conv1d(channels, 1, 7, padding=3, bias=post_bias)

    def forward(self, x, g):
        x = self.conv_pre(x) + self.cond(g)
        for index, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, 0.1))
            blocks = self.resblocks[index * self.branches:(index + 1) * self.branches]
            total = blocks[0](x)
            for block in blocks[1:]:
                total = total + block(x)
            x = total / self.branches
        return torch.tanh(self.conv_post(F.leaky_relu(x)))


class CrossAttention(nn.Module):
    """`MRTE`: content [B, C, T] attends to the text [B, C, L]; the speaker is added."""

    def __init__(self, channels, width, heads):
        super().__init__()
        self.cross_attention = ConvolutionAttention(width, heads)
        self.c_pre = nn.Conv1d(channels, width, 1)
        self.text_pre = nn.Conv1d(channels, width, 1)
        self.c_post = nn.Conv1d(width, channels, 1)

    def forward(self, content, mask, text, text_mask, g):
        pairs = text_mask[:, :, None] * mask[..., None]
        c, t = self.c_pre(content * mask), self.text_pre(text * text_mask)
        x = self.cross_attention(c * mask, t * text_mask, pairs) + c + g
        return self.c_post(x * mask)


class PriorEncoder(nn.Module):
    """p(z_p | z_prior, text, g): mean and log deviation, [B, C, T] each."""

    def __init__(self, p):
        super().__init__()

        def encoder(layers):
            return RelativeEncoder(p.hidden, p.filter, p.encoder_heads, layers, dropout=p.dropout)

        self.ssl_proj = nn.Conv1d(p.code_width, p.hidden, 1)
        self.encoder_ssl = encoder(p.semantic_layers)
        self.encoder_text = encoder(p.text_layers)
        self.text_embedding = nn.Embedding(p.symbol_count, p.hidden)
        self.mrte = CrossAttention(p.hidden, p.speaker_width, p.cross_heads)
        self.encoder2 = encoder(p.joint_layers)
        self.proj = nn.Conv1d(p.hidden, 2 * p.inter, 1)
        nn.init.normal_(self.text_embedding.weight, std=p.hidden**-0.5)

    def forward(self, content, mask, text, text_mask, g):
        y = self.encoder_ssl(self.ssl_proj(content * mask) * mask, mask)
        t = self.encoder_text(self.text_embedding(text).transpose(1, 2) * text_mask, text_mask)
        x = self.encoder2(self.mrte(y, mask, t, text_mask, g) * mask, mask)
        return (self.proj(x) * mask).chunk(2, 1)


class Codebook(nn.Module):
    """The frozen codebook of v2: each frame of [B, D, T] becomes its nearest vector."""

    def __init__(self, codes, width):
        super().__init__()
        self.register_buffer("embed", torch.randn(codes, width))

    def forward(self, x):
        """-> (quantized [B, D, T], codes [B, T])"""
        rows = x.transpose(1, 2)
        flat = rows.reshape(-1, rows.shape[-1])
        distance = flat.square().sum(1, keepdim=True) - 2 * flat @ self.embed.t() + self.embed.square().sum(1)
        codes = distance.argmin(1).view(rows.shape[:2])
        return self.decode(codes), codes

    def decode(self, codes):
        return F.embedding(codes, self.embed).transpose(1, 2)


@dataclass
class Batch:
    """One batch, all items of full length."""

    spectrogram: torch.Tensor
    """The posterior's input, [B, bins, T]."""
    waveform: torch.Tensor
    """[B, 1, T · hop]"""
    text: torch.Tensor
    """[B, L]"""
    reference: torch.Tensor
    """3 s of the same speaker: v2's lowest 704 bins, or 80 bands of log mel, [B, bins, 150]."""
    features: torch.Tensor = None
    """v2: recorded features, [B, 768, T]."""
    tokens: torch.Tensor = None
    """The others: codes, [B, T / 2]."""


class SoVITS(nn.Module):
    """All of the acoustic model."""

    def __init__(self, p):
        super().__init__()
        self.preset = p
        self.enc_p = PriorEncoder(p)
        self.enc_q = PosteriorEncoder(p.posterior_bins, p.inter, p.hidden, p.posterior_layers, p.speaker_width)
        self.flow = Flow(p.inter, p.hidden, p.couplings, p.coupling_layers, p.speaker_width)
        self.dec = HiFiGAN(p.inter, p.decoder_channels, p.rates, p.kernels, p.speaker_width, p.post_bias)
        if p.is_public:
            self.ref_enc = MelStyleEncoder(outputs=p.speaker_width)
            self.ssl_proj = nn.Conv1d(p.code_width, p.code_width, 2, stride=2)
            self.quantizer = Codebook(p.code_count, p.code_width)
            # Frozen, as v2 is fine-tuned.
            self.ssl_proj.requires_grad_(False)
        else:
            self.ref_enc = SpeakerEncoder(p.speaker_channels, p.speaker_bottleneck, p.speaker_width)
            self.codes = nn.Embedding(p.code_count, p.code_width)

    def speaker(self, reference):
        if self.preset.is_public:
            return self.ref_enc(reference, torch.ones(len(reference), 1, reference.shape[2]))
        return self.ref_enc(reference)

    def content(self, batch):
        """z_prior at frame rate, [B, D, T]."""
        if self.preset.is_public:
            with torch.no_grad():
                quantized, _ = self.quantizer(self.ssl_proj(batch.features))
        else:
            quantized = self.codes(batch.tokens).transpose(1, 2)
        return F.interpolate(quantized, scale_factor=2.0, mode="nearest")

    def forward(self, batch, segment):
        """One training pass: generated and real slices, [B, 1, segment · hop], and what the KL term needs."""
        frames, hop = batch.spectrogram.shape[2], self.preset.hop
        lengths = torch.full((len(batch.spectrogram),), frames)
        mask, text_mask = length_mask(lengths, frames), torch.ones(len(batch.text), 1, batch.text.shape[1])
        g = self.speaker(batch.reference)
        prior_mean, prior_log_deviation = self.enc_p(self.content(batch), mask, batch.text, text_mask, g)
        mean, log_deviation = self.enc_q(batch.spectrogram, mask, g)
        z = (mean + torch.randn_like(mean) * torch.exp(log_deviation)) * mask
        flowed = self.flow(z, mask, g)
        starts = (torch.rand(len(lengths)) * (lengths - segment + 1)).long().tolist()
        generated = self.dec(torch.stack([z[b, :, s:s + segment] for b, s in enumerate(starts)]), g)
        real = torch.stack([batch.waveform[b, :, s * hop:(s + segment) * hop] for b, s in enumerate(starts)])
        return generated, real, (flowed, log_deviation, prior_mean, prior_log_deviation, mask)

    def synthesize(self, tokens, text, g, noise_scale=0.5):
        """tokens [1, S], text [1, L] -> waveform [1, 1, 2 · S · hop]"""
        quantized = self.quantizer.decode(tokens) if self.preset.is_public else self.codes(tokens).transpose(1, 2)
        content = F.interpolate(quantized, scale_factor=2.0, mode="nearest")
        mask, text_mask = torch.ones(1, 1, content.shape[2]), torch.ones(1, 1, text.shape[1])
        mean, log_deviation = self.enc_p(content, mask, text, text_mask, g)
        z = mean + torch.randn_like(mean) * torch.exp(log_deviation) * noise_scale
        return self.dec(self.flow(z, mask, g, inverse=True) * mask, g)
