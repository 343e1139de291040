"""Which column of a file of facts is what, by the headers that CRMs and ERPs write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from terr.errors import InputError
from terr.ingest.cleaning.clean import shorten
from terr.ingest.columns.words import ALIASES, compact

KINDS = ("orders", "opportunities", "activities", "contracts", "quotas")
DATES, AMOUNTS = frozenset(("date", "created", "closed", "start", "end", "period")), ("amount", "profit", "quantity")
"""Fields that are read as dates, and those read as figures."""

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "orders": {
            "id": "orderid ordernumber orderno salesordernumber salesorderid salesorder order invoiceid invoicenumber"
            " invoiceno transactionid auftragsnummer auftragsnr rechnungsnummer bestellnummer belegnummer"
            " numerocommande pedido salesdocument verkaufsbeleg belegnr beleg",
            "date": "orderdate invoicedate transactiondate purchasedate salesdate saledate bookingdate postingdate date"
            " auftragsdatum rechnungsdatum belegdatum datum datecommande fecha dateofsale orderedon createdon"
            " createdat angelegtam",
            "amount": "amount sales netamount lineamount extendedprice ordertotal totalamount totalprice revenue total"
            " orderamount netsales grosssales netvalue subtotal linetotal value invoiceamount umsatz betrag"
            " nettobetrag nettowert montant importe net price",
            "profit": "profit margin grossprofit grossmargin contribution gewinn db",
            "quantity": "quantity qty units unitssold menge anzahl quantite cantidad orderquantity auftragsmenge"
            " lineitemquantity",
            "product": "productname product item itemname description sku productid itemnumber artikel producto"
            " material lineitemname",
            "rep": "salesrep salesperson rep owner orderowner accountowner soldby verkaufer vendedor",
        },
        "opportunities": {
            "id": "opportunityid dealid hsdealid opportunitynumber opportunity18digitid id recordid opportunityname"
            " dealname",
            "rep": "opportunityowner dealowner owner ownername salesrep rep ownerid",
            "stage": "stage stagename dealstage salesstage status pipelinestage phase verkaufsphase etape etapa",
            "won": "iswon won isclosedwon",
            "amount": "amount dealvalue value dealamount totalvalue acv estimatedrevenue estrevenue expectedrevenue"
            " revenue betrag montant importe",
            "created": "createddate createdate created createdon creationdate dateopened opendate opened erstelltam"
            " datedecreation fechadecreacion",
            "closed": "closedate closeddate closingdate actualclosedate closed estclosedate estimatedclosedate wondate"
            " abschlussdatum schlusstermin datedecloture fechadecierre",
            "type": "type opportunitytype dealtype recordtype opportunityrecordtype businesstype",
            "product": "productname product productfamily productline",
        },
        "activities": {
            "id": "activityid taskid eventid callid visitid engagementid meetingid id",
            "rep": "assignedto assigned rep owner salesrep createdby user activityowner calledby",
            "type": "activitytype type tasksubtype calltype visittype engagementtype subject activity",
            "date": "activitydate date duedate calldate visitdate startdate meetingdate completeddate createdon"
            " timestamp datum fecha",
        },
        "contracts": {
            "id": "contractid contractnumber contractname subscriptionid vertragsnummer id",
            "start": "contractstartdate startdate contractstart subscriptionstartdate start vertragsbeginn begindate"
            " effectivedate datededebut",
            "end": "contractenddate enddate renewaldate contractend subscriptionenddate contractexpirationdate end"
            " expirationdate vertragsende termenddate datedefin",
            "amount": "arr acv annualvalue annualamount annualcontractvalue amount value totalvalue mrr contractvalue"
            " betrag",
            "status": "contractstatus status subscriptionstatus state",
            "rep": "owner accountowner contractowner rep",
        },
        "quotas": {
            "id": "quotaid id",
            "rep": "rep owner salesrep user quotaowner ownername employee name",
            "territory": "territory territoryname region gebiet",
            "period": "period quotaperiod quarter month fiscalperiod startdate quotaperiodstart fiscalquarter year"
            " fiscalyear date",
            "amount": "quota quotaamount salesquota amount targetamount target value goal",
        },
    }
)
_KEYS = {
    "account": "accountid accountid18 customerid companyid clientid accountnumber customernumber accountno customerno"
    " customercode accountcode kundennummer kundennr associatedcompanyid primarycompanyid associatedcompanyids"
    " relatedto custno soldto soldtoparty auftraggeber kontoid kontonummer",
    "account_name": "accountname customername companyname clientname account customer company client associatedcompany"
    " companies organization kunde kundenname firma name1 companyaccount",
}

_SHOP = frozenset(("name", "financialstatus", "createdat"))
"""Headers that an export of orders from an online shop (Shopify) has together."""
_OF_SHOP = {"id": "name", "account": "email", "account_name": "billingname", "amount": "subtotal"}
"""What some of its headers mean there and nowhere else: the name is the order's, and customers are known by email."""


def field_names(kind: str) -> tuple[str, ...]:
    """The fields a row of a kind may have, those of its account first; of quotas, which are a rep's, only its own."""
    return (*(() if kind == "quotas" else _KEYS), *_WORDS[kind])


def fact_fields(columns: Sequence[str], kind: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """Field -> column: "account" (the id), "account_name", and those of the kind.

    Args:
        columns: of the file.
        kind: one of `KINDS`.
        chosen: field -> column, by hand; they go first.

    Raises:
        InputError: an unknown kind, field or column; no column that says whose a fact is, where its kind needs one.
    """
    if kind not in KINDS:
        raise InputError(f"there are no facts of the kind '{shorten(kind)}'; the kinds are {', '.join(KINDS)}")
    words = {**_KEYS, **_WORDS[kind]}
    for field, column in chosen.items():
        if field not in words:
            raise InputError(f"{kind} have no field '{shorten(field)}'; the fields are {', '.join(words)}")
        if column not in columns:
            raise InputError(
                f"the file has no column '{shorten(column)}'; it has {', '.join(map(shorten, columns[:20]))}"
            )
    out = dict(chosen)
    by_word: dict[str, str] = {}
    for column in columns:
        by_word.setdefault(compact(column), column)
    if kind == "orders" and by_word.keys() >= _SHOP:
        for field, word in _OF_SHOP.items():
            if word in by_word and by_word[word] not in out.values():
                out.setdefault(field, by_word[word])
    for field, names in words.items():
        if field in out:
            continue
        taken = set(out.values())
        usual = ALIASES["owner"] if field == "rep" else ()
        found = next((by_word[w] for w in (*names.split(), *usual) if by_word.get(w) not in {None, *taken}), None)
        if found is not None:
            out[field] = found
    if kind != "quotas" and "account" not in out and "account_name" not in out:
        raise InputError(
            f"these {kind} don't say whose they are: no column of account IDs or names was recognized; name it with "
            "--map account=COLUMN"
        )
    return out
