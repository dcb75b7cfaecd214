"""Clocks and counters: medians, peak memory, and what the machine can do at most."""

import statistics
import time

import torch


def seconds(work, repeats, warm_up=1):
    """The times of `repeats` runs after uncounted ones."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def median_seconds(work, repeats, warm_up=1):
    return statistics.median(seconds(work, repeats, warm_up))


def reset_peak():
    """Begins the peak again from what the process holds now; a kernel that cannot leaves that of the whole run."""
    try:
        with open("/proc/self/clear_refs", "w") as control:
            control.write("5")
    except OSError:
        pass


def peak_megabytes():
    """VmHWM of this process, in MB."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def machine():
    """The best 1024³ product in GFLOP/s and the best a = b + s · c over large arrays in GB/s."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    product = min(seconds(lambda: torch.mm(a, b), 20, 3))
    x, y, z = (torch.ones(32 << 20) for _ in range(3))
    triad = min(seconds(lambda: torch.add(y, z, alpha=0.5, out=x), 4))
    return {"sgemmGigaflops": 2 * 1024**3 / product / 1e9, "bandwidthGigabytes": 12 * x.numel() / triad / 1e9}


class Parts:
    """Times the named parts of steps: `parts.begin("forward") … parts.end()`; medians over the steps."""

    def __init__(self):
        self.times, self.name, self.started, self.total = {}, None, 0.0, {}

    def begin(self, name):
        self.end()
        self.name, self.started = name, time.perf_counter()

    def end(self):
        if self.name is not None:
            self.total[self.name] = self.total.get(self.name, 0) + time.perf_counter() - self.started
            self.name = None

    def close_step(self):
        self.end()
        for name, value in self.total.items():
            self.times.setdefault(name, []).append(value)
        self.total = {}

    def report(self):
        return [{"name": name, "seconds": statistics.median(values)} for name, values in self.times.items()]
