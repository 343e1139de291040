"""`python -m terr` and `terr`: the command line, and how it is stopped before it can do anything."""

from collections.abc import Sequence

from terr.cli.stopping import answer_interrupts, leave

answer_interrupts()  # before anything large is loaded: Ctrl-C in the first second is one line too

from terr.cli.main import main as command  # noqa: E402


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code."""
    return leave(command(words))


if __name__ == "__main__":
    raise SystemExit(main())
