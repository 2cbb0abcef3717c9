import pytest

from tests.lists import codes, hosts


@pytest.mark.parametrize("path", ["timeouts: {connect", "timeouts: {idle", "retries: {perTry", "readiness: {timeout"])
@pytest.mark.parametrize(
    ("duration", "fine"),
    [
        ("1ms", True),
        ("1.5s", True),
        ("2h", True),
        ("2562047h47m16s", True),
        ("0s", False),
        ("0.5ms", False),
        ("1.0005s", False),
        ("2562047h47m17s", False),
    ],
)
def test_what_istio_takes(path: str, duration: str, fine: bool) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {path}: {duration}}}}}")) == ([] if fine else ["EG218"])


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("1s", []), ("60m", []), ("0s", ["EG218"]), ("1.5s", ["EG218"]), ("61m", ["EG218"])],
)
def test_drain_is_whole_seconds(duration: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, drain: {duration}}}")) == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("1s", []), ("9h", []), ("1500ms", ["EG218"]), ("0.1s", ["EG218"]), ("10h", ["EG218"])],
)
@pytest.mark.parametrize("key", ["time", "interval"])
def test_keepalive_is_what_the_kernel_takes(key: str, duration: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: a.example.com, connectionPool: {{keepalive: {{{key}: {duration}}}}}}}")) == expected


def test_numbers_beyond_all_sense_are_refused_by_their_length() -> None:
    assert codes(hosts(f"- {{host: api.example.com, timeouts: {{idle: {'9' * 2_000_000}h}}}}")) == ["EG104"]
