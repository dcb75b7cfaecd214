"""Times single operations in PyTorch: those that `reprise bench ops --json` lists, at their shapes.

    reprise bench ops --preset nano --json | operations.py --threads 2 --repeats 5

Prints the list again with PyTorch's seconds; with --turns, it reads the number of an operation on every further line and
answers with its seconds, before the list. Each gradient is timed on its own: that of a convolution's input and that
of its weight by the operator that autograd calls, the others through a graph made before the clock starts.
"""

import argparse
import json
import statistics
import sys
import time

import torch
from torch.nn import functional as F

from layers import ConvolutionAttention
from measure import machine, peak_megabytes, reset_peak
from prior import prefix_causal_mask

# Short calls are repeated until a run takes this long, in seconds.
SHORTEST_RUN = 0.004
MOST_CALLS = 64


class Call:
    """One operation: `prepare` before each call, and `run`, which is timed."""

    def __init__(self, run, prepare=lambda: None):
        self.run, self.prepare = run, prepare


def convolution(shape, which, transposed):
    """Of the form short = conv(long), with one weight [outputs, inputs / groups, K]; a transposed one goes from short
    to long."""
    names = ("batch", "inputs", "outputs", "groups", "kernel", "stride", "padding", "dilation")
    batch, inputs, outputs, groups, kernel, stride, padding, dilation = (shape[name] for name in names)
    longs = torch.randn(batch, inputs, shape["longLength"])
    shorts = torch.randn(batch, outputs, shape["shortLength"])
    weight = torch.randn(outputs, inputs // groups, kernel)
    reached = (shape["shortLength"] - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1
    beyond = [shape["longLength"] - reached if transposed else 0]
    stride, padding, dilation = [stride], [padding], [dilation]
    x, dy = (shorts, longs) if transposed else (longs, shorts)
    if which == "forward":
        bias = torch.randn(inputs if transposed else outputs)
        if transposed:
            return Call(lambda: F.conv_transpose1d(x, weight, bias, stride, padding, beyond, groups, dilation))
        return Call(lambda: F.conv1d(x, weight, bias, stride, padding, dilation, groups))
    wanted = [which == "dataGradient", which == "weightGradient", False]
    return Call(lambda: torch.ops.aten.convolution_backward(
        dy, x, weight, None, stride, padding, dilation, transposed, beyond, groups, wanted))


def product(shape, which):
    """[rows, inputs] · [outputs, inputs]ᵀ, with a bias forward."""
    x, weight = torch.randn(shape["rows"], shape["inputs"]), torch.randn(shape["outputs"], shape["inputs"])
    dy, bias = torch.randn(shape["rows"], shape["outputs"]), torch.randn(shape["outputs"])
    return {
        "forward": Call(lambda: F.linear(x, weight, bias)),
        "dataGradient": Call(lambda: dy @ weight),
        "weightGradient": Call(lambda: dy.t() @ x),
    }[which]


def attention(shape, which):
    """With relative positions or across as VITS has it; with a prefix as the prior has it."""
    batch, heads, width = shape["batch"], shape["heads"], shape["width"]
    queries, keys = shape["queries"], shape["keys"]
    if "prefix" in shape:
        query, key, value = (torch.randn(batch, rows, heads * width) for rows in (queries, keys, keys))
        mask = prefix_causal_mask(batch, heads, shape["prefix"], keys - shape["prefix"])[:, :, -queries:]

        def body(q, k, v):
            q, k, v = (y.view(batch, -1, heads, width).transpose(1, 2) for y in (q, k, v))
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).reshape(query.shape)

        return through_graph(body, which, query, key, value)
    query, key, value = (torch.randn(batch, heads * width, rows) for rows in (queries, keys, keys))
    module = ConvolutionAttention(heads * width, heads, shape.get("window") or None)
    mask = torch.ones(batch, 1, queries, keys)
    return through_graph(lambda q, k, v: module.attend(q, k, v, mask), which, query, key, value)


def rows_norm(shape, which):
    parameters = torch.randn(shape["width"]), torch.randn(shape["width"])
    x = torch.randn(shape["rows"], shape["width"])
    return through_graph(lambda x, g, b: F.layer_norm(x, g.shape, g, b), which, x, *parameters)


def channel_norm(shape, which):
    """Over the channels of [B, C, T], as VITS does it."""
    channels = shape["channels"]
    x = torch.randn(shape["batch"], channels, shape["frames"])
    return through_graph(
        lambda x, g, b: F.layer_norm(x.transpose(1, -1), g.shape, g, b).transpose(1, -1), which, x,
        torch.randn(channels), torch.randn(channels))


def batch_norm(shape, which):
    channels = shape["channels"]
    x = torch.randn(shape["batch"], channels, shape["frames"])
    return through_graph(
        lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True), which, x, torch.randn(channels),
        torch.randn(channels))


