"""Runs `reprise bench` and the PyTorch reference in turns, and prints how many times as fast Reprise is, in Markdown.

    compare.py [--quick] [--only NAME]... [--shapes TEXT] [--threads N] [--passive] [--json FILE]
               [--reprise PATH] [--python PATH]

Each piece of work is run by both, one process at a time, in several rounds with the order turned round every time; what
counts is the median over the rounds of the medians inside them. Single operations take turns one by one, and of them the
rounds' ratios count, so that what the machine does in a minute befalls both. PyTorch's threads spin while they wait, so it
suffers from other programs far more than in proportion: measure on a machine that does nothing else, or at least with
--passive. The last line says how much of the processors others took meanwhile.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / ".build"


@dataclass(frozen=True)
class Work:
    """A piece of work, and the options that both programs take for it."""

    name: str
    title: str
    subject: str
    options: dict


WORK = [
    Work("v2-sovits-1", "v2 SoVITS step, B 1, 200 frames, 60 phonemes", "step",
         dict(preset="v2", stage="sovits", batch=1, frames=200, symbols=60, segment=32)),
    Work("v2-sovits-2", "v2 SoVITS step, B 2, 200 frames, 60 phonemes", "step",
         dict(preset="v2", stage="sovits", batch=2, frames=200, symbols=60, segment=32)),
    Work("v2-prior", "v2 prior step, B 4, 80 phonemes, 125 tokens", "step",
         dict(preset="v2", stage="prior", batch=4, frames=250, symbols=80, tokens=125)),
    Work("v2-say", "v2", "say", dict(preset="v2", symbols=60, tokens=100)),
    Work("nano-sovits", "nano SoVITS step, B 8, 300 frames, 80 phonemes", "step",
         dict(preset="nano", stage="sovits", batch=8, frames=300, symbols=80, segment=32)),
    Work("v2-ops", "operations of v2, B 1", "ops",
         dict(preset="v2", batch=1, frames=200, symbols=60, tokens=125, segment=32)),
    Work("nano-ops", "operations of nano, B 8", "ops",
         dict(preset="nano", batch=8, frames=300, symbols=80, tokens=150, segment=32)),
]


class Failure(Exception):
    """Its text is the one sentence that the user reads."""


class Programs:
    """Both sides, each asked for one JSON object a run."""

    def __init__(self, reprise, python, threads, repeats, passive, shapes):
        self.reprise, self.python = reprise, python
        self.shapes = ["--only", shapes] if shapes else []
        self.environment = dict(os.environ, OMP_WAIT_POLICY="PASSIVE") if passive else None
        self.shared = ["--threads", str(threads), "--repeats", str(repeats)]

    def ours(self, work):
        return _answer([self.reprise, "bench", work.subject, *_flags(work.options), *self.shared, "--json"])

    def pytorch(self, work):
        command = [self.python, "-B", str(HERE / "steps.py"), work.subject, *_flags(work.options), *self.shared]
        return _answer(command, environment=self.environment)

    def operations(self, work):
        """Both sides of single operations, waiting to be asked for one."""
        ours = Turns([self.reprise, "bench", "ops", *_flags(work.options), *self.shared, *self.shapes,
                      "--json", "--turns"])
        theirs = Turns([self.python, "-B", str(HERE / "operations.py"), *self.shared, "--turns"], self.environment)
        return ours, theirs


class Turns:
    """A program that answers lines with lines, and ends with a report when no more come."""

    def __init__(self, command, environment=None):
        self.command, self.errors = command, tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                            text=True, env=environment)
        except OSError as error:
            raise Failure(f"{command[0]} cannot be run: {error.strerror}.") from error

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().strip().splitlines()[-1:] or [f"it ended with {status}"]
            raise Failure(f"`{' '.join(self.command)}` failed: {said[0]}")
        return line

    def ask(self, line):
        try:
            print(line, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # it has ended, which reading tells
        return self.read()

    def report(self):
        self.process.stdin.close()
        report = json.loads(self.read())
        self.process.wait()
        return report

    def end(self):
        self.process.kill()
        self.process.wait()


def _flags(options):
    return [text for name, value in options.items() for text in (f"--{name}", str(value))]


def _answer(command, environment=None):
    try:
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run: {error.strerror}.") from error
    said = result.stderr.strip().splitlines()[-1:] or [f"it ended with {result.returncode}"]
    if result.returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed: {said[0]}")
    try:
        return json.loads(result.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise Failure(f"`{' '.join(command)}` printed no JSON, so there is nothing to compare.") from error


def measure(work, programs, rounds, tell):
    """-> the reports of every round, [(ours, PyTorch's)]; of single operations one with the medians of all rounds."""
    if work.subject == "ops":
        return [measure_in_turns(work, programs, rounds, tell)]
    reports = []
    for index in range(rounds):
        tell(f"{work.name}, round {index + 1} of {rounds}")
        sides = [programs.ours, programs.pytorch]
        answers = {side: side(work) for side in (sides if index % 2 == 0 else reversed(sides))}
        reports.append(tuple(answers[side] for side in sides))
    return reports


def measure_in_turns(work, programs, rounds, tell):
    """-> (ours, PyTorch's); each operation has every round's seconds as `rounds`, too."""
    sides = programs.operations(work)
    try:
        listed = sides[0].read()
        sides[1].ask(listed.strip())  # says that it is ready
        operations = json.loads(listed)["operations"]
        times = [([], []) for _ in operations]
        for index in range(rounds):
            tell(f"{work.name}, round {index + 1} of {rounds}")
            for place in range(len(operations)):
                for side in ((0, 1), (1, 0))[(index + place) % 2]:
                    times[place][side].append(float(sides[side].ask(place)))
        reports = tuple(side.report() for side in sides)
        for side, report in enumerate(reports):
            taken = {identity(operation): pair[side] for operation, pair in zip(operations, times)}
            for operation in report["operations"]:
                operation["rounds"] = taken[identity(operation)]
        return reports
    finally:
        for side in sides:
            side.end()


def median(reports, side, value):
    return statistics.median(value(report[side]) for report in reports)


def ceiling(reports):
    """The best sgemm that either side saw, in GFLOP/s."""
    return max(report["machine"]["sgemmGigaflops"] for pair in reports for report in pair)


def rows(work, reports):
    """The table's rows for steps and speech, as dictionaries."""
    best = ceiling(reports)
    memory = {"ourMegabytes": median(reports, 0, lambda r: r["peakMegabytes"]),
              "pytorchMegabytes": median(reports, 1, lambda r: r["peakMegabytes"])}

    def row(title, unit, ours, theirs, gigaflop=None):
        share = gigaflop / ours / best if gigaflop else None
        ratio = theirs / ours if unit == "s" else ours / theirs
        return {"work": title, "unit": unit, "pytorch": theirs, "ours": ours, "ratio": ratio, "share": share} | memory

    if work.subject == "step":
        def stage(report):
            return report["stages"][0]

        return [row(work.title, "s", median(reports, 0, lambda r: stage(r)["seconds"]),
                    median(reports, 1, lambda r: stage(r)["seconds"]), stage(reports[0][0])["gigaflop"])]
    decode = reports[0][0]["decode"]
    result = [row(f"{work.title} decode, {decode['tokens']} tokens → {decode['audioSeconds']:g} s of audio", "s",
                  median(reports, 0, lambda r: r["decode"]["seconds"]),
                  median(reports, 1, lambda r: r["decode"]["seconds"]), decode["gigaflop"])]
    for place, sampling in enumerate(reports[0][0]["sampling"]):
        way = sampling["weights"] + (" drafted in int8" if sampling["drafts"] else "")
        result.append(row(f"{work.title} sampling, {way} against float32", "tokens/s",
                          median(reports, 0, lambda r: r["sampling"][place]["tokensPerSecond"]),
                          median(reports, 1, lambda r: r["sampling"][0]["tokensPerSecond"])))
    return result


def identity(operation):
    return operation["kind"], operation["pass"], json.dumps(operation["shape"], sort_keys=True)


def operation_ratios(reports):
    """Every operation with the medians of both sides and of the rounds' ratios, the slowest of ours first."""
    ours, pytorch = ({identity(operation): operation for operation in side["operations"]} for side in reports[0])
    result = []
    for name, operation in ours.items():
        # Of times taken one right after the other: medians of each side may be of different moments.
        ratio = statistics.median(
            theirs / own for own, theirs in zip(operation["rounds"], pytorch[name]["rounds"]))
        result.append({field: operation[field] for field in ("kind", "pass", "shape", "calls", "gigaflop")}
                      | {"ours": operation["seconds"], "pytorch": pytorch[name]["seconds"], "ratio": ratio})
    return sorted(result, key=lambda operation: operation["ratio"])


def operations_text(work, ratios):
    """How the single operations compare: in one sentence a group, then the worst shapes."""
    lines = [f"\n**{work.title}**: every shape, forward and each gradient\n",
             "| operation | shapes | minimum | median | below 0.95 | times as fast over a step |",
             "| --- | ---: | ---: | ---: | ---: | ---: |"]
    groups = {}
    for entry in ratios:
        groups.setdefault((entry["kind"], entry["pass"]), []).append(entry)
    for (kind, which), entries in [(("all", ""), ratios)] + sorted(groups.items()):
        values = [entry["ratio"] for entry in entries]
        step = [sum(entry["calls"] * entry[side] for entry in entries) for side in ("pytorch", "ours")]
        lines.append(f"| {kind} {which}".rstrip() + f" | {len(values)} | {min(values):.2f} | "
                     f"{statistics.median(values):.2f} | {sum(value < 0.95 for value in values)} | "
                     f"{step[0] / step[1]:.2f} |")
    lines += ["\nThe ten worst:\n", "| operation | calls | PyTorch ms | Reprise ms | times as fast |",
              "| --- | ---: | ---: | ---: | ---: |"]
    for entry in ratios[:10]:
        shape = " ".join(f"{name} {value}" for name, value in sorted(entry["shape"].items()))
        lines.append(f"| {entry['kind']} {entry['pass']}: {shape} | {entry['calls']} | {entry['pytorch'] * 1e3:.3f} | "
                     f"{entry['ours'] * 1e3:.3f} | {entry['ratio']:.2f} |")
    return "\n".join(lines)


def table(all_rows):
    lines = ["| work | PyTorch | Reprise | times as fast | share of the sgemm ceiling | peak MB, PyTorch | Reprise |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in all_rows:
        form = "{:.3f} s" if row["unit"] == "s" else "{:.1f} tokens/s"
        share = "" if row["share"] is None else f"{row['share']:.0%}"
        lines.append(f"| {row['work']} | {form.format(row['pytorch'])} | {form.format(row['ours'])} | "
                     f"**{row['ratio']:.2f}** | {share} | {row['pytorchMegabytes']:.0f} | {row['ourMegabytes']:.0f} |")
    return "\n".join(lines)


def busy_seconds():
    """What all processors have worked since the machine started, and what our children have, in seconds."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = sum(map(int, fields[:8]))
    ticks = os.sysconf("SC_CLK_TCK")
    return total / ticks, (total - idle) / ticks, children.ru_utime + children.ru_stime


def share_of_others(before):
    """The share of all processors' time since `before` that neither idled nor was ours."""
    total, busy, own = (now - then for now, then in zip(busy_seconds(), before))
    return max(0.0, busy - own) / max(total, 1e-9)


def footer(reports, threads, before):
    pairs = [pair for work in reports for pair in work]
    sides = [max(pair[side]["machine"]["sgemmGigaflops"] for pair in pairs) for side in (0, 1)]
    bandwidth = max(report["machine"]["bandwidthGigabytes"] for pair in pairs for report in pair)
    return (f"\n{processor()}, {threads} threads, PyTorch {pairs[0][1]['torch']}; sgemm at best {sides[0]:.0f} GFLOP/s "
            f"in OpenBLAS and {sides[1]:.0f} in PyTorch, memory {bandwidth:.0f} GB/s; other programs took "
            f"{share_of_others(before):.0%} of the processors meanwhile.")


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "An unnamed processor"


def run(options):
    for path, remedy in ((options.reprise, "run `make build` first, or name one with --reprise"),
                         (options.python, "run `make bench`, or name one that has torch with --python")):
        if not (Path(path).is_file() and os.access(path, os.X_OK)):
            raise Failure(f"There is no program at {path}: {remedy}.")
    if options.json:
        # Known now, not after a quarter of an hour.
        try:
            Path(options.json).touch()
        except OSError as error:
            raise Failure(f"{options.json} cannot be written: {error.strerror}.") from error
    before = busy_seconds()
    time.sleep(1)
    others = share_of_others(before)
    if others > 0.1:
        print(f"Other programs take {others:.0%} of the processors, so the times will be too long"
              + ("." if options.passive else ", PyTorch's most of all without --passive."), file=sys.stderr)
    chosen = [work for work in WORK if not options.only or work.name in options.only]
    programs = Programs(options.reprise, options.python, options.threads, options.repeats, options.passive, options.shapes)
    before, all_rows, all_operations, all_reports = busy_seconds(), [], [], []
    is_interrupted = False
    try:
        for work in chosen:
            reports = measure(work, programs, options.rounds, lambda text: print(text, file=sys.stderr, flush=True))
            all_reports.append(reports)
            if work.subject == "ops":
                all_operations.append((work, operation_ratios(reports)))
            else:
                all_rows += rows(work, reports)
    except KeyboardInterrupt:
        # What is measured took minutes, and is told.
        is_interrupted = True
    if all_rows:
        print(table(all_rows))
    for work, ratios in all_operations:
        print(operations_text(work, ratios))
    if all_reports:
        print(footer(all_reports, options.threads, before))
    if options.json:
        record = {"rows": all_rows, "operations": {work.name: ratios for work, ratios in all_operations},
                  "reports": {work.name: reports for work, reports in zip(chosen, all_reports)}}
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n")
    return 130 if is_interrupted else 0


def main():
    parser = argparse.ArgumentParser(description="Compare Reprise with the PyTorch reference.")
    parser.add_argument("--quick", action="store_true", help="one round of two runs each: minutes, and rougher")
    parser.add_argument("--only", action="append", choices=[work.name for work in WORK], help="may be given again")
    parser.add_argument("--shapes", metavar="TEXT", help="of single operations only those that `bench ops --only` shows")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, help="3 by default")
    parser.add_argument("--repeats", type=int, help="runs in each round, after one that does not count; 3 by default")
    parser.add_argument("--passive", action="store_true",
                        help="PyTorch's threads sleep instead of spinning while they wait: for a busy machine")
    parser.add_argument("--json", metavar="FILE", help="write every report and ratio there too")
    parser.add_argument("--reprise", metavar="PATH", default=str(BUILT / "release/reprise"))
    parser.add_argument("--python", metavar="PATH", default=str(BUILT / "bench-environment/bin/python"))
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.repeats = options.repeats or (2 if options.quick else 3)
    if min(options.rounds, options.repeats, options.threads) < 1:
        parser.error("--rounds, --repeats and --threads start at 1.")
    try:
        return run(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
