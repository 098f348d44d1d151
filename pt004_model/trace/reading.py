"""Documents of JSON as values: every member is held to its type, and a wrong one told by its place.

The files were written by this program, but they may be older, cut short or edited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from sys import float_info
from typing import Any, Final, TypeVar, cast, get_args, get_origin

from attrs import fields
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import format_exception

from pt004_model.trace.files import Unusable

T = TypeVar("T")
_SHOWN: Final = 60  # characters of a value that are repeated


class Misfit(ValueError):  # noqa: N818 - said of a value, in words for people
    """A value that cannot stand where it does, though it may be of the right type."""

    def __init__(self, raw: object, why: str = "will not do") -> None:
        super().__init__(f"{raw!r:.{_SHOWN}} {why}")


def _is_tuple(kind: Any) -> bool:
    origin: object = get_origin(kind)
    return origin is tuple


def strict(converter: Converter) -> Converter:
    """Return ``converter``, which then takes no number for a text, and no text for a list."""

    def plain(base: type, *taken: type) -> None:
        def structure(raw: Any, kind: type) -> Any:  # an enumeration is of such a kind as well
            if type(raw) not in {kind, *taken}:
                raise TypeError(f"{kind.__name__} expected, not {type(raw).__name__}")
            if isinstance(raw, int) and abs(raw) > float_info.max:
                raise ValueError("more than a double holds")
            return kind(raw)

        converter.register_structure_hook(base, structure)

    def listed(raw: Any, kind: Any) -> tuple[Any, ...]:
        if type(raw) is not list:
            raise TypeError(f"list expected, not {type(raw).__name__}")
        each: Any = get_args(kind)[0]
        return tuple(converter.structure(raw, cast(Any, list)[each]))

    converter.register_structure_hook_func(_is_tuple, listed)
    plain(str, str)
    plain(int, int)
    plain(float, float, int)
    plain(bool, bool)
    return converter


def demand(
    converter: Converter, kind: type, free: Collection[str], **limits: Callable[[Any], object]
) -> None:
    """Have a class read with all its fields but those that are ``free``, each within its limit.

    Classes that it holds come first.
    """

    def within(holds: Callable[[Any], object]) -> Any:
        def structure(raw: Any, kind: Any) -> Any:
            value = converter.structure(raw, kind)
            if not holds(value):
                raise Misfit(raw)
            return value

        return override(struct_hook=structure)

    read: Any = make_dict_structure_fn(
        kind, converter, **{name: within(holds) for name, holds in limits.items()}
    )
    wanted = {each.name for each in fields(kind)} - {*free}

    def whole(raw: Any, _: Any) -> Any:
        if not isinstance(raw, dict):
            raise Misfit(raw, "is no object")
        if missing := sorted(wanted - raw.keys()):
            raise Misfit(", ".join(missing), "is missing")
        return read(raw, kind)

    converter.register_structure_hook(kind, whole)


def value_of(converter: Converter, raw: object, kind: type[T]) -> T:
    """Return JSON as a value of a class. Raises ``Unusable``, which says what is wrong, and where.

    What it says has no name of a file in it.
    """
    try:
        return converter.structure(raw, kind)
    except (BaseValidationError, Misfit, RecursionError, OverflowError) as error:
        what, _, place = transform_error(error, "it", _told)[0].partition(" @ it")
        raise Unusable(f"{what}, at {place.removeprefix('.') or 'its head'}") from None


def _told(error: BaseException, kind: type | None) -> str:
    if isinstance(error, RecursionError | OverflowError):
        return "it is nested too deep, or a number in it is too large"
    return str(error) if isinstance(error, Misfit) else format_exception(error, kind)
