"""Tests of the reference model; expected values are typed by hand from the contract."""
