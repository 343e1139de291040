"""Where an account is: from its coordinates, ZIP, city and state, or county, to a county, with how it was found."""

from terr.locate.locating import NEEDS, SHORE_KM, home_points, locate

__all__ = ["NEEDS", "SHORE_KM", "home_points", "locate"]
