"""What a database URL may say."""

import pytest

from opsroom.core.db.connect import driver_query, libpq_query
from opsroom.core.db.engine import async_url


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h:6543/d", "postgresql+asyncpg://u:p@h:6543/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql:///d?host=/run/postgresql", "postgresql+asyncpg:///d?host=/run/postgresql"),
        ("sqlite:///opsroom.db", "sqlite+aiosqlite:///opsroom.db"),
        ("sqlite:////srv/opsroom.db", "sqlite+aiosqlite:////srv/opsroom.db"),
        ("sqlite+aiosqlite:///opsroom.db", "sqlite+aiosqlite:///opsroom.db"),
    ],
)
def test_the_usual_spellings_are_taken(given: str, understood: str) -> None:
    assert async_url(given).render_as_string(hide_password=False).replace("%2F", "/") == understood


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("mysql://u:p4ssw0rd@h/d", "expected a postgresql:// or sqlite:// URL, found mysql://"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql://u:p4ssw0rd@h/d?ssl_mode=require", "ssl_mode, which is not known; known are: .*sslmode"),
        ("not a url", "expected a URL like"),
    ],
)
def test_what_cannot_work_is_refused_and_no_password_repeated(given: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        async_url(given)
    assert "p4ssw0rd" not in str(caught.value)


def test_ssl_files_reach_the_driver_and_postgresqls_own_library() -> None:
    given = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "sslcert": "/etc/me.pem", "sslkey": "/etc/me.key"}
    options = driver_query(given)
    assert options == {
        "ssl": "verify-full",
        "dsn": "postgresql://?sslcert=%2Fetc%2Fme.pem&sslkey=%2Fetc%2Fme.key&sslrootcert=%2Fetc%2Fca.pem",
    }
    assert libpq_query(options) == given


def test_a_pooler_is_our_affair_and_not_the_drivers() -> None:
    options = driver_query({"pgbouncer": "true", "sslmode": "require"})
    assert options == {"ssl": "require", "prepared_statement_cache_size": "0"}
    assert libpq_query(options) == {"sslmode": "require"}
    assert driver_query({"pgbouncer": "false"}) == {}
