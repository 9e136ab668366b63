"""Where requests of ours may go."""

import pytest

from opsroom.core.outgoing import NotAllowed, Outgoing, Unreachable


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1.2.3:8000/hook",
        "http://10.0.0.1/",
        "http://172.16.5.4/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:secret@example.com/",
        "https:///hook",
        "http://example.com:99999/",
        "example.com",
    ],
)
def test_these_are_not_called(url: str) -> None:
    with pytest.raises(NotAllowed):
        Outgoing().check(url)


@pytest.mark.parametrize("url", ["https://hooks.example.com/x", "http://93.184.215.14:8080/", "http://[2606:2800::1]/"])
def test_these_are(url: str) -> None:
    Outgoing().check(url)


def test_a_setting_opens_one_inner_network_and_no_other() -> None:
    outgoing = Outgoing(["10.1.0.0/16"])
    outgoing.check("http://10.1.2.3/")
    outgoing.check("http://[::ffff:10.1.2.3]/")
    with pytest.raises(NotAllowed, match="OPSROOM_OUTGOING_NETWORKS"):
        outgoing.check("http://10.2.0.1/")


async def test_a_name_is_judged_by_the_addresses_behind_it() -> None:
    with pytest.raises(NotAllowed, match="localhost is an inner address"):
        await Outgoing().post("http://localhost:9/", b"", {})


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "017700000001"])
async def test_other_spellings_of_an_inner_address_are_found_out_when_they_are_resolved(host: str) -> None:
    with pytest.raises((NotAllowed, Unreachable)):
        await Outgoing().post(f"http://{host}:9/", b"", {})


async def test_nobody_there_is_said_so() -> None:
    with pytest.raises(Unreachable):
        await Outgoing(["127.0.0.0/8"]).post("http://127.0.0.1:9/", b"", {})
