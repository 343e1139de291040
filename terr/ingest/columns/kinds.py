"""What one row of a file is: an account, or an order, a deal, a touch, a contract or a quota of one."""

from __future__ import annotations

from collections.abc import Sequence

from terr.ingest.columns.words import compact

ACCOUNTS = "accounts"

_OWN: dict[str, frozenset[str]] = {
    "opportunities": frozenset(
        "opportunityid opportunityname opportunitynumber dealid dealname dealstage opportunityowner hsdealid"
        " opportunityrecordtype potentialclosedate dealowner opportunity18digitid topic".split()
    ),
    "orders": frozenset(
        "orderid ordernumber orderno order orderdate invoiceid invoicenumber invoiceno invoicedate transactionid"
        " transactiondate salesorder salesordernumber salesorderid orderline orderlineid lineitemid purchasedate"
        " auftragsnummer auftragsnr rechnungsnummer bestellnummer belegnummer belegnr beleg numerocommande pedido"
        " salesdocument verkaufsbeleg financialstatus lineitemname lineitemquantity".split()
    ),
    "activities": frozenset(
        "activityid activitytype activitydate calltype callid callduration visitid visitdate visittype taskid eventid"
        " tasksubtype eventsubject meetingid engagementid engagementtype activitysubject lastcallresult".split()
    ),
    "contracts": frozenset(
        "contractid contractnumber contractname contractstartdate contractenddate contractterm contractstatus"
        " subscriptionid subscriptionstartdate subscriptionenddate contractstart contractend vertragsnummer".split()
    ),
    "quotas": frozenset("quotaid quotaamount quotaperiod quotaperiodstart salesquota targetamount".split()),
}
_BESIDE: dict[str, frozenset[str]] = {
    "opportunities": frozenset(
        "stage stagename closedate amount probability createdate created won iswon isclosed status type leadsource"
        " nextstep forecastcategory expectedrevenue fiscalperiod age pipeline betrag phase erstelltam"
        " abschlussdatum".split()
    ),
    "orders": frozenset(
        "productid productname product sku quantity qty unitprice price shipdate shipmode discount amount total sales"
        " lineamount extendedprice item itemnumber revenue profit cost umsatz menge netvalue nettowert material"
        " orderquantity auftragsmenge betrag subtotal lineitemprice".split()
    ),
    "activities": frozenset(
        "subject type date duedate owner assignedto status callresult duration contact outcome rep activity".split()
    ),
    "contracts": frozenset("startdate enddate renewaldate amount arr acv mrr annualvalue status term value".split()),
    "quotas": frozenset(
        "period month quarter year fiscalyear fiscalperiod rep territory amount quota owner startdate user".split()
    ),
}
_SECOND: tuple[tuple[str, frozenset[str]], ...] = (
    ("opportunities", frozenset(("stage", "closedate"))),
    ("opportunities", frozenset(("stagename", "closedate"))),
    ("contracts", frozenset(("startdate", "enddate"))),
    ("quotas", frozenset(("quota", "period"))),
    ("quotas", frozenset(("quota", "quarter"))),
    ("quotas", frozenset(("quota", "month"))),
)
"""Kinds told by two headers that don't stand together elsewhere."""


def kind_of_rows(columns: Sequence[str]) -> str:
    """ "accounts", or "orders", "opportunities", "activities", "contracts" or "quotas", told by the headers.

    One header that only such a file has, with another that goes with it, decides; an account list with a "Last Order
    Date" stays one.
    """
    words = {compact(c) for c in columns}
    for kind, own in _OWN.items():
        strong = words & own
        if len(strong) >= 2 or (strong and words & _BESIDE[kind]):
            return kind
    return next((kind for kind, pair in _SECOND if pair <= words), ACCOUNTS)
