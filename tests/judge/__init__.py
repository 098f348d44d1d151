"""Tests of the judge: each check seen failing, and passing."""
