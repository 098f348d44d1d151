"""Findings as issues of a tracker, filed once each and looked after from campaign to campaign.

``submission.py`` reads what a campaign left behind, ``decide.py`` decides, ``filing.py`` carries
out. ``issues.py`` has all that a tracker must offer: another one is one more module beside
``directory.py`` and ``github.py``.
"""
