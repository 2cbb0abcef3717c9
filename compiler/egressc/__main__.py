"""python -m egressc, and the command egressc."""


def run() -> int:
    """The command line. An interrupt is no traceback, also while the program is still being loaded."""
    try:
        from egressc.cli import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(run())
