"""The header words CRMs and people use, and what each stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

FIELDS = ("account_id", "name", "owner", "zip", "city", "state", "county", "latitude", "longitude", "country", "place")
"""Fields an account's column can stand for, named as on the command line. "place" is a whole place in one cell, looked
for where no other column tells. The country's column is found when it is needed (`terr.ingest.cleaning.countries`) and
mapped only by hand. Both stay attributes of the accounts."""

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "account_id": (
            "accountid",
            "accountid18",
            "account18digitid",
            "casesafeaccountid",
            "casesafeid",
            "recordid",
            "donotmodifyaccount",
            "customerid",
            "companyid",
            "clientid",
            "siteid",
            "accountnumber",
            "customernumber",
            "accountno",
            "customerno",
            "accountcode",
            "customercode",
            "id",
            "crmid",
            "kundennummer",
            "kundennr",
            "hsobjectid",
            "identifiantclient",
            "numeroclient",
        ),
        "name": (
            "accountname",
            "companyname",
            "customername",
            "clientname",
            "name",
            "account",
            "company",
            "customer",
            "client",
            "organization",
            "organisation",
            "organizationname",
            "organisationname",
            "business",
            "businessname",
            "sitename",
            "facility",
            "facilityname",
            "firma",
            "kunde",
            "kundenname",
            "entreprise",
            "nomdelentreprise",
            "empresa",
            "nombre",
        ),
        "owner": (
            "accountowner",
            "companyowner",
            "owner",
            "ownername",
            "accountownername",
            "ownerfullname",
            "accountmanager",
            "accountexecutive",
            "salesrep",
            "salesrepresentative",
            "salesperson",
            "rep",
            "repname",
            "representative",
            "hubspotownerid",
            "ownerid",
            "accountownerid",
            "repid",
            "owneruserid",
            "besitzer",
            "inhaber",
        ),
        "zip": (
            "billingzippostalcode",
            "billingpostalcode",
            "billingzip",
            "billingzipcode",
            "zippostalcode",
            "postalcode",
            "zip",
            "zipcode",
            "zip5",
            "postcode",
            "address1zippostalcode",
            "address1postalcode",
            "address1zip",
            "companyzip",
            "accountzip",
            "hqzip",
            "shippingzippostalcode",
            "shippingpostalcode",
            "shippingzip",
            "mailingzippostalcode",
            "mailingpostalcode",
            "plz",
            "postleitzahl",
            "codepostal",
            "codigopostal",
            "cap",
        ),
        "city": (
            "billingcity",
            "city",
            "address1city",
            "town",
            "cityname",
            "companycity",
            "shippingcity",
            "mailingcity",
            "ort",
            "stadt",
            "ville",
            "ciudad",
        ),
        "state": (
            "billingstateprovince",
            "billingstate",
            "billingstatecode",
            "state",
            "stateprovince",
            "stateregion",
            "address1stateprovince",
            "address1state",
            "statecode",
            "stateabbreviation",
            "stateabbr",
            "usstate",
            "province",
            "st",
            "shippingstateprovince",
            "shippingstate",
            "mailingstateprovince",
            "mailingstate",
            "bundesland",
            "etatregion",
            "estado",
        ),
        "county": (
            "countyfips",
            "fips",
            "countyfipscode",
            "fipscode",
            "countygeoid",
            "geoid",
            "county",
            "countyname",
            "billingcounty",
            "address1county",
            "admin2",
        ),
        "latitude": (
            "billinglatitude",
            "latitude",
            "lat",
            "address1latitude",
            "geolat",
            "shippinglatitude",
            "geolocationlatitude",
        ),
        "longitude": (
            "billinglongitude",
            "longitude",
            "lon",
            "lng",
            "long",
            "address1longitude",
            "geolon",
            "geolng",
            "shippinglongitude",
            "geolocationlongitude",
        ),
    }
)
"""Field -> compact header words (see `compact`), best first."""

REP_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rep_id": ("userid", "repid", "ownerid", "employeeid", "salesrepid", "id", "hubspotownerid", "recordid"),
        "name": ("fullname", "name", "repname", "username", "salesrep", "rep", "owner", "employeename", "accountowner"),
        "first": ("firstname", "givenname"),
        "last": ("lastname", "surname", "familyname"),
        "zip": (
            "homezip",
            "homezipcode",
            "homepostalcode",
            "homezippostalcode",
            "zip",
            "zipcode",
            "zippostalcode",
            "postalcode",
            "mailingpostalcode",
        ),
        "capacity": (
            "capacity",
            "capacityshare",
            "capacitypercent",
            "capacitypct",
            "fte",
            "ftepct",
            "fteshare",
            "workload",
        ),
        "home": ("homeaddress", "home", "address", "mailingaddress", "homelocation"),
        "city": ("homecity", "city", "mailingcity", "residencecity", "town"),
        "state": (
            *("homestate", "state", "stateprovince", "mailingstate", "mailingstateprovince", "homestateprovince"),
            "province",
        ),
        "country": ("homecountry", "country", "countryregion", "mailingcountry"),
        "email": ("email", "emailaddress", "workemail", "useremail", "mail"),
        "role": ("role", "userrole", "jobrole", "salesrole", "position", "function", "title", "jobtitle"),
        "manager": ("manager", "managername", "managerid", "reportsto", "supervisor", "teamlead", "manageremail"),
        "start": ("startdate", "hiredate", "hiredon", "start", "datehired", "joined", "joindate", "employedsince"),
        "end": ("enddate", "terminationdate", "leavedate", "end", "lastday", "leaves", "lastdayofwork"),
        "hours": ("hoursayear", "hoursperyear", "annualhours", "sellinghours", "hours", "yearlyhours"),
        "skills": ("skills", "skill", "specialties", "specialty", "specialization", "expertise", "certifications"),
        "level": ("level", "senioritylevel", "seniority", "grade", "band", "joblevel"),
        "quota": ("quota", "annualquota", "quotaamount", "yearlyquota", "target", "salestarget"),
        "active": ("active", "isactive", "status", "userstatus", "employmentstatus"),
    }
)
"""Field of the reps' roster -> compact header words, best first."""