def adamw(shape, _):
    """One update of `count` weights in tensors of a usual size."""
    usual = 1 << 18
    sizes = [usual] * (shape["count"] // usual) + [shape["count"] % usual]
    parameters = [torch.zeros(size, requires_grad=True) for size in sizes if size]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    return Call(torch.optim.AdamW(parameters, lr=1e-4, betas=(0.8, 0.99), eps=1e-9, weight_decay=0.01).step)


def through_graph(body, which, *inputs):
    inputs = [x.requires_grad_() for x in inputs]
    if which == "forward":
        return Call(lambda: body(*inputs))
    state = {}

    def prepare():
        state["y"] = body(*inputs)

    def run():
        torch.autograd.grad(state["y"], inputs, state["dy"])

    prepare()
    state["dy"] = torch.randn_like(state["y"])
    return Call(run, prepare)


def make(operation):
    """The call of one entry of the list."""
    kind, shape, which = operation["kind"], operation["shape"], operation["pass"]
    if kind in ("convolution", "transposedConvolution"):
        return convolution(shape, which, kind == "transposedConvolution")
    makers = {"product": product, "attention": attention, "adamw": adamw, "batchNorm": batch_norm,
              "layerNorm": rows_norm, "channelLayerNorm": channel_norm}
    if kind not in makers:
        raise SystemExit(f"The reference knows no operation {kind}; it knows {', '.join(sorted(makers))}.")
    if kind in ("layerNorm", "channelLayerNorm"):
        return (rows_norm if "rows" in shape else channel_norm)(shape, which)
    return makers[kind](shape, which)


def seconds_of(call, repeats):
    """Of one call: the median over runs of the mean in each."""
    def once():
        call.prepare()
        start = time.perf_counter()
        call.run()
        return time.perf_counter() - start

    once()
    runs = []
    for _ in range(repeats):
        total, calls = 0.0, 0
        while calls == 0 or total < SHORTEST_RUN and calls < MOST_CALLS:
            total += once()
            calls += 1
        runs.append(total / calls)
    return statistics.median(runs)


def answer_turns(operations, repeats):
    """Says that it is ready, then times whichever is asked for until the input ends; each keeps the median."""
    print("ready", flush=True)
    times = [[] for _ in operations]
    for line in sys.stdin:
        index = int(line)
        times[index].append(seconds_of(make(operations[index]), repeats))
        print(times[index][-1], flush=True)
    for operation, values in zip(operations, times):
        operation["seconds"] = statistics.median(values) if values else 0.0


def main():
    parser = argparse.ArgumentParser(description="Time single operations in PyTorch.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--turns", action="store_true", help="the list is one line, and numbers of operations follow it")
    options = parser.parse_args()
    try:
        operations = json.loads(sys.stdin.readline() if options.turns else sys.stdin.read())["operations"]
    except (ValueError, KeyError, TypeError) as error:
        raise SystemExit("Standard input is not the JSON of `reprise bench ops --json`.") from error
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    speeds = machine()
    reset_peak()
    if options.turns:
        answer_turns(operations, options.repeats)
    else:
        for operation in operations:
            operation["seconds"] = seconds_of(make(operation), options.repeats)
    json.dump({"subject": "ops", "threads": options.threads, "repeats": options.repeats, "machine": speeds,
               "torch": torch.__version__, "peakMegabytes": peak_megabytes(), "operations": operations}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
