"""Settings: every one documented, wrong ones refused by name, secret ones never shown."""

import json
import logging
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from opsroom.core.errors import WrongSetting
from opsroom.main import House, _options
from opsroom.settings import Environment, Settings, load_settings, secret_key

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / ".env.example"
KEY = "a key of at least thirty-two characters"
SEED_PASSWORDS = {"OPSROOM_ADMIN_PASSWORD", "OPSROOM_USER_PASSWORD"}
FIELDS = sorted(Settings.model_fields.items())


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside reaches these tests."""
    for name in os.environ:
        if name.startswith("OPSROOM_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def variable(name: str, field: FieldInfo) -> str:
    alias: Any = field.validation_alias
    return str(alias.choices[0]) if alias else f"OPSROOM_{name.upper()}"


def shown_default(field: FieldInfo) -> str:
    default = field.default
    if default is None or default == ():
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[name for name, _ in FIELDS])
def test_every_setting_is_in_the_example_with_its_meaning_and_default(name: str, field: FieldInfo) -> None:
    assert field.description
    expected = f"# {field.description}\n# {variable(name, field)}={shown_default(field)}\n"
    assert expected in EXAMPLE.read_text(), f"add to .env.example:\n\n{expected}"


def test_the_example_has_nothing_that_is_no_setting() -> None:
    shown = {
        line.removeprefix("# ").partition("=")[0]
        for line in EXAMPLE.read_text().splitlines()
        if line.startswith("# OPSROOM_")
    }
    assert shown == {variable(name, field) for name, field in FIELDS} | SEED_PASSWORDS


def test_the_example_changes_nothing_when_it_is_used_as_it_is(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in EXAMPLE.read_text().splitlines() if "# OPSROOM_" in line]
    (tmp_path / ".env").write_text("\n".join(lines))
    assert load_settings() == Settings.model_construct()


def test_settings_come_from_the_environment_and_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OPSROOM_PORT=9000\nOPSROOM_HOST=0.0.0.0\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("OPSROOM_PORT", "9001")
    monkeypatch.setenv("OPSROOM_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("OPSROOM_LOG_LEVEL", "debug")
    monkeypatch.setenv("OPSROOM_REDIS_URL", "")
    settings = load_settings()
    assert (settings.port, settings.host, settings.log_level) == (9001, "0.0.0.0", "DEBUG")  # noqa: S104  compared
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.redis_url is None


@pytest.mark.parametrize("name", ["DATABASE_URL", "OPSROOM_DATABASE_URL"])
def test_the_database_goes_by_either_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "postgres://u:p@h/d")
    assert load_settings().database == "postgres://u:p@h/d"


def test_the_embedded_database_is_in_the_data_folder(tmp_path: Path) -> None:
    assert load_settings().database == f"sqlite:///{tmp_path / 'opsroom-data' / 'opsroom.db'}"


WRONG = [
    ("OPSROOM_PORT", "eighty", "OPSROOM_PORT: Input should be a valid integer"),
    ("OPSROOM_PORT", "65536", "OPSROOM_PORT: Input should be less than or equal to 65535"),
    ("OPSROOM_ENVIRONMENT", "prod", "OPSROOM_ENVIRONMENT: Input should be 'development', 'test' or 'production'"),
    ("OPSROOM_LOG_LEVEL", "chatty", "OPSROOM_LOG_LEVEL: "),
    ("OPSROOM_DATABASE_URL", "mysql://u:p4ssw0rd@h/d", "expected a postgresql:// or sqlite:// URL, found mysql://"),
    ("OPSROOM_DATABASE_URL", "p4ssw0rd", "OPSROOM_DATABASE_URL: expected a URL like postgresql://"),
    ("OPSROOM_DATABASE_URL", "postgresql://u:p4ssw0rd@h/d?sslmod=x", "has the option sslmod, which is not known"),
    ("OPSROOM_REDIS_URL", "http://:p4ssw0rd@h", "OPSROOM_REDIS_URL: expected a redis://, rediss:// or unix:// URL"),
    ("OPSROOM_SECRET_KEY", "p4ssw0rd", "OPSROOM_SECRET_KEY: "),
    ("OPSROOM_FORMER_SECRET_KEYS", "p4ssw0rd," + "x" * 40, "OPSROOM_FORMER_SECRET_KEYS: expected keys of at least 32"),
    ("OPSROOM_RATE_LIMIT", "fast", "OPSROOM_RATE_LIMIT: expected a rate such as 1200/minute, or none"),
    ("OPSROOM_POOL_SIZE", "0", "OPSROOM_POOL_SIZE: Input should be greater than or equal to 1"),
    ("OPSROOM_DEFAULT_ZONE", "Mars/Olympus", "OPSROOM_DEFAULT_ZONE: Mars/Olympus is no IANA time zone"),
    ("OPSROOM_TOKEN_ALGORITHM", "none", "OPSROOM_TOKEN_ALGORITHM: "),
]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_a_wrong_value_is_refused_with_a_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as caught:
        load_settings()
    assert str(caught.value).startswith(name)
    assert sentence in str(caught.value)
    assert "p4ssw0rd" not in str(caught.value)


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSROOM_PORT", "eighty")
    monkeypatch.setenv("OPSROOM_POOL_SIZE", "many")
    with pytest.raises(WrongSetting, match=r"OPSROOM_PORT: .*; OPSROOM_POOL_SIZE: "):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPSROOM_PORT", "eighty"),
        ("OPSROOM_ENVIRONMENT", "prod"),
        ("OPSROOM_LOG_LEVEL", "chatty"),
        ("DATABASE_URL", "mysql://u:p4ssw0rd@h/d"),
        ("OPSROOM_DATA_DIR", "/proc/nowhere"),
        ("OPSROOM_OPEN_ENDPOINTS", "no_such_operation"),
    ],
)
def test_a_wrong_value_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    environment = {**os.environ, "OPSROOM_DATA_DIR": str(tmp_path), "OPSROOM_PORT": "0"}
    program = [sys.executable, "-m", "opsroom"]
    subprocess.run([*program, "db", "migrate"], env=environment, check=True)
    environment[name] = value
    stopped = subprocess.run(
        [*program, "serve"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert stopped.returncode == 2, stopped.stderr
    assert name.removeprefix("OPSROOM_") in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert "p4ssw0rd" not in stopped.stderr


@pytest.mark.parametrize("command", [["db", "migrate"], ["db", "check"], ["demo"]])
def test_a_data_folder_that_cannot_be_made_is_said_in_a_sentence(command: list[str]) -> None:
    environment = {**os.environ, "OPSROOM_DATA_DIR": "/proc/nowhere"}
    program = [sys.executable, "-m", "opsroom", *command]
    stopped = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert stopped.returncode == 2, stopped.stderr
    assert stopped.stderr == "opsroom: OPSROOM_DATA_DIR: No such file or directory: /proc/nowhere\n"


PRODUCTION = {
    "OPSROOM_ENVIRONMENT": "production",
    "OPSROOM_SECRET_KEY": KEY,
    "OPSROOM_DATABASE_URL": "postgresql://u:p4ssw0rd@h/d",
}


def test_production_starts_with_a_key_and_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert load_settings().environment is Environment.PRODUCTION


@pytest.mark.parametrize("missing", ["OPSROOM_SECRET_KEY", "OPSROOM_DATABASE_URL"])
def test_production_needs_its_key_and_its_database(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, "" if name == missing else value)
    with pytest.raises(WrongSetting, match=f"{missing} is required when OPSROOM_ENVIRONMENT=production"):
        load_settings()


def test_production_leaves_no_door_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**PRODUCTION, "OPSROOM_OPEN_ENDPOINTS": "healthz"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting, match="OPSROOM_OPEN_ENDPOINTS is refused"):
        load_settings()


SECRETS = {
    "secret_key": "hush-" * 8,
    "former_secret_keys": "hush_" * 8,
    "audit_key": "hush." * 8,
    "audit_key_previous": "hush!" * 8,
    "database_url": "postgresql://u:hush@127.0.0.1:1/d",
    "redis_url": "redis://:hush@127.0.0.1:1",
    "storage_url": "memory:///hush",
    "storage_tiers": "cold=memory:///hush",
    "smtp_url": "smtp://u:hush@127.0.0.1:1",
}


def test_secrets_are_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.model_validate({**SECRETS, "data_dir": tmp_path})
    caplog.set_level(logging.DEBUG)
    house = House(settings)
    logging.getLogger("test").debug("%s %r %r %s", settings, settings, vars(house), house.database.url)
    shown = [repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json(), caplog.text]
    shown.append(json.dumps(_options(settings), default=str))
    assert not [text for text in shown if "hush" in text]


def test_every_setting_with_a_secret_in_it_is_declared_so() -> None:
    secret = {name for name, field in FIELDS if "SecretStr" in str(field.annotation)}
    assert secret == SECRETS.keys()
    telling = {name for name, _ in FIELDS if any(word in name for word in ("password", "secret", "key"))}
    assert telling - secret == {"api_key_days", "password_days"}, "these two say how long something lives"


class TestGeneratedKey:
    def test_it_is_made_once_and_only_its_owner_may_read_it(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path / "data")
        key = secret_key(settings)
        assert len(key) >= 32
        assert secret_key(settings) == key
        assert secret_key(Settings(data_dir=tmp_path / "data")) == key
        path = tmp_path / "data" / "secret.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path], "no half of a key stays behind"

    def test_another_data_folder_has_another_key(self, tmp_path: Path) -> None:
        keys = {secret_key(Settings(data_dir=tmp_path / name)) for name in "ab"}
        assert len(keys) == 2

    def test_all_that_start_at_once_have_the_same_key(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path)
        with ThreadPoolExecutor(16) as pool:
            keys = set(pool.map(lambda _: secret_key(settings), range(64)))
        assert len(keys) == 1

    def test_processes_that_start_at_once_have_the_same_key(self, tmp_path: Path) -> None:
        program = "from opsroom.settings import *; print(secret_key(load_settings()))"
        environment = {**os.environ, "OPSROOM_DATA_DIR": str(tmp_path)}
        processes = [
            subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        assert len({process.communicate(timeout=60)[0] for process in processes}) == 1

    def test_an_empty_key_file_is_no_key(self, tmp_path: Path) -> None:
        (tmp_path / "secret.key").touch()
        with pytest.raises(WrongSetting, match=r"secret\.key holds no key"):
            secret_key(Settings(data_dir=tmp_path))

    def test_a_configured_key_is_used_and_none_is_made(self, tmp_path: Path) -> None:
        assert secret_key(Settings(data_dir=tmp_path, secret_key=SecretStr(KEY))) == KEY
        assert list(tmp_path.iterdir()) == []
