"""What a program says as a peer, see bench/lib/peer.ts."""

import sys
import time

import orjson

EVERY_SECONDS = 0.05


def say(line):
    # Faust puts its log in the place of sys.stdout.
    print(line, file=sys.__stdout__, flush=True)


class Progress:
    def __init__(self, records):
        self.records = records
        self.done = 0
        self._said_at = 0.0

    def one(self):
        """A record more is worked off."""
        self.done += 1
        # The clock costs more than the sum.
        if self.done % 64 == 0 and time.monotonic() - self._said_at >= EVERY_SECONDS:
            self._said_at = time.monotonic()
            say(f"progress {self.done}")

    @property
    def is_done(self):
        return self.done >= self.records

    def committed(self):
        say(f"progress {self.done}")
        say("committed")


def write_result(path, summaries):
    with open(path, "wb") as file:
        for customer, summary in summaries:
            file.write(orjson.dumps({"key": customer, **summary}) + b"\n")
    say("result")
