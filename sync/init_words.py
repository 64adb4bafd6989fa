"""The words by which `rapport init` knows what an org or a site calls a thing, in a few languages.

A value is known by being one of the words, or by beginning a word with one of those that may stand inside it: "Warten
auf Kunden" holds "warten auf kund". Words are compared without regard to case, punctuation and the form of letters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SEPARATORS = re.compile(r"[\W_]+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OF_A_PACKAGE = re.compile(r"^[A-Za-z0-9]+__(?=\w+__c$)")


def folded(text: str) -> str:
    """Words alone, in small letters, with one blank between."""
    return " ".join(_SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


def words_of_name(name: str) -> str:
    """`crm__CSAT_Score__c` and `CsatScore__c` → "csat score"."""
    bare = _OF_A_PACKAGE.sub("", name)
    return folded(_HUMPS.sub(" ", bare.removesuffix("__c")))


@dataclass(frozen=True, slots=True)
class Words:
    """`whole` are whole values, `inside` may stand in longer ones, `never` are words that turn the meaning."""

    whole: frozenset[str]
    inside: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def knows(self, value: str) -> bool:
        text = folded(value)
        if not text or any(f" {word} " in f" {text} " for word in self.never):
            return False
        return text in self.whole or any(f" {word}" in f" {text}" for word in self.inside)


def _words(*whole: str, inside: Iterable[str] = (), never: Iterable[str] = ()) -> Words:
    return Words(
        frozenset(folded(word) for word in whole),
        tuple(folded(word) for word in inside),
        tuple(folded(word) for word in never),
    )


_NOT = ("non", "not", "no", "nicht", "kein", "un")

# Lists of [jira], beside the words that ship with the product.
JIRA_LISTS: Mapping[str, Words] = {
    "p1_priorities": _words(
        *("p0", "p1", "prio 1", "priority 1", "sev 1", "sev1", "severity 1", "s1", "emergency", "notfall"),
        *("am höchsten", "sehr hoch", "dringend", "la plus haute", "plus haute", "más alta", "máxima", "massima"),
        *("hoogste", "urgence"),
        inside=(
            *("highest", "critical", "blocker", "höchst", "kritisch", "blockierend", "critique", "bloquant"),
            *("crític", "bloqueante", "kritiek", "critic", "bloccante"),
        ),
        never=_NOT,
    ),
    "incident_types": _words(
        *("bug", "error", "panne", "fallo", "fout", "guasto", "avería"),
        inside=(
            *("incident", "störung", "bug", "fehler", "vorfall", "defekt", "defect", "outage", "ausfall", "anomalie"),
            *("erreur", "bogue", "incidencia", "incidente", "storing", "malfunction"),
        ),
        never=("post incident", "debug", "keine"),
    ),
    "request_types": _words(
        *("request", "anfrage", "wunsch", "feature", "demande", "mejora", "solicitud", "änderung", "verzoek"),
        inside=(
            *("service request", "feature request", "new feature", "improvement", "change", "serviceanfrage"),
            *("service anfrage", "dienstleistungsanfrage", "neue funktion", "verbesserung", "änderungsanfrage"),
            *("demande de service", "nouvelle fonctionnalité", "amélioration", "solicitud de servicio"),
            *("nueva función", "nueva funcionalidad", "serviceverzoek", "richiesta"),
        ),
    ),
    "change_types": _words(
        *("bug", "fehler", "cambio", "wijziging", "changement", "modifica", "erreur", "fallo"),
        inside=("change", "änderung", "bugfix", "fehlerbehebung"),
    ),
    "waiting_statuses": _words(
        inside=(
            *("waiting for customer", "waiting on customer", "awaiting customer", "customer feedback"),
            *("waiting for client", "waiting on client", "awaiting client", "pending customer", "pending client"),
            *("waiting for reporter", "waiting for requester", "awaiting reporter", "waiting for user"),
            *("warten auf kund", "wartet auf kund", "warte auf kund", "wartend auf kund", "beim kunden"),
            *("rückmeldung kund", "rückmeldung des kunden", "kundenrückmeldung", "rückfrage kund", "warten auf melder"),
            *("en attente du client", "en attente client", "attente client", "esperando al cliente"),
            *("esperando cliente", "en espera del cliente", "wachten op klant", "wacht op klant"),
            *("in attesa del cliente", "attesa cliente", "aguardando cliente"),
        ),
    ),
    "paused_statuses": _words(
        *("pending", "on hold", "hold", "blocked", "paused", "parked", "suspended", "deferred"),
        *("wartend", "angehalten", "pausiert", "zurückgestellt", "blockiert", "in wartestellung", "wartestellung"),
        *("ausstehend", "geparkt", "en pause", "en attente", "bloqué", "suspendu", "en espera", "bloqueado"),
        *("pausado", "geblokkeerd", "in de wacht", "in sospeso", "bloccato", "in attesa"),
        inside=("on hold", "in wartestellung"),
    ),
    "escalation_labels": _words("eskalation", "eskaliert", "escalade", "escalado", "escalatie", "escalation"),
    "out_of_scope_labels": _words("out of scope", "outofscope", "oos", "not in scope", "hors périmètre", "nicht im umfang"),
    "scope_decision_labels": _words("scope accepted", "scope declined", "scope angenommen", "scope abgelehnt"),
}  # fmt: skip
DONE = _words(
    *("done", "closed", "resolved", "fixed", "completed", "cancelled", "canceled", "declined", "rejected"),
    *("erledigt", "geschlossen", "gelöst", "fertig", "abgeschlossen", "behoben", "storniert", "abgebrochen"),
    *(
        "terminé",
        "fermé",
        "résolu",
        "annulé",
        "hecho",
        "cerrado",
        "resuelto",
        "klaar",
        "gesloten",
        "opgelost",
    ),
    *("abgelehnt", "fatto", "chiuso", "risolto", "completato"),
)

TASK_OPEN = _words(
    *(
        "not started",
        "open",
        "new",
        "to do",
        "offen",
        "nicht begonnen",
        "nicht gestartet",
        "neu",
        "non commencé",
    ),
    *(
        "non commencée",
        "à faire",
        "no iniciada",
        "no iniciado",
        "niet gestart",
        "niet begonnen",
        "non iniziata",
    ),
)
TASK_CLOSED = _words(
    *(
        "completed",
        "complete",
        "closed",
        "done",
        "erledigt",
        "abgeschlossen",
        "geschlossen",
        "terminé",
        "terminée",
    ),
    *("completada", "completado", "cerrada", "voltooid", "completata"),
)
TASK_NORMAL = _words(
    "normal", "normale", "medium", "mittel", "standard", "media", "moyenne", "normaal", "gemiddeld"
)
TASK_HIGH = _words("high", "hoch", "haute", "élevée", "alta", "hoog", "urgent", "dringend")
CALLS = _words(
    inside=("call", "anruf", "telefon", "phone", "appel", "llamada", "telefono", "bellen"), never=("email", "callback form")
)  # fmt: skip
VISITS = _words(
    inside=("on site", "onsite", "visit", "besuch", "vor ort", "visite", "visita", "bezoek", "kundenbesuch")
)

# Fields of Jira by their names: those that say it for sure, and those that probably mean it.
ACCOUNT_FIELD = _words(
    *(
        "crm account",
        "salesforce account",
        "sf account",
        "sfdc account",
        "crm customer",
        "salesforce customer",
    ),
    *("salesforce account id", "crm account id", "sf account id", "sfdc account id", "account salesforce"),
    *("crm kunde", "salesforce kunde", "crm konto", "compte salesforce", "compte crm", "cuenta crm"),
)
ACCOUNT_FIELD_LIKELY = _words(
    *(
        "account",
        "account name",
        "account id",
        "customer",
        "customer name",
        "customer account",
        "customer number",
    ),
    *("client", "client name", "company", "company name", "kunde", "kundenname", "kundennummer", "firma"),
    *("cliente", "entreprise", "klant", "customers", "clients", "kunden"),
)
CASE_FIELD = _words(
    *("crm case", "salesforce case", "sf case", "sfdc case", "support case", "case number", "case id"),
    *("salesforce case number", "salesforce case id", "crm case number", "crm vorgang", "supportfall"),
)
CASE_FIELD_LIKELY = _words(
    "case", "ticket number", "external reference", "externe referenz", "vorgang", "fallnummer"
)
SCOPE_FIELD = _words(
    "scope", "in scope", "out of scope", "contract scope", "leistungsumfang", "umfang", "périmètre"
)
SATISFACTION_FIELD = _words(
    *(
        "customer rating",
        "customer satisfaction",
        "satisfaction rating",
        "csat",
        "csat score",
        "kundenbewertung",
    ),
    *("kundenzufriedenheit", "zufriedenheit", "note client"),
)
SATISFACTION_DATE_FIELD = _words("rated on", "rating date", "satisfaction date", "csat date", "bewertet am")

# Fields of Accounts and objects of the org.
MANAGER_FIELD = _words(
    *("account manager", "key account manager", "account mgr", "kundenbetreuer", "account executive"),
    *(
        "kundenberater",
        "responsable de compte",
        "gestor de cuenta",
        "accountmanager",
        "account owner manager",
    ),
)
MANAGER_FIELD_LIKELY = _words(
    inside=(
        *("account manager", "key account", "customer success manager", "csm", "kundenbetreuer", "sales rep"),
        *("relationship manager", "client partner", "account lead", "vertrieb", "betreuer"),
    )
)
COLUMNS = _words(
    *("tier", "customer tier", "account tier", "region", "sales region", "segment", "customer segment"),
    *("classification", "customer class", "class", "vertical", "market", "country", "abc", "kundenklasse"),
    *("kundensegment", "vertriebsregion", "business unit", "division"),
)
PLAN_OBJECT = _words(
    *("account plan", "account plans", "key account plan", "customer plan", "success plan", "kundenplan"),
    *("accountplan", "plan de compte", "plan de cuenta", "customer success plan", "kundenentwicklungsplan"),
)
OBJECTIVE_OBJECT = _words(
    inside=("objective", "plan objective", "goal", "ziel", "objectif", "objetivo", "milestone", "plan action")
)
SURVEY_OBJECT = _words(
    inside=(
        *("survey response", "survey", "csat", "customer satisfaction", "satisfaction", "customer feedback"),
        *("umfrage", "kundenzufriedenheit", "enquête", "encuesta"),
    ),
    never=("question", "invitation", "template", "version", "subject", "page", "email", "setting", "nps"),
)
RATING_FIELD = _words(
    *(
        "rating",
        "score",
        "csat",
        "csat score",
        "overall rating",
        "overall satisfaction",
        "satisfaction",
        "bewertung",
    ),
    *(
        "zufriedenheit",
        "note",
        "puntuación",
        "rating 1 5",
        "stars",
        "sterne",
        "result",
        "ergebnis",
        "csat rating",
    ),
)
COMPLETED_FIELD = _words(
    *(
        "completed at",
        "completed on",
        "completed",
        "answered at",
        "answered on",
        "response date",
        "responded at",
    ),
    *(
        "submitted at",
        "completion date",
        "completion date time",
        "survey date",
        "beantwortet am",
        "submitted on",
    ),
    *("date answered", "date completed", "ausgefüllt am"),
)
PLAN_FIELD_WORDS: Mapping[str, Words] = {
    "Status": _words("status", "plan status", "state", "stand"),
    "StartDate": _words(
        "start", "start date", "begin", "begin date", "valid from", "beginn", "startdatum", "von"
    ),
    "EndDate": _words(
        "end", "end date", "valid to", "due date", "ende", "enddatum", "bis", "target date", "zieldatum"
    ),
    "ReviewDate": _words(
        "review", "review date", "last review", "last review date", "reviewed on", "letztes review"
    ),
}
