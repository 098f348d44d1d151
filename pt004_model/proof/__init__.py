"""The proof of the canonical cases: a recorded history, and what judging it again comes to.

``cases`` runs and tells them, ``record`` keeps every request and answer, ``verdict`` judges them
again, ``report`` makes the files, ``folder`` puts them where they belong, ``verify`` does all of it
once more and compares.
"""