REP_ALIASES_ABROAD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rep_id": (
            *("mitarbeiterid", "mitarbeiternr", "mitarbeiternummer", "personalnummer", "personalnr", "benutzerid"),
            *(
                "matricule",
                "idemploye",
                "idvendeur",
                "idempleado",
                "idvendedor",
                "matricula",
                "idvenditore",
                "personeelsnummer",
            ),
        ),
        "name": (
            *(
                "mitarbeiter",
                "mitarbeitername",
                "verkaufer",
                "verkaeufer",
                "aussendienstmitarbeiter",
                "vertreter",
                "nomcomplet",
            ),
            *(
                "vendeur",
                "commercial",
                "nombrecompleto",
                "vendedor",
                "comercial",
                "nomecompleto",
                "venditore",
                "medewerker",
                "naam",
            ),
        ),
        "first": ("vorname", "prenom", "nombre", "nome", "voornaam"),
        "last": (
            "nachname",
            "familienname",
            "nom",
            "nomdefamille",
            "apellido",
            "apellidos",
            "sobrenome",
            "cognome",
            "achternaam",
        ),
        "zip": ("plz", "postleitzahl", "wohnplz", "codepostal", "codigopostal", "cep", "cap", "postcode"),
        "capacity": (
            "kapazitat",
            "kapazitaet",
            "auslastung",
            "vzae",
            "vollzeitaquivalent",
            "capacite",
            "capacidad",
            "capacidade",
        ),
        "role": ("rolle", "funktion", "fonction", "cargo", "puesto", "funcao", "ruolo", "functie"),
        "manager": ("vorgesetzter", "vertriebsleiter", "responsable", "jefe", "gerente", "gestor", "responsabile"),
        "start": (
            "eintrittsdatum",
            "eintritt",
            "datedembauche",
            "fechadealta",
            "fechadeinicio",
            "datadeinicio",
            "datadiassunzione",
        ),
        "end": ("austrittsdatum", "austritt", "datededepart", "fechadebaja", "datadesaida", "datadicessazione"),
        "skills": ("kenntnisse", "fahigkeiten", "faehigkeiten", "competences", "habilidades", "competenze"),
        "quota": ("verkaufsziel", "zielvorgabe", "objectif", "cuota", "meta", "obiettivo"),
        "active": ("aktiv", "actif", "activo", "ativo", "attivo", "actief"),
    }
)
"""The same in German, French, Spanish, Portuguese, Italian and Dutch, for what no header named in English; they tell no
header row, since many are words of everyday cells."""

