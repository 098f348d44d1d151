"""What may be a secret in an address is not repeated when the address is refused."""

from __future__ import annotations

import pytest

from pt004_model.wire.transport import BadTarget, check_url


@pytest.mark.parametrize(
    "address",
    [
        "http://user:hunter2@host",
        "https://hunter2@host/x",
        "http://:hunter2@h",
        "http://u:a@hunter2@h",
        "//u:hunter2@h",
    ],
)
def test_credentials_are_not_repeated(address: str) -> None:
    """An address with credentials is refused in a sentence that holds none of them."""
    with pytest.raises(BadTarget) as refused:
        check_url(address)
    assert "hunter2" not in str(refused.value)
    assert str(refused.value).startswith("'")
    assert "//[secret]@h" in str(refused.value)
    assert "' is no address of a Federation Core" in str(refused.value)
