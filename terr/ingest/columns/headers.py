"""Usual headers of CRMs and ERPs beyond those of `terr.ingest.columns.words`: whose field, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from types import MappingProxyType

from terr.ingest.columns.words import compact

_PREFIXES = tuple(
    "billing billto bill hq headquarters headquarter primary main company account acct customer cust client business"
    " corporate corp office site location physical street address1 address addr organization organisation org facility"
    " store branch practice shipping shipto ship delivery soldto sold mailing mailto mail invoice registered legal home"
    " work default contact entity".split()
)
"""Whose place it is, the likeliest first: where bills go before where goods or letters go."""

_PLACES: Mapping[str, str] = MappingProxyType(
    {
        "city": "city cityname town townname citytown towncity citytownname municipality locality suburb village ort"
        " ortsname stadt ville commune ciudad localidad poblacion cidade municipio citta comune localita plaats"
        " woonplaats stad postort miasto mesto varos kaupunki ort01 citytownvillagelocalityofaddress",
        "state": "state statename statecode stateabbr stateabbreviation stateprovince stateprov stateprovincecode"
        " statecounty stateregion stateterritory stateorprovince province provincename prov provincestate provincecode"
        " usstate bundesland kanton estado provincia uf etat regio stateiso stateshort statefull statecountyofaddress",
        "county": "county countyname countyparish parish parishname borough boroughcounty countyborough countyfips"
        " countyfipscode fips fipscode fips5 stcofips statecountyfips countygeoid geoid countycode countyid"
        " countynumber admin2 landkreis kreis condado contea comte countyequivalent",
        "zip": "zip zipcode zip5 zipcode5 zipplus4 zip4 postal postalcode postcode zippostal zippostalcode zippostcode"
        " ziporpostalcode postalzip postalzipcode postcodezip zipcodepostalcode pincode eircode plz postleitzahl"
        " codepostal codigopostal cep cap postnummer postnr postinumero kodpocztowy irsz pstlz codecp"
        " billingcode shippingcode mailingcode zippostalcodeofaddress",
    }
)
"""Field -> what its part of an address is called."""

_ENTITIES = (
    "account acct customer cust client company organization organisation org facility provider site location store"
    " outlet branch member subscriber hospital school practice clinic dealer distributor partner merchant business"
    " businesspartner debtor debitor debitoren kunden kunde soldto billto payer prospect record crm erp external"
    " externalsystem internal entity enterprise firm cliente klient asiakas kund relatie"
).split()
_NUMBERS = "id number no num nr code key ref reference uid identifier guid".split()
_IDS = (
    "kunnr partner1 ccn cmscertificationnumber providerccn npi accountid15 salesforceid sfid sfdcid dynamicsid"
    " hubspotid netsuiteid sapid sapnumber sapcustomernumber navid legacyid oldid mdmid clientid1"
).split()
_SELLERS = (
    "owner accountowner companyowner customerowner clientowner recordowner leadowner territoryowner salesowner rep"
    " salesrep fieldrep territoryrep accountrep insiderep outsiderep assignedrep representative salesrepresentative"
    " salesperson seller salesman saleswoman salesagent salesmanager accountmanager acctmanager accountmgr"
    " keyaccountmanager kam territorymanager clientmanager relationshipmanager customermanager accountexecutive"
    " accountexec salesexecutive salesexec bdm bdr assignedto assigneduser assignee responsible responsibleperson"
    " verkaeufer verkaufer vertreter aussendienst aussendienstmitarbeiter betreuer kundenbetreuer gebietsleiter"
    " vendeur commercial representant vendedor ejecutivo asesor comercial venditore agente verkoper accounthouder"
    " handlowiec opiekun besitzer inhaber organizationowner organisationowner"
).split()
_TOLD = "name id fullname code number user email".split()


def _names() -> dict[str, tuple[str, ...]]:
    out = {
        "account_id": tuple(dict.fromkeys([*(e + n for e, n in product(_ENTITIES, _NUMBERS)), *_IDS])),
        "owner": tuple(dict.fromkeys([*_SELLERS, *(s + t for s, t in product(_SELLERS, _TOLD))])),
    }
    for field, cores in _PLACES.items():
        own = cores.split()
        out[field] = tuple(dict.fromkeys([*own, *(p + c for p, c in product(_PREFIXES, own))]))
    return out


USUAL: Mapping[str, tuple[str, ...]] = MappingProxyType(_names())
"""Field -> compact headers, the likelier first."""

_HASH = re.compile(r"(.+?)[\s_-]*(?:#|№|n[º°]\.?)\s*", re.IGNORECASE)


@cache
def _ranks() -> dict[str, tuple[str, int]]:
    out: dict[str, tuple[str, int]] = {}
    for field in ("zip", "county", "state", "city", "account_id", "owner"):
        for rank, name in enumerate(USUAL[field]):
            out.setdefault(name, (field, rank))
    return out


def usual_field(header: str) -> tuple[str, int] | None:
    """The field that a header usually stands for and how usual it is, 0 most; None if it is none of these.

    "Customer #" is a customer's number, and a "1" or "2" between words ("Address 1: City") is left out.
    """
    numbered = _HASH.fullmatch(header.strip())
    short = compact(f"{numbered.group(1)} number" if numbered else header)
    found = _ranks().get(short)
    if found is None and re.search(r"\d", short):
        found = _ranks().get(re.sub(r"(?<=[a-z])\d(?=[a-z])", "", short))
    return found


def numbers_its_rows(header: str) -> bool:
    """Whether a header ends with a number sign, so that what it names is counted through."""
    return _HASH.fullmatch(header.strip()) is not None
