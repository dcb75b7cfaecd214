"""The priors: text (and speaker) -> semantic tokens. Post-norm v2 of the public weights, pre-norm of the others.

Rows are the text, then the tokens; a symbol sees the text, a token the text and earlier tokens.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


class PackedAttention(nn.Module):
    """Self-attention with one projection for queries, keys and values, [B, R, C] -> [B, R, C]."""

    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * 0.02)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, mask, cache=None):
        """`cache` is a list [k, v] of earlier rows, which grows by concatenation as the public sampling code does."""
        batch, rows, width = x.shape
        query, key, value = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        if cache is not None:
            if cache:
                key, value = torch.cat([cache[0], key], 1), torch.cat([cache[1], value], 1)
            cache[:] = [key, value]

        def split(y):
            return y.view(batch, -1, self.heads, width // self.heads).transpose(1, 2)

        y = F.scaled_dot_product_attention(
            split(query), split(key), split(value), attn_mask=mask, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(y.transpose(1, 2).reshape(batch, rows, width))


class PriorLayer(nn.Module):
    """A transformer layer: post-norm with ReLU, or pre-norm with GELU."""

    def __init__(self, width, heads, dropout, post_norm):
        super().__init__()
        self.post_norm = post_norm
        self.self_attn = PackedAttention(width, heads, dropout)
        self.linear1, self.linear2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x, mask, cache=None):
        if self.post_norm:
            x = self.norm1(x + self.drop(self.self_attn(x, mask, cache)))
            return self.norm2(x + self.drop(self.linear2(self.drop(torch.relu(self.linear1(x))))))
        x = x + self.drop(self.self_attn(self.norm1(x), mask, cache))
        return x + self.drop(self.linear2(F.gelu(self.linear1(self.norm2(x)), approximate="tanh")))


def prefix_causal_mask(batch, heads, symbols, tokens):
    """0 where a row may look, -inf where not, [B, H, R, R]: made for every head of every item, as the public code."""
    rows = symbols + tokens
    hidden = torch.ones(rows, rows, dtype=torch.bool).triu(1)
    hidden[:symbols, :symbols] = False
    mask = torch.zeros(batch, heads, rows, rows)
    return mask.masked_fill_(hidden, -torch.inf)


class SinePositions(nn.Module):
    """x + α · sines of the position."""

    def __init__(self):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1))
        self.table = None

    def forward(self, x, start=0):
        end, width = start + x.shape[1], x.shape[2]
        if self.table is None or self.table.shape[0] < end:
            angles = torch.arange(max(end, 1024))[:, None] * torch.exp(
                torch.arange(0, width, 2) * (-math.log(10000) / width))
            self.table = torch.stack([angles.sin(), angles.cos()], -1).flatten(1)
        return x + self.alpha * self.table[start:end]


class LearnedPositions(nn.Embedding):
    """x + a learned row for each position."""

    def forward(self, x, start=0):
        return x + self.weight[start:start + x.shape[1]]


class Prior(nn.Module):
    """Both priors; `preset.is_public` decides which.

    v2 has no BOS: the last symbol's row foretells the first token. The other starts its tokens with BOS, has the
    speaker on every symbol, and takes its logits as products with the code table and an EOS row.
    """

    def __init__(self, p):
        super().__init__()
        self.preset = p
        width, public = p.prior_hidden, p.is_public
        self.ar_text_embedding = nn.ModuleDict({"word_embeddings": nn.Embedding(p.symbol_count, width)})
        self.ar_audio_embedding = nn.ModuleDict({"word_embeddings": nn.Embedding(p.code_count + 1, width)})
        self.ar_text_position = SinePositions() if public else LearnedPositions(1024, width)
        self.ar_audio_position = SinePositions() if public else LearnedPositions(1024, width)
        self.bert_proj = nn.Linear(1024, width)
        self.h = nn.ModuleDict({"layers": nn.ModuleList(
            PriorLayer(width, p.prior_heads, p.dropout, public) for _ in range(p.prior_layers))})
        if public:
            self.ar_predict_layer = nn.Linear(width, p.code_count + 1, bias=False)
        else:
            self.style_proj = nn.Linear(p.speaker_width, width)
            self.norm = nn.LayerNorm(width)
            self.out_proj = nn.Linear(width, p.code_width)
            self.eos = nn.Parameter(torch.randn(1, p.code_width))

    def text_rows(self, text, bert, speaker):
        x = self.ar_text_embedding["word_embeddings"](text) + self.bert_proj(bert.transpose(1, 2))
        if not self.preset.is_public:
            x = x + self.style_proj(speaker)[:, None]
        return self.ar_text_position(x)

    def token_rows(self, tokens, start=0):
        return self.ar_audio_position(self.ar_audio_embedding["word_embeddings"](tokens), start)

    def classify(self, x, code_table):
        if self.preset.is_public:
            return self.ar_predict_layer(x)
        return self.out_proj(self.norm(x)) @ torch.cat([code_table, self.eos]).t()

    def logits(self, text, tokens, bert, speaker=None, code_table=None):
        """text [B, L], tokens [B, S], bert [B, 1024, L] -> scores of what follows the text and each token."""
        symbols, count = text.shape[1], tokens.shape[1]
        if not self.preset.is_public:
            tokens = F.pad(tokens, (1, 0), value=self.preset.code_count)
        x = torch.cat([self.text_rows(text, bert, speaker), self.token_rows(tokens)], 1)
        if not self.preset.is_public:
            x = F.dropout(x, self.preset.dropout, self.training)
        mask = prefix_causal_mask(len(text), self.preset.prior_heads, symbols, tokens.shape[1])
        for layer in self.h["layers"]:
            x = layer(x, mask)
        return self.classify(x[:, -count - 1:], code_table)

    def loss(self, text, tokens, bert, speaker=None, code_table=None):
        """-Σ ln P(token), EOS included: their sum in v2, as its trainer has it, else the mean."""
        logits = self.logits(text, tokens, bert, speaker, code_table)
        targets = F.pad(tokens, (0, 1), value=self.preset.code_count)
        return F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum" if self.preset.is_public else "mean")

    def sample(self, text, bert, count, speaker=None, code_table=None):
        """Draws `count` tokens of one sentence, [1, L] -> [1, count], without an end."""
        decoding = Decoding(self, text, bert, speaker, code_table)
        tokens = torch.empty(1, 0, dtype=torch.long)
        while True:
            tokens = torch.cat([tokens, draw(decoding.scores[:, :-1], tokens)], 1)
            if tokens.shape[1] == count:
                return tokens
            decoding.feed(tokens[:, -1:])


class Decoding:
    """One sentence row by row: `scores`, [1, K + 1], are of what follows the text (and BOS) and each token fed."""

    def __init__(self, prior, text, bert, speaker=None, code_table=None):
        self.prior, self.code_table, self.fed = prior, code_table, 0
        self.caches = [[] for _ in prior.h["layers"]]
        self._run(prior.text_rows(text, bert, speaker))
        if not prior.preset.is_public:
            self.feed(torch.tensor([[prior.preset.code_count]]))

    def feed(self, token):
        """[1, 1]"""
        self._run(self.prior.token_rows(token, self.fed))
        self.fed += 1

    def _run(self, rows):
        for layer, cache in zip(self.prior.h["layers"], self.caches):
            rows = layer(rows, None, cache)
        self.scores = self.prior.classify(rows[:, -1], self.code_table)


def draw(scores, tokens, top_k=15, penalty=1.35, window=16):
    """One draw of [1, K] after [1, S]: repetition penalty, then top-k."""
    recent = tokens[:, -window:]
    if recent.shape[1]:
        found = scores.gather(1, recent)
        scores = scores.scatter(1, recent, torch.where(found < 0, found * penalty, found / penalty))
    best, places = scores.topk(min(top_k, scores.shape[1]))
    return places.gather(1, best.softmax(-1).multinomial(1))
