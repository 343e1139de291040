"""Home: what Terr is, one click to a plan on the map, and recent plans."""

from terr.ui import header
from terr.ui.home import recent, start
from terr.ui.session import navigation

navigation.start_page()

header.line()
start.hero()
recent.recent()
