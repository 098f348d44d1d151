"""What may be a secret in an address is not repeated when the address is refused."""

from __future__ import annotations

import pytest

from pt004_model.wire.transport import BadTarget, check_url


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://user:hunter2@host", "what was given"),
        ("https://hunter2@host/x", "what was given"),
        ("http://:hunter2@h", "what was given"),
        ("http://u:a@hunter2@h", "what was given"),
        ("//u:hunter2@h", "what was given"),
        ("https//u:hunter2@h", "what was given"),
        ("https:/u:hunter2@h", "what was given"),
        ("htps://u:hunter2@h", "what was given"),
        ("u:hunter2@h:9405", "what was given"),
        ("u:hunter2", "what was given"),
        # a password may hold what would end the host of an address
        ("http://u:hunter2/x@h", "what was given"),
        ("http://u:1/hunter2@h", "what was given"),
        ("http://u:1?hunter2@h", "what was given"),
        ("http://u:1#hunter2@h", "what was given"),
        ("http://hunter2 @h", "what was given"),
        ("http://h:94o5/hunter2", "'http://h' and what follows it"),
        ("http://u:hunter2", "'http://u' and what follows it"),
        ("http://h?token=hunter2", "'http://h' and what follows it"),
        ("http://h:80/x?token=hunter2", "'http://h' and what follows it"),
        ("http://h#hunter2", "'http://h' and what follows it"),
        ("h?token=hunter2", "what was given"),
        ("", "what was given"),
    ],
)
def test_secrets_are_not_repeated(address: str, shown: str) -> None:
    """A sentence shows scheme and host where it is certain what they are, and no other part."""
    with pytest.raises(BadTarget) as refused:
        check_url(address)
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).startswith(f"{shown} is no address of a Federation Core; ")
