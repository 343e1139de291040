"""Counties that were renamed, merged or divided since 1990, as older files still write them.

Source: US Census Bureau, "Substantial Changes to Counties and County Equivalent Entities: 1970-Present", and the 2020
census for where most people of a divided county live.
"""

from __future__ import annotations

from typing import NamedTuple


class FormerCounty(NamedTuple):
    """A county of earlier years.

    Attributes:
        state, key: its state and its name as `terr.locate.gazetteer.county_key` has it; code: its number.
        now: number of the county that has it, or most of its people.
        divided: whether only a part of it went there.
    """

    state: str
    key: str
    code: str
    now: str
    divided: bool


FORMER = tuple(
    FormerCounty(*row)
    for row in (
        ("SD", "shannon", "46113", "46102", False),  # Oglala Lakota
        ("AK", "wadehampton", "02270", "02158", False),  # Kusilvak
        ("FL", "dade", "12025", "12086", False),  # Miami-Dade
        ("VA", "bedfordcity", "51515", "51019", False),
        ("VA", "cliftonforgecity", "51560", "51005", False),  # Alleghany
        ("VA", "southbostoncity", "51780", "51083", False),  # Halifax
        ("MT", "yellowstonenationalpark", "30113", "30031", True),
        ("AK", "valdezcordova", "02261", "02063", True),  # Chugach; the rest is Copper River
        ("AK", "princeofwalesouterketchikan", "02201", "02198", True),
        ("AK", "skagwayhoonahangoon", "02232", "02105", True),
        ("AK", "skagwayyakutatangoon", "02231", "02105", True),
        ("AK", "wrangellpetersburg", "02280", "02195", True),
        ("CT", "fairfield", "09001", "09190", True),
        ("CT", "hartford", "09003", "09110", True),
        ("CT", "litchfield", "09005", "09160", True),
        ("CT", "middlesex", "09007", "09130", True),
        ("CT", "newhaven", "09009", "09170", True),
        ("CT", "newlondon", "09011", "09180", True),
        ("CT", "tolland", "09013", "09110", True),
        ("CT", "windham", "09015", "09150", True),
    )
)
BY_CODE = {f.code: f for f in FORMER}
BY_NAME = {(f.state, f.key): f for f in FORMER}
