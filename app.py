"""Terr's front door: `make run`, or `streamlit run app.py`."""


def main() -> None:
    """Run the shell around the pages. Imported late, so that a worker process that loads this file starts nothing."""
    from terr.ui import shell

    shell.run()


if __name__ == "__main__":
    main()
