"""Where an account is: from its coordinates, ZIP, city and state, or county, to a county, with how it was found."""

from terr.locate.homes import home_points, home_problem
from terr.locate.locating import NEEDS, SHORE_KM, locate

__all__ = ["NEEDS", "SHORE_KM", "home_points", "home_problem", "locate"]
