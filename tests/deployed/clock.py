"""The clock of the local AWS, and of all functions in it, which a test sets."""

import datetime
import pathlib
import struct
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent


class Clock:
    """Runs as real time does, from the time that was set last; see `clock.c`."""

    def __init__(self, folder):
        self.library = pathlib.Path(folder, "clock.so")
        self.file = pathlib.Path(folder, "clock")
        source = HERE / "clock.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self.library, source], check=True)
        self.ahead = 0
        self.file.write_bytes(struct.pack("q", self.ahead))

    def variables(self):
        """What a process needs in its environment to use this clock."""
        return {"LD_PRELOAD": str(self.library), "CLOCK_FILE": str(self.file)}

    def now(self):
        return datetime.datetime.fromtimestamp(time.time() + self.ahead, datetime.UTC)

    def set(self, text):
        """Sets the clock, which cannot go back: `2026-12-30T09:00:00Z`."""
        wanted = datetime.datetime.fromisoformat(text)
        step = (wanted - self.now()).total_seconds()
        if step < 0 and self.ahead:
            raise ValueError(f"it is {self.now()} already, and not {text}")
        self.advance(step)

    def wait(self, seconds):
        """Waits for so many seconds of this clock, without real time."""
        self.advance(seconds)

    def advance(self, seconds):
        """Lets so many seconds pass at once."""
        self.ahead += int(seconds)
        with self.file.open("r+b") as file:
            file.write(struct.pack("q", self.ahead))
