"""Tests of what was recorded elsewhere, judged without a request."""
