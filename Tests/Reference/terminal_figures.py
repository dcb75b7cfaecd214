"""How the studio behaves on its terminal, measured from outside through a pseudo-terminal.

    python3 Tests/Reference/terminal_figures.py .build/release/reprise samples/slt [--preset nano] [--keys 1000]

Prints one line a figure: key to bytes on the terminal while training on all cores; a resize to the right picture; bytes
written in ten seconds in which nothing changes; how often the terminal came back as it was, for each way to end, and how
often training was saved when the terminal was gone; the first picture after the start.
Works on a copy of the voice; needs Python's standard library, and pyte for the pictures.
"""

import argparse
import fcntl
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

import pyte


class Sleeper:
    """A process that only sleeps, a millisecond at a time: how late it wakes up is what the machine itself adds."""

    def __init__(self):
        self.reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            is_ended = []
            signal.signal(signal.SIGTERM, lambda number, frame: is_ended.append(number))
            late = []
            while not is_ended:
                begun = time.monotonic()
                time.sleep(0.001)
                late.append(time.monotonic() - begun - 0.001)
            late.sort()
            os.write(writer, f"{late[int(0.99 * len(late))]} {late[-1]}".encode())
            os._exit(0)
        os.close(writer)

    def lateness(self):
        """Ends it; seconds: of 99 of 100 times at most, and the longest."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        text = os.read(self.reader, 100).decode()
        os.close(self.reader)
        return [float(word) for word in text.split()]


class Studio:
    """The program on a terminal of its own."""

    def __init__(self, program, voice, columns=120, rows=40, kind="xterm-256color"):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.master)
        self.started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in (0, 1, 2):
                os.dup2(slave, number)
            os.closerange(3, 256)
            # The runtime's report of a crash would ask for a key, and is not what is measured.
            os.environ.update(TERM=kind, LC_ALL="C.UTF-8", SWIFT_BACKTRACE="enable=no")
            os.execv(program, [program, voice])
        os.close(slave)
        self.seen = bytearray()

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """Bytes that come within so many seconds; empty when none do, None when the terminal is left."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return None
        self.seen += data
        return data or None

    def until(self, wanted, seconds=120):
        end = time.monotonic() + seconds
        start = len(self.seen)
        while time.monotonic() < end:
            if self.read(0.05) is None:
                return False
            if re.search(wanted, bytes(self.seen[max(0, start - 4096):])):
                return True
        return False

    def drain(self, seconds):
        count = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = self.read(max(0, end - time.monotonic()))
            if data is None:
                break
            count += len(data)
        return count

    def type(self, text):
        os.write(self.master, text.encode())

    def leave(self, number=None):
        """Ends it, by q or a signal; whether the terminal is as it was."""
        if number is None:
            self.type("q")
        else:
            os.kill(self.pid, number)
        while True:
            pid, _ = os.waitpid(self.pid, os.WNOHANG)
            if self.read(0.02) is None and pid == 0:
                pid, _ = os.waitpid(self.pid, 0)
            if pid:
                break
        while self.read(0.02):
            pass
        def is_off(on, off):
            return self.seen.rfind(on) <= self.seen.rfind(off)
        restored = (
            termios.tcgetattr(self.master) == self.before
            and is_off(b"\x1b[?1049h", b"\x1b[?1049l") and is_off(b"\x1b[?25l", b"\x1b[?25h")
            and is_off(b"\x1b[?1002h", b"\x1b[?1002l") and is_off(b"\x1b[?1006h", b"\x1b[?1006l")
            and is_off(b"\x1b[?2004h", b"\x1b[?2004l"))
        os.close(self.master)
        return restored


def copy_of(voice, preset):
    folder = tempfile.mkdtemp(prefix="reprise-terminal-")
    place = os.path.join(folder, "voice")
    os.mkdir(place)
    for name in ("clips", "metadata.csv", "voice.toml"):
        source = os.path.join(voice, name)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(place, name))
    path = os.path.join(place, "voice.toml")
    with open(path) as file:
        text = re.sub(r'(?m)^preset = .*$', f'preset = "{preset}"', file.read())
    with open(path, "w") as file:
        file.write(text)
    return folder, place


def measure_keys(studio, count):
    """Seconds from each key to the first bytes it brings. Screens change with every key, so that each brings some."""
    times = []
    generator = random.Random(1)
    for index in range(count):
        # What a step draws by itself comes at once: wait for a moment of silence, then press.
        while studio.read(0.004):
            pass
        key = "12"[index % 2] if index % 3 else "5"
        if index % 3 == 2:
            key = "6"
        started = time.monotonic()
        studio.type(key)
        if not studio.read(5):
            print(f"key {index} brought nothing", file=sys.stderr)
            continue
        times.append(time.monotonic() - started)
        time.sleep(generator.uniform(0.0, 0.02))
    return sorted(times)


