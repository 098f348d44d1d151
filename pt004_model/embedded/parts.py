"""The classes that a Federation Core is put together from."""

from __future__ import annotations

import attrs

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.bodies import Bodies
from pt004_model.embedded.clock import Clock
from pt004_model.embedded.core import Core
from pt004_model.embedded.door import Door
from pt004_model.embedded.effects import Effects
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.rules import Rules
from pt004_model.embedded.store import Store
from pt004_model.embedded.tokens import Tokens
from pt004_model.embedded.views import Views


@attrs.frozen
class Parts:
    """One class for each part; any of them may be a subclass of the one that conforms."""

    audit: type[Audit] = Audit
    bodies: type[Bodies] = Bodies
    clock: type[Clock] = Clock
    core: type[Core] = Core
    door: type[Door] = Door
    effects: type[Effects] = Effects
    keys: type[Keys] = Keys
    rules: type[Rules] = Rules
    store: type[Store] = Store
    tokens: type[Tokens] = Tokens
    views: type[Views] = Views


CONFORMING = Parts()
