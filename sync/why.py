"""`Rapport_Why__c`: why the scores are as they are, weightiest reason first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sync.objects import WHY_FIELD
from sync.reasons import lost, reason_text, reasons_of, without_reasons
from sync.text_fields import Facts, Said, TextField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.catalogue import Catalogue
    from sync.reasons import Reason
    from sync.text_fields import Asked, Ground


def _facts(ground: Ground) -> Facts:
    """Days that merely pass are no move: neither the digest nor an ageing number that grew says so."""
    names = ", ".join(f"'{name}'" for name, metric in ground.catalogue.metrics.items() if metric.ageing)
    return Facts(
        digests="select s.account_id, case when max(r.text) is not null or max(s.unknown) = 1 "
        "then sha256(coalesce(max(r.text), '') || '#' || string_agg(s.band, '|' order by s.scorecard)) end as digest "
        "from (select e.account_id, e.scorecard, e.band, "
        "  case when bool_and(e.band = 'unknown') over (partition by e.account_id) or not t.on_record then 1 end as unknown "
        "  from eval_scores e join eval_standing t on t.account_id = e.account_id) s "
        "left join (select r.account_id, string_agg(concat_ws(':', r.metric, n.ids), ';' order by r.metric) as text "
        "  from eval_reasons r left join eval_named n on n.account_id = r.account_id and n.metric = r.metric "
        "  group by r.account_id) r on r.account_id = s.account_id group by s.account_id",
        numbers=f"select account_id, metric as name, value, metric in ({names or 'null'}) as ageing from eval_reasons",
    )


def _words(ground: Ground, asked: Asked) -> Mapping[str, Said]:
    reasons = reasons_of(ground.connection, asked.ids)
    bands = bands_of(ground, asked.ids)
    standing = standing_of(ground, asked.ids)
    return {
        each: _said(reasons.get(each, ()), bands[each], ground.catalogue, on_record=standing[each])
        for each in asked.ids
    }


def _said(own: Sequence[Reason], bands: Mapping[str, str], catalogue: Catalogue, *, on_record: bool) -> Said:
    return Said(
        why_text(own, catalogue) or without_reasons(bands, on_record=on_record),
        {
            "band": json.dumps(bands, sort_keys=True),
            "numbers": {reason.metric: reason.value for reason in own},
            "records": sorted({reason.named for reason in own}),
            "ageing": [reason.metric for reason in own if catalogue.metrics[reason.metric].ageing],
        },
    )


def bands_of(ground: Ground, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The band of each scorecard of the accounts asked for."""
    found: dict[str, dict[str, str]] = {each: {} for each in ids}
    for account_id, scorecard, band in ground.connection.execute(
        "select account_id, scorecard, band from eval_scores where list_contains(?::varchar[], account_id)",
        [list(ids)],
    ).fetchall():
        found[account_id][scorecard] = band
    return found


def standing_of(ground: Ground, ids: Sequence[str]) -> dict[str, bool]:
    """Whether anything is on record of the accounts asked for."""
    return dict(
        ground.connection.execute(
            "select account_id, on_record from eval_standing where list_contains(?::varchar[], account_id)",
            [list(ids)],
        ).fetchall()
    )


def why_text(reasons: Sequence[Reason], catalogue: Catalogue) -> str | None:
    """The reasons as an account manager reads them on the record, weightiest first."""
    return "\n".join(f"{lost(reason)}  {reason_text(reason, catalogue)}" for reason in reasons) or None


WHY = TextField(WHY_FIELD, _facts, _words)
