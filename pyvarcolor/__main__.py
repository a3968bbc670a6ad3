"""``python -m pyvarcolor`` is the command ``pyvarcolor``."""

from pyvarcolor.cli.app import main

if __name__ == "__main__":
    main()
