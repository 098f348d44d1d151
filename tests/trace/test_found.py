"""What a finding tells of itself besides its trace."""

from __future__ import annotations

import time

import pytest

from tests.search.test_campaign import Shared, explore, unsealed
from tests.stub import Tampering


@pytest.mark.system  # a whole campaign
def test_a_finding_tells_when_it_was_seen() -> None:
    """First and last sight are times; one that was never replayed or expected says so."""
    before = time.time()
    (found,) = explore(Tampering(Shared(), unsealed)).findings
    assert before <= found.first_seen <= found.last_seen <= time.time()
    assert found.occurrences == 1 or found.first_seen < found.last_seen
    assert (found.reproduced, found.known) == ((5, 5), False)
