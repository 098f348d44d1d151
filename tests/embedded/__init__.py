"""Tests of the embedded Federation Core; expected values are typed by hand from the contract."""