def measure_resizes(studio, count):
    """Seconds from each resize until an emulator of the new size shows the whole new picture, and how many it never did."""
    generator = random.Random(2)
    times, wrong = [], 0
    for _ in range(count):
        while studio.read(0.004):
            pass
        columns, rows = generator.randint(1, 400), generator.randint(1, 120)
        started = time.monotonic()
        studio.resize(columns, rows)
        os.kill(studio.pid, signal.SIGWINCH)
        arrived = []
        while time.monotonic() - started < 0.5:
            if data := studio.read(0.04):
                arrived.append((time.monotonic() - started, data))
            elif arrived:
                break
        whole = time_of_whole_picture(arrived, columns, rows)
        if whole is None:
            wrong += 1
        else:
            times.append(whole)
    return sorted(times), wrong


def time_of_whole_picture(arrived, columns, rows):
    """When the picture of a new size was there, of [(seconds, bytes)]; None if it never was.

    It is drawn from the top down on a clean screen. What comes after it, a step's figures, changes lines but begins none.
    """
    if not arrived:
        return None
    screen = pyte.Screen(columns, rows)
    pyte.ByteStream(screen).feed(b"".join(data for _, data in arrived))
    last = screen.display
    # A status line alone, or a picture with a frame to its edges.
    if not any(line.strip() for line in last):
        return None
    if columns >= 80 and rows >= 24:
        if "1 Train" not in last[0] or last[1].rstrip()[-1:] != "╮" or "step" not in last[rows - 2]:
            return None
    lowest = max(row for row in range(rows) if last[row].strip())
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    for seconds, data in arrived:
        stream.feed(data)
        # Cheap to ask, and false until the end of the picture.
        if not screen.buffer.get(lowest):
            continue
        lines = screen.display
        if lines[lowest] == last[lowest] and all(bool(a.strip()) == bool(b.strip()) for a, b in zip(lines, last)):
            return seconds
    return None


def measure_lost_terminals(program, voice, count):
    """How often training was saved and the program ended by itself after its terminal had gone."""
    saved = 0
    for _ in range(count):
        studio = Studio(program, voice)
        studio.until(rb"\xe2\x97\x8f training", 60)
        studio.drain(random.uniform(0.5, 2))
        os.close(studio.master)
        _, status = os.waitpid(studio.pid, 0)
        newest = subprocess.run(
            [program, "checkpoints", voice, "list", "--json"], capture_output=True, text=True).stdout
        saved += os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP and json.loads(newest)[-1]["reason"] == "signal"
    return saved


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("voice")
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--resizes", type=int, default=1000)
    parser.add_argument("--lost", type=int, default=20, help="terminals that are taken away")
    parser.add_argument("--exits", type=int, default=100, help="ways to end that are tried, all together")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    folder, voice = copy_of(options.voice, options.preset)
    try:
        studio = Studio(program, voice)
        studio.read(20)
        print(f"first bytes after the start: {1000 * (time.monotonic() - studio.started):.0f} ms")
        if not studio.until(rb"step .{0,12}[2-9]"):
            sys.exit("training did not begin")
        times = measure_keys(studio, options.keys)
        def share(part):
            return 1000 * times[min(len(times) - 1, int(part * len(times)))]
        print(f"key to bytes while training, {len(times)} keys: p50 {share(0.5):.1f} ms, p99 {share(0.99):.1f} ms, "
              f"max {1000 * times[-1]:.1f} ms")
        studio.type("1")
        sleeper = Sleeper()
        times, wrong = measure_resizes(studio, options.resizes)
        late = sleeper.lateness()
        print(f"resize to the whole picture while training, {len(times)} sizes from 1x1 to 400x120: p50 {share(0.5):.1f} ms, "
              f"p99 {share(0.99):.1f} ms, max {1000 * times[-1]:.1f} ms; wrong pictures: {wrong}")
        print(f"a process beside it that only sleeps was woken late meanwhile: p99 {1000 * late[0]:.1f} ms, "
              f"max {1000 * late[1]:.1f} ms")
        studio.resize(120, 40)
        os.kill(studio.pid, signal.SIGWINCH)
        studio.type(" ")
        studio.until("paused".encode(), 60)
        studio.drain(18)
        print(f"bytes written in 10 s while nothing changes: {studio.drain(10)}")
        print(f"left by q: terminal {'restored' if studio.leave() else 'NOT RESTORED'}")
        ends = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGTRAP, signal.SIGABRT,
                signal.SIGILL, None]
        restored = {}
        for index in range(options.exits):
            number = ends[index % len(ends)]
            studio = Studio(program, voice)
            studio.until(rb"Settings", 30)
            studio.type(random.choice(["", "1", "5?", "6\r", "t"]))
            studio.drain(random.uniform(0, 0.5))
            name = signal.Signals(number).name if number else "q"
            if number is None:
                # Escape, and a moment, so that it is not half of another key.
                studio.type("\x1b\x1b")
                studio.drain(0.3)
            good, all_of = restored.get(name, (0, 0))
            restored[name] = (good + studio.leave(number), all_of + 1)
        print("terminal restored: " + ", ".join(f"{name} {good}/{count}" for name, (good, count) in restored.items()))
        print(f"terminal gone, training saved: {measure_lost_terminals(program, voice, options.lost)}/{options.lost}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
