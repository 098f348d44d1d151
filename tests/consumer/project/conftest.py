"""The application under test, in this very process."""

from __future__ import annotations

import warnings

import pytest
from acme_fc import make_app

import pt004_model

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def fc_target() -> pt004_model.Target:
    """The Federation Core that all of this is about."""
    return pt004_model.Target(client=TestClient(make_app()))
