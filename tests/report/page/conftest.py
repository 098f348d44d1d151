"""One browser for all these tests, and a campaign that costs a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from pt004_model.search.results import Result
from tests.report.page.chromium import FLAGS, chromium
from tests.report.page.helpers import explored


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that has no window, with a profile of its own that is thrown away.

    It ends with each module: as long as it runs no test beside it can run an event loop.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def campaign() -> Result:
    """What a short campaign came to."""
    return explored()
