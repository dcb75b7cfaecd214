"""Trains one voice on two hosts that are network namespaces of this machine, joined by a cable of its own (veth).

    two_hosts.py REPRISE                       what `make two-hosts` runs: compares, then breaks things
    two_hosts.py REPRISE --measure STEPS [--preset P] [--batch B] [--processes N] [--rate 1gbit] [--one-host]
                                               means over STEPS steps, the first ones left out

Each host has a name, a mount and a network of its own, and its own copy of the voice at the same path. Needs root, ip
and tc (iproute2), unshare (util-linux) and mpirun. Nothing of the machine's own network is touched.
"""

import argparse
import contextlib
import filecmp
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "samples" / "slt"
HOSTS = {"one": "10.77.7.1", "two": "10.77.7.2"}
NETWORK = "10.77.7.0/24"
# What a host runs: its own name, its own copy of the voice, its own place for what Open MPI keeps while it runs.
ENTER = 'hostname "$1" && mount --bind "$2/$1/voice" "$2/voice" && export TMPDIR="$2/$1" && shift 2 && exec "$@"'
# A silent connection is given up after some 10 s instead of Open MPI's five minutes.
IMPATIENCE = ["oob_tcp_keepalive_time", "5", "oob_tcp_keepalive_intvl", "2", "oob_tcp_keepalive_probes", "3"]


class Failure(Exception):
    pass


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done


class Hosts:
    """Two namespaces and what stands in them."""

    def __init__(self, reprise, settings):
        self.reprise = reprise
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="reprise-hosts-"))
        self.names = {host: f"{self.root.name}-{host}" for host in HOSTS}
        self.voice = self.root / "voice"
        self.voice.mkdir()
        for place in [*HOSTS, "alone"]:
            copy = self.root / place / "voice"
            copy.mkdir(parents=True)
            for name in ["clips", "metadata.csv"]:
                source = SAMPLE / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
            text = (SAMPLE / "voice.toml").read_text()
            for key, value in settings.items():
                text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
                if found != 1:
                    raise Failure(f"voice.toml of {SAMPLE} has no {key}")
            (copy / "voice.toml").write_text(text)
        agent = self.root / "agent"
        cases = " ".join(f"{address}) host={host} ;;" for host, address in HOSTS.items())
        agent.write_text(
            "#!/bin/sh\n# In the place of ssh: an address, then a command.\n"
            f"case $1 in {cases} *) exit 1 ;; esac\nshift\n"
            f"exec ip netns exec {self.root.name}-$host unshare -m -u sh -c '{ENTER}' sh $host {self.root} sh -c \"$*\"\n")
        agent.chmod(0o755)

    def plug_in(self, rate=None):
        for host, name in self.names.items():
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        (one, two) = self.names.values()
        run("ip", "link", "add", "cable", "netns", one, "type", "veth", "peer", "name", "cable", "netns", two)
        for host, name in self.names.items():
            run("ip", "-n", name, "address", "add", f"{HOSTS[host]}/24", "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
            if rate:
                run("tc", "-n", name, "qdisc", "add", "dev", "cable", "root", "tbf", "rate", rate, "burst", "256kb",
                    "latency", "100ms")

    def processes(self, host):
        return [int(line) for line in run("ip", "netns", "pids", self.names[host]).stdout.split()]

    def clear(self):
        """Ends everything, and takes the hosts away."""
        for name in self.names.values():
            for number in run("ip", "netns", "pids", name, check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)
            run("ip", "netns", "del", name, check=False)
        shutil.rmtree(self.root, ignore_errors=True)

    def on(self, host, *command):
        return ["ip", "netns", "exec", self.names[host], "unshare", "-m", "-u", "sh", "-c", ENTER, "sh", host,
                str(self.root), *command]

    def train(self, *arguments, processes=2):
        """As many processes on each host, started on the first."""
        options = ["plm_rsh_agent", str(self.root / "agent"), "oob_tcp_if_include", NETWORK, "btl_tcp_if_include",
                   NETWORK, "btl", "tcp,self", *IMPATIENCE]
        pairs = [word for place in range(0, len(options), 2) for word in ["--mca", *options[place:place + 2]]]
        places = ",".join(f"{address}:{processes // 2}" for address in HOSTS.values())
        return Training(self, self.on(
            "one", "mpirun", "--allow-run-as-root", "--bind-to", "none", *pairs, "--host", places, "-n", f"{processes}",
            self.reprise, "train", str(self.voice), "--json", "--threads", "1", *arguments))

    def train_here(self, *arguments, processes=2):
        """Processes on this machine as it is."""
        return Training(self, [
            "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "btl", "self,vader", "-n",
            f"{processes}", self.reprise, "train", str(self.root / "alone" / "voice"), "--json", "--threads", "1", *arguments])

    def checkpoints(self, place="one"):
        return sorted((self.root / place / "voice" / "checkpoints").glob("main/g_*"))

    def checkpoint(self, step, place="one"):
        folder = self.root / place / "voice" / "checkpoints" / "main" / f"g_{step:07}"
        if not folder.is_dir():
            raise Failure(f"{folder} is not there: {(self.root / 'errors').read_text()[-2000:]}")
        return folder

    def expect_sound(self):
        """That what the first host has saved is whole."""
        if not self.checkpoints():
            raise Failure("no checkpoint is there")
        said = run(self.reprise, "checkpoints", str(self.root / "one" / "voice"), "verify").stdout
        if not all(line.endswith("  sound") for line in said.splitlines()[:-1]) or "sound" not in said:
            raise Failure(f"not every checkpoint is sound:\n{said}")


def program_of(process):
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{process}/exe")
    return None


class Training:
    """A run whose output stands in files."""

    def __init__(self, hosts, command):
        self.hosts = hosts
        self.output, self.errors = hosts.root / "output", hosts.root / "errors"
        with open(self.output, "w") as output, open(self.errors, "w") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)

    def steps(self):
        lines = self.output.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def until(self, what, condition):
        """Waits for a condition, at most two minutes, while the run goes on."""
        end = time.monotonic() + 120
        while not condition():
            if self.process.poll() is not None:
                raise Failure(f"training ended before {what}: {self.errors.read_text()[-2000:]}")
            if time.monotonic() > end:
                raise Failure(f"waited two minutes for {what}")
            time.sleep(0.02)

    def end(self, succeeds=True, within=600):
        """How long it took to end."""
        start = time.monotonic()
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise Failure(f"it has not ended after {within} s") from None
        if (code == 0) != succeeds:
            raise Failure(f"it ended with {code}: {self.errors.read_text()[-2000:]}")
        # Those of the other host notice by themselves.
        while left := [n for host in HOSTS for n in self.hosts.processes(host)]:
            if time.monotonic() - start > within:
                raise Failure(f"still there: {[program_of(number) for number in left]}")
            time.sleep(0.05)
        return time.monotonic() - start


