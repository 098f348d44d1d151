"""Fillings: the values of the dictionary, in every place where one may stand.

A filling is a few values of one kind. A short life of a run takes them everywhere at once: names of
workflows, steps, rules and policies, tags, reasons, payloads with their names, and where the value
is one that a header may hold the actor, the correlation id and the key. What is large goes into one
place at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import zip_longest
from typing import Final, TypeAlias

from attrs import field, frozen

from pt004_model.model.dictionary import KINDS, LARGE, PAGES, fits_header
from pt004_model.model.scenarios import TAGS
from pt004_model.model.values import Json
from pt004_model.vocabulary import MAX_BODY_BYTES

Made: TypeAlias = Mapping[str, Callable[[], Json]]
"""Large values by field: each is made when it is sent, and kept by nobody."""
_SEVERAL: Final = 8
"""Values that one run is filled with."""
_EVERYWHERE: Final = (16_385, 66_000)
"""Sizes for which every place is tried."""
GATES: Final = 201
"""Gates of the run that has as many of them, and of log entries, as a list has that is cut."""

HEADERS: Final = ("actor", "correlation", "key")
"""Headers in which a value may stand that fits into one."""


@frozen
class Filling:
    """Values of a kind; ``create`` and ``change`` are what is large, by field.

    ``gates`` is how many gates a run is to have.
    """

    kind: str
    values: tuple[str, ...] = ()
    create: Made = field(factory=dict)
    change: Made = field(factory=dict)
    gates: int = 0

    @property
    def steps(self) -> tuple[str, ...]:
        """The ids of the steps of a run that is filled with it."""
        steps = self.create["steps"]() if "steps" in self.create else None
        return tuple(map(str, steps)) if isinstance(steps, list) else self.values

    @property
    def places(self) -> frozenset[str]:
        """The places that are filled when a run was taken through its short life."""
        if self.gates:
            return frozenset({"gates", "logs"})
        if not self.values:
            return frozenset({*self.create, *self.change})
        headers = HEADERS if any(map(fits_header, self.values)) else ()
        return frozenset({*self.created(0), "steps", *self.changed(0), *headers})

    def created(self, place: int) -> Mapping[str, Json]:
        """Return what a create carries: the value at a place and the next, the first run all."""
        if not self.values:
            return {name: make() for name, make in self.create.items() if name != "steps"}
        shown = self.values if place == 0 else self._two(place)
        one, other = self._two(place)
        return {
            "workflow_id": one,
            "workflow_version": other,
            "input_payload": payload(shown),
            "metadata": {other: one},
            "tags": [*shown, TAGS[0]],
        }

    def changed(self, place: int) -> Mapping[str, Json]:
        """Return what a change carries, as far as it has a use for it."""
        if not self.values:
            return {name: make() for name, make in self.change.items()}
        one, other = self._two(place)
        rules: list[Json] = [*self.values]
        return {
            "reason": one,
            "policy": {"policy_id": one, "reason": other, "rules_triggered": rules},
            "output_payload": payload(self.values),
            "error_details": payload(self.values),
            "current_step": one,
        }

    def _two(self, place: int) -> tuple[str, str]:
        many = len(self.values)
        return self.values[place % many], self.values[(place + 1) % many]


def payload(values: Sequence[str]) -> dict[str, Json]:
    """Return an object with the values as texts, within texts, and as names, also further in."""
    following = [*values[1:], *values[:1]]
    return {
        "list": [*values],
        "within": [f"a {value} b" for value in values],
        "deep": {value: {"a": value} for value in values},
        "counts": [{value: number} for number, value in enumerate(values)],
        **dict(zip(values, following, strict=True)),
    }


def _many(size: int, width: int) -> list[Json]:
    return [f"{number:0{width}}" for number in range(size // (width + 3))]


def _large(size: int) -> Iterator[Filling]:
    """Yield what is so many bytes long: one text, many names, for some sizes all else."""

    def text() -> str:
        return "".join(map(str, _many(size * 2, 5)))[:size]

    def texts() -> list[Json]:
        return _many(size, 7)

    def names() -> Json:  # each has a null beside it
        return dict.fromkeys(map(str, _many(size * 2 // 3, 7)))

    def create(**fields: Callable[[], Json]) -> Filling:
        return Filling("large", create=fields)

    def change(**fields: Callable[[], Json]) -> Filling:
        return Filling("large", change=fields)

    def value_and_name() -> Json:
        return {"a": text(), text(): 1}

    if 3 * size > MAX_BODY_BYTES:
        yield create(input_payload=lambda: {"a": text()})
        yield create(metadata=names)
        return
    objects: Made = {"input_payload": value_and_name, "metadata": names}
    yield Filling("large", create=objects, change={"output_payload": value_and_name})
    if size not in _EVERYWHERE:
        return
    yield create(workflow_id=text)
    yield create(workflow_version=text)
    yield create(tags=lambda: [text(), *texts(), TAGS[0]])
    yield create(steps=lambda: [text(), "b"])
    yield create(steps=texts)
    yield change(reason=text)
    yield change(policy=lambda: {"policy_id": text(), "reason": text(), "rules_triggered": texts()})
    yield change(error_details=names)


def _list(size: int) -> Iterator[Filling]:
    """Yield lists that are one longer, in what a run takes that completes, or fails."""

    def items() -> list[Json]:
        return [f"{number}" for number in range(size + 1)]

    def within() -> Json:
        return {"list": items()}

    create: Made = {
        "tags": lambda: [*items(), TAGS[0]],
        "input_payload": within,
        "metadata": within,
    }
    policy: Made = {"policy": lambda: {"rules_triggered": items()}}
    yield Filling("lists", create=create, change={**policy, "output_payload": within})
    yield Filling("lists", create={"steps": items})
    if size == max(PAGES):
        yield Filling("lists", change={"error_details": within})


@cache
def fillings() -> tuple[Filling, ...]:
    """Return everything of the dictionary, of each kind in turn: the sooner is each seen at all."""
    rows: list[list[Filling]] = [
        [
            Filling(kind, tuple(dict.fromkeys(values[start : start + _SEVERAL])))
            for start in range(0, len(values), _SEVERAL)
        ]
        for kind, values in KINDS.items()
    ]
    rows += [
        [each for size in LARGE for each in _large(size)],
        [Filling("lists", gates=GATES), *(each for size in PAGES for each in _list(size))],
    ]
    return tuple(each for filled in zip_longest(*rows) for each in filled if each is not None)


@cache
def places(*, governed: bool) -> frozenset[tuple[str, str]]:
    """Return each kind with each place that it may stand in; without steps where none are known."""
    return frozenset(
        (each.kind, place)
        for each in fillings()
        for place in each.places
        if governed or place != "steps"
    )
