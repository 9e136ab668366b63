"""What Alembic needs to know of a history, and which of its revisions is the newest."""

import sys
from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory

from opsroom.migrations.histories import FOLDER, History, our_history


def alembic_config(url: str | None = None, history: History | None = None) -> Config:
    history = history or our_history()
    config = Config(stdout=sys.stdout)
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("version_locations", str(history.versions))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["history"] = history
    if url is not None:
        config.attributes["url"] = url
    return config


def scripts(history: History | None = None) -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(None, history))


@cache
def head_revision(history: History | None = None) -> str | None:
    """
    Raises:
        CommandError: the history has several.
    """
    return scripts(history).get_current_head()
