"""What the tester costs: a campaign's wall time over that of a bare httpx loop.

In each round a campaign is run and its requests are recorded; then a loop that does nothing but
send sends the same requests to the same server. Run ids and idempotency keys are made to fit: the
loop's creates make runs of their own. The ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time

import httpx
from attrs import define, evolve, field

from pt004_model.cli.options import from_environment
from pt004_model.cli.session import connected
from pt004_model.explore.campaign import PROFILES, Campaign
from pt004_model.explore.results import Found, Progress
from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import IDEMPOTENCY_HEADER
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Answer, Request, read_json
from pt004_model.wire.transport import HttpTransport


@define
class Recorder:
    """A transport that remembers what it sent, and which run each create made."""

    inner: HttpTransport
    sent: list[tuple[Request, str | None]] = field(factory=list)

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send and remember."""
        answer = self.inner.send(request)
        made = None
        if request.method == "POST" and isinstance(answer, Answer) and answer.code == 201:
            made = _run_id(answer.content)
        self.sent.append((request, made))
        return answer


class Silent:
    """Takes no notice of what a campaign tells."""

    def found(self, found: Found) -> None:
        """Findings do not matter here."""

    def improved(self, found: Found) -> None:
        """Nor do their traces."""

    def confirmed(self, found: Found) -> None:
        """Nor how surely they show."""

    def progress(self, progress: Progress) -> None:
        """Nor does progress."""


def _run_id(content: bytes) -> str | None:
    body = read_json(content)
    run = body.get("run") if isinstance(body, dict) else None
    found = run.get("run_id") if isinstance(run, dict) else None
    return found if isinstance(found, str) else None


def bare(base_url: str, sent: list[tuple[Request, str | None]], nonce: str) -> float:
    """Seconds that a bare loop takes for the same requests."""
    fresh = []
    for request, made in sent:
        headers = dict(request.headers)
        if headers.get(IDEMPOTENCY_HEADER):
            headers[IDEMPOTENCY_HEADER] += nonce
        fresh.append((evolve(request, headers=headers), made))
    ids: dict[str, str] = {}
    with httpx.Client(base_url=base_url, trust_env=False, timeout=30) as client:
        start = time.perf_counter()
        for request, made in fresh:
            target = request.target
            for part in target.replace("?", "/").split("/"):
                if part in ids:
                    target = target.replace(part, ids[part])
            answer = client.request(
                request.method, target, headers=request.headers, content=request.content
            )
            if made is not None:
                ids[made] = _run_id(answer.content) or made
        return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=60)
    arguments = parser.parse_args()
    ratios = []
    with connected(from_environment()) as there:
        for number in range(arguments.rounds):
            recorder = Recorder(there.transport)
            session = evolve(there.session, fc=Client(there.codec, recorder))
            profile = evolve(PROFILES["ci"], examples=arguments.examples)
            start = time.perf_counter()
            Campaign(session, profile, number, Silent()).run()
            mine = time.perf_counter() - start
            loop = bare(there.base_url, recorder.sent, f"-{number}")
            ratios.append(mine / loop)
            requests = len(recorder.sent)
            print(  # noqa: T201 - this is what the bench is for
                f"round {number + 1}: {requests} requests, campaign {mine:.2f} s,"
                f" bare httpx {loop:.2f} s, ratio {mine / loop:.2f}"
            )
    print(f"campaign over bare httpx loop, median: {statistics.median(ratios):.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
