"""Findings as issues of a tracker, filed once each and looked after night by night.

``night.py`` reads what a campaign left behind, ``lifecycle.py`` decides, ``filing.py`` carries out.
``interface.py`` is all that a tracker has to offer: another one is one more module beside
``directory.py`` and ``github.py``.
"""
