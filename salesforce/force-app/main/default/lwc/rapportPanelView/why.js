/**
 * Reads `Rapport_Why__c`, which is plain text:
 *
 *     −14.2  open questions: 2                        a reason: sign, points, text
 *         • ACME-412  https://example.atlassian.net/…  a record behind it: label, address
 *     Since 3 Nov 2026: health 63 → 52               what changed
 *     no activity or issue data                        anything else is a note
 *
 * Salesforce may take blanks and bullets away. What is not understood is shown as it stands, so nothing is lost.
 */
import { bulletOf, linesOf, linkOf } from './plainText';

const REASON = /^([+\u2212\u2013-])(\d+(?:[.,]\d+)?)\s+(\S.*)$/;
const CHANGE = /^(since|seit)\b/i;

/**
 * Lists of `{text, links}`; reasons also have `points` as written ("14.2") and `isLoss`.
 * Links, `{label, url}` without a `url` where the record has none, belong to the line above them.
 */
export function readWhy(text) {
    const found = { reasons: [], changes: [], notes: [] };
    let last;
    for (const line of linesOf(text).map((each) => each.trim())) {
        const reason = REASON.exec(line);
        const link = reason ? undefined : (linkOf(line) ?? bulletOf(line));
        if (reason) {
            last = { text: reason[3], points: reason[2], isLoss: reason[1] !== '+', links: [] };
            found.reasons.push(last);
        } else if (link && last) {
            last.links.push(link);
        } else if (line) {
            last = link ? { text: '', links: [link] } : { text: line, links: [] };
            (CHANGE.test(line) ? found.changes : found.notes).push(last);
        }
    }
    return found;
}
