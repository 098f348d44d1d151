"""The proof of the canonical cases: told line by line, and kept as a folder that can be verified.

``cases`` runs and tells them. ``record`` keeps what only the one who was there can know, ``facts``
reads everything else from the envelopes alone, ``render`` makes the files of both, ``folder`` puts
them where they belong.
"""

from pt004_model.evidence.proof.cases import prove, tell, worst

__all__ = ["prove", "tell", "worst"]
