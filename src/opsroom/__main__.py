"""Entry of `opsroom` and of `python -m opsroom`."""

import sys

from opsroom.cli import program
from opsroom.core.errors import WrongSetting


def main() -> None:
    try:
        program(prog_name="opsroom")
    except WrongSetting as error:
        sys.stderr.write(f"opsroom: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