def expect_same_bytes(first, second):
    names = sorted(file.name for file in first.iterdir())
    if names != sorted(file.name for file in second.iterdir()):
        raise Failure(f"{first} and {second} have other files")
    wanted = [name for name in names if name not in ("manifest.json", "journal.jsonl")]
    _, different, errors = filecmp.cmpfiles(first, second, wanted, shallow=False)
    if different or errors:
        raise Failure(f"not the same bytes: {', '.join(different + errors)}")


def check(hosts):
    def begin(what):
        print(what, end=": ", flush=True)

    def done(remark="yes"):
        print(remark, flush=True)

    begin("two hosts give the bytes that two processes of one host give")
    hosts.train_here("--steps", "6").end()
    hosts.train("--steps", "6").end()
    expect_same_bytes(hosts.checkpoint(6, "alone"), hosts.checkpoint(6))
    if hosts.checkpoints("two"):
        raise Failure("the second host has saved something")
    done()

    def rank_dies():
        (number,) = [number for number in hosts.processes("two") if program_of(number) == hosts.reprise]
        os.kill(number, signal.SIGKILL)

    def host_dies():
        for number in hosts.processes("two"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def cable_breaks():
        run("ip", "-n", hosts.names["two"], "link", "set", "cable", "down")

    for what, harm in [("the second host's process is killed", rank_dies),
                       ("all of the second host is killed", host_dies), ("the cable is cut", cable_breaks)]:
        begin(f"{what}, all end and what was saved is whole")
        before = len(hosts.checkpoints())
        training = hosts.train()
        training.until("a save", lambda: len(hosts.checkpoints()) > before and len(training.steps()) > 5)
        harm()
        seconds = training.end(succeeds=False, within=120)
        reached = training.steps()[-1]["step"]
        hosts.expect_sound()
        run("ip", "-n", hosts.names["two"], "link", "set", "cable", "up")
        saved = int(hosts.checkpoints()[-1].name[2:])
        hosts.train("--steps", f"{reached + 2}").end()
        done(f"yes, after {seconds:.1f} s, step {reached} done and {saved} saved; going on reached {reached + 2}")


def measure(hosts, arguments):
    train = hosts.train_here if arguments.one_host else hosts.train
    training = train("--steps", f"{arguments.measure}", processes=arguments.processes)
    training.end()
    for stage in ["sovits", "prior"]:
        steps = [step for step in training.steps() if step["stage"] == stage]
        steps = steps[max(1, len(steps) // 4):]
        if not steps:
            continue

        def mean(figure):
            return sum(map(figure, steps)) / len(steps)

        print(f"{stage:7} {len(steps)} steps of {mean(lambda s: s['seconds']):.3f} s", end="")
        if "exchange" in steps[0]:
            figures = {key: mean(lambda s, key=key: s["exchange"][key]) for key in steps[0]["exchange"]}
            print(f"   gradients {figures['gradientBytes'] / 1e6:.1f} MB, {figures['gradientSeconds']:.3f} s, waited for "
                  f"{figures['waitedSeconds']:.3f} s   {figures['stops']:.0f} stops, {figures['stopSeconds']:.3f} s", end="")
        print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reprise")
    parser.add_argument("--measure", type=int)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rate")
    parser.add_argument("--one-host", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("two_hosts.py makes network namespaces: run it as root.")
    for program in ["ip", "tc", "unshare", "mpirun"]:
        if not shutil.which(program):
            sys.exit(f"two_hosts.py needs {program}: install iproute2, util-linux and openmpi-bin.")
    hosts = Hosts(os.path.realpath(arguments.reprise), {
        "preset": f'"{arguments.preset}"', "batch_size": arguments.batch, "keep_checkpoints": 0,
        "autosave_minutes": 1440, "autosave_steps": 100000 if arguments.measure else 3,
        "validation_steps": 100000 if arguments.measure else 5})
    try:
        hosts.plug_in(arguments.rate)
        measure(hosts, arguments) if arguments.measure else check(hosts)
    except Failure as failure:
        print("no", flush=True)
        sys.exit(f"two_hosts.py: {failure}")
    finally:
        hosts.clear()


main()
