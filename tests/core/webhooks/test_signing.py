"""Signatures, held against the example that Standard Webhooks publishes."""

import pytest

from opsroom.core.webhooks.actions import wants
from opsroom.core.webhooks.signing import key_of, new_secret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_is_signed_as_published() -> None:
    headers = signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_drawn_secret_can_be_used_and_is_another_each_time() -> None:
    assert len(key_of(new_secret())) == 32
    assert new_secret() != new_secret()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_§§§"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and base64"):
        key_of(secret)


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        (["*"], True),
        (["stores.incident.opened"], True),
        (["stores.*"], True),
        (["stores.incident.*"], True),
        (["stores.incident.closed", "dispatch.*"], False),
        (["store.*"], False),
        (["stores.incident"], False),
        ([], False),
    ],
)
def test_an_endpoint_hears_what_it_asked_for(patterns: list[str], wanted: bool) -> None:  # noqa: FBT001  a parameter
    assert wants(patterns, "stores.incident.opened") is wanted
