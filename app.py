"""Terr's front door: `make run`, or `streamlit run app.py`."""

from __future__ import annotations


def main() -> None:
    """Run the shell around the pages. Imported late, so that a worker process that loads this file starts nothing."""
    from terr.ui.session import navigation

    navigation.run()


if __name__ == "__main__":  # a window's run
    main()
elif __name__ == "app":  # the server that starts: it finds the name `app` here
    from pathlib import Path

    from starlette.middleware import Middleware
    from streamlit.starlette import App

    from terr.ui.access.request_guard import RequestGuard
    from terr.ui.routes import routes
    from terr.ui.session.revival import give_new_sessions_whole_pages

    give_new_sessions_whole_pages()
    app = App(Path(__file__), routes=routes(), middleware=[Middleware(RequestGuard)])