MEASURE_WORDS = (
    "revenue",
    "sales",
    "amount",
    "arr",
    "mrr",
    "acv",
    "tcv",
    "potential",
    "opportunity",
    "pipeline",
    "spend",
    "bookings",
    "umsatz",
    "turnover",
    "workload",
    "visits",
    "calls",
    "hours",
    "employees",
    "numberofemployees",
    "quota",
    "beds",
    "chiffredaffaires",
    "ingresos",
    "tam",
    "faturamento",
    "receita",
    "vendas",
    "ventas",
    "facturacion",
    "fatturato",
    "omzet",
    "mitarbeiter",
    "empleados",
)
"""A header with one of these in it is likely a measure even if some cells are dirty."""

MONEY_WORDS = (
    "netvalue",
    "nettowert",
    "betrag",
    "revenue",
    "sales",
    "amount",
    "arr",
    "mrr",
    "acv",
    "tcv",
    "spend",
    "bookings",
    "umsatz",
    "turnover",
    "pipeline",
)

NOT_MEASURES = frozenset(
    (
        "id",
        "ids",
        "uuid",
        "guid",
        "code",
        "codes",
        "zip",
        "postal",
        "postcode",
        "plz",
        "phone",
        "telephone",
        "tel",
        "mobile",
        "fax",
        "year",
        "founded",
        "since",
        "date",
        "modified",
        "created",
        "checksum",
        "number",
        "no",
        "nr",
        "num",
        "sic",
        "naics",
        "duns",
        "ein",
        "fips",
        "geoid",
        "lat",
        "latitude",
        "lon",
        "lng",
        "longitude",
        "street",
        "address",
        "suite",
        "url",
        "website",
        "email",
        "rank",
        "index",
        "row",
    )
)
"""Words that make a numeric column a label, not a quantity."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def tokens(header: str) -> tuple[str, ...]:
    """The lower-case words of a header: "BillingPostalCode" -> ("billing", "postal", "code"); accents are dropped."""
    plain = unicodedata.normalize("NFKD", header)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(w for w in _NOT_WORD.split(_CAMEL.sub(" ", plain).lower()) if w)


def compact(header: str) -> str:
    """The words of a header without anything between them: "Billing Zip/Postal Code" -> "billingzippostalcode"."""
    return "".join(tokens(header))


def is_label(header: str) -> bool:
    """Whether a header names an id, a place or a code, so that numbers below it aren't figures."""
    short = compact(header)
    return any(short in names for names in ALIASES.values()) or bool(set(tokens(header)) & NOT_MEASURES)


_REP_HEADER = ("rep_id", "name", "first", "last", "zip", "capacity", "active")
"""Fields that tell a header row; the others (role, start, skills) must not make a sheet of reps look like accounts."""

KNOWN = frozenset(
    [a for names in ALIASES.values() for a in names]
    + [a for field in _REP_HEADER for a in REP_ALIASES[field]]
    + ["industry", "type", "country", "billingcountry", "countryregion", "annualrevenue", "employees", "email", "title"]
)
"""Every compact header word Terr knows; finding some of them tells a header row from a title."""
