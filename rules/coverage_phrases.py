"""What it means that a part of the data is not there, for readers of other languages than English (`rules.words` has that)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FEW = "ist bei weniger als 5 % der betreuten Accounts ausgefüllt"
_UNSEEN = "für den verbundenen Benutzer nicht sichtbar"

UNCOVERED: Mapping[str, Mapping[str, str]] = {
    "de": {
        "contacts_logged": "seit 90 Tagen hat niemand einen Kontakt mit irgendeinem Kunden erfasst",
        "jira": "es gibt kein Jira, oder es war nicht lesbar",
        "issues": "es gibt weder ein Jira noch Cases in Salesforce, oder sie waren nicht lesbar",
        "sides": "in keinem Projekt dieses Accounts lässt sich der Kunde von uns unterscheiden",
        "p1_priorities": "das Jira hat keine der Prioritäten aus [jira] p1_priorities",
        "waiting_statuses": "das Jira hat keinen der Status aus [jira] waiting_statuses",
        "incident_types": "kein Vorgang ist von einer Art aus [jira] incident_types",
        "request_types": "kein Vorgang ist von einer Art aus [jira] request_types",
        "change_types": "kein Vorgang ist von einer Art aus [jira] change_types",
        "contacts": f"Kontakte sind {_UNSEEN}",
        "emails": "von weniger als einem Fünftel der Account Manager ist in 90 Tagen eine gesendete E-Mail sichtbar",
        "missed_calls": f"Richtung oder Ergebnis von Anrufen ist {_UNSEEN}",
        "event_types": f"die Art der Termine ist {_UNSEEN}",
        "titles": f"kein Kontakt hat eine Position, oder Positionen sind {_UNSEEN}",
        "opportunities": f"Opportunities sind {_UNSEEN}",
        "rates": "ein Betrag dieses Accounts hat eine Währung ohne Kurs, oder Beträge sind nicht sichtbar",
        "dealings": f"Opportunities, im Preset internal-it Vorgänge, sind {_UNSEEN}",
        "offerings": f"Produkte, im Preset internal-it Anfragearten, sind {_UNSEEN}",
        "owned_offerings": "weder Produkte von Deals noch Assets, im Preset internal-it keine Anfragearten, sind sichtbar",
        "placed_deals": "der Account hat keine Bereiche oder nichts gewonnen, oder unter 30 % davon nennen einen seiner Bereiche",
        "roles": "bei keinem Kunden ist für jemanden eine Rolle erfasst",
        "champions": "bei keinem Kunden hat jemand eine Rolle aus [people] champion_roles",
        "sponsors": "bei keinem Kunden hat jemand eine Rolle aus [people] sponsor_roles",
        "revenue_12m": "was gewonnen wurde, oder das Feld an dessen Stelle, hat keinen Betrag in der Währung der "
        "Organisation oder ist nicht sichtbar",
        "revenue_prior_12m": "was im Jahr davor gewonnen wurde, oder das Feld an dessen Stelle, ist in der Währung der "
        "Organisation nicht bekannt",
        "renewals": "wo Verlängerungen laut [renewals] source stehen, ist nichts für den verbundenen Benutzer sichtbar",
        "target": f"Rapport_Target__c {_FEW}",
        "standing": f"Rapport_Standing__c {_FEW}",
        "mission": f"Rapport_Mission__c {_FEW}",
        "sla_review": f"Rapport_SLA_Review__c {_FEW}",
        "given_references": "Rapport_Reference_On__c ist bei Kontakten von weniger als 5 % der betreuten Accounts ausgefüllt",
        "competitors": "Rapport_Competitor__c ist bei Deals von weniger als 5 % der betreuten Accounts ausgefüllt",
        "inbound": "Rapport_Inbound__c ist bei Deals von weniger als 5 % der betreuten Accounts gesetzt",
        "confirmed_values": "für keinen Kunden ist ein bestätigter Nutzen (Rapport_Value__c) erfasst",
        "value_rates": "ein bestätigter Nutzen dieses Accounts hat eine Währung ohne Kurs, oder Beträge sind nicht sichtbar",
        "users": f"Benutzer sind {_UNSEEN}",
        "plans": f"Account-Pläne oder ihre Daten sind {_UNSEEN}, oder es gibt keine",
        "objectives": f"Ziele von Account-Plänen sind {_UNSEEN}, oder es gibt keine",
        "objective_dates": f"das Enddatum von Zielen ist {_UNSEEN}",
        "objectives_used": "kein Ziel eines Account-Plans ist erfasst",
        "reviews": "niemand erfasst Termine, und weder auf Accounts (5 %) noch auf Plänen steht das Datum eines Reviews",
        "service_terms": f"Ansprüche, Serviceverträge und SLA-Uhren sind {_UNSEEN}",
        "pulse": f"Rapport_Pulse__c {_FEW}",
        "slas": "es gibt keine SLA-Messung und keinen Meilenstein eines Cases",
        "ratings": "niemand hat bewertet: keine Anfrage, keine Umfrage, und zu wenige Accounts mit erklärter Zufriedenheit",
        "worklogs": "niemand hat in Jira Arbeit erfasst",
        "releases": "kein Vorgang nennt ein Release mit Datum, das er betrifft",
        "budgets": "kein Vertrag hat ein Budget an Stunden",
        "scope": "kein Vorgang ist durch [jira] out_of_scope_labels oder ein Feld als außerhalb des Auftrags gekennzeichnet",
    }
}
