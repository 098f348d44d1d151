"""An embedded Federation Core: the default target of the tester, with faults to seed.

It is written from ``contract.md`` alone and shares with the rest of the project nothing but the
names on the wire.
"""
