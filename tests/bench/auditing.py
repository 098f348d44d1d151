"""What an audit costs: processor time and memory, of an export made by the stub's habits.

The export is of envelopes, or of log entries as a dump of their table has them, in which those of
many runs lie between one another. Each run has ids and a payload of its own, and new receipts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.audit.histories import export, rehash

_SHAPES = 200
_TOGETHER = 50
"""Runs whose entries lie between one another in a dump."""


@frozen
class Cost:
    """What an audit took: seconds of processor time, and the most memory in MB."""

    entries: int
    seconds: float
    memory: int

    def __str__(self) -> str:
        """As a line for people."""
        rate = self.entries / self.seconds
        return (
            f"{self.entries:,} entries in {self.seconds:.1f} s of processor time,"
            f" {rate:,.0f} a second, with {self.memory} MB"
        )


def _runs() -> Iterator[dict[str, Any]]:
    """Runs without end, each with ids of its own."""
    for number, shape in zip(count(), cycle(export(3, _SHAPES))):
        text = json.dumps(shape).replace(shape["run"]["run_id"], f"run-{number:08x}")
        envelope = json.loads(text)
        for entry in envelope["logs"]:
            entry["log_id"] = f"{number:x}-{entry['log_id']}"
        for holder in (*envelope["gates"], *(entry["details"] for entry in envelope["logs"])):
            if "gate_id" in holder:
                holder["gate_id"] = f"{number:x}-{holder['gate_id']}"
        envelope["run"]["input_payload"] = {"number": number}
        yield rehash(envelope)


def make(path: Path, entries: int, *, dump: bool) -> int:
    """Write an export of at least so many entries; how many there are."""
    made, runs = 0, _runs()
    with path.open("w") as file:
        while made < entries:
            group = [next(runs) for _ in range(_TOGETHER)]
            rows = [entry for envelope in group for entry in envelope["logs"]]
            made += len(rows)
            values = sorted(rows, key=lambda row: str(row["timestamp"])) if dump else group
            file.writelines(json.dumps(value) + "\n" for value in values)
    return made


def audited(entries: int, *, dump: bool) -> Cost:
    """Audit an export of so many entries in a process of its own. Raises if it does not conform."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.ndjson")
        made = make(path, entries, dump=dump)
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "pt004_model", "audit", path], stdout=subprocess.PIPE
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said = process.communicate()[0].decode()
    # of a log alone it is not always known if there were steps
    if process.returncode != 0 and not (dump and process.returncode == 3):
        raise RuntimeError(said)
    return Cost(made, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def lines(entries: int) -> Iterator[str]:
    """What exports of both kinds cost, for people."""
    for name, dump in (("envelopes", False), ("log entries", True)):
        yield f"audit of {name}: {audited(entries, dump=dump)}"


def main(say: Callable[[str], None] = print) -> None:
    """Measure the audit alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    for line in lines(parser.parse_args().entries):
        say(line)


if __name__ == "__main__":
    main()
