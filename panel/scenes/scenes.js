/**
 * What the pictures show: accounts of the sample company as Rapport fills them in (sample.json), and what is hard about
 * a panel made of it.
 */
const TODAY = '2026-11-22';
// No customer of the sample is met in the next days, and its first words have nothing to compare with.
const SINCE = 'Since 15 Nov 2026: Health 91 → 63, green → amber; new: oldest unanswered question';
const BRIEF = [
    'Meeting on Tue 24 Nov 2026, 14:00: Quarterly review  https://example.my.salesforce.com/00UQy0000010001IAA',
    'Comes: Dana Okafor, CIO, last contact on 19 Oct 2026  https://example.my.salesforce.com/003Qy0000010003IAA',
    'Comes: Henrik Voss, last contact on 2 Oct 2026  https://example.my.salesforce.com/003Qy0000010004IAA',
    'How it stands on 22 Nov 2026: Health 63, amber; since the meeting on 19 Oct 2026: 97 → 63, 4 issues done, 2 new',
    'They wait: ACME-412, for 19 business hours  https://example.atlassian.net/browse/ACME-412',
    'Overdue: ACME-300 Billing migration, due on 15 Nov 2026  https://example.atlassian.net/browse/ACME-300',
    'Over its estimate: ABM-4, estimated 200 hours, now 294 hours  https://example.atlassian.net/browse/ABM-4',
].join('\n');
const FRESH = { salesforce: TODAY, jira: TODAY };

/** All scenes by name. `account` and `score` are fields of records, `sources` the last good day of each source. */
export function scenesOf(sample) {
    const { green, red, unknown } = sample;
    const amber = {
        ...sample.amber,
        Rapport_Brief__c: BRIEF,
        Rapport_Why__c: `${sample.amber.Rapport_Why__c}\n${SINCE}`,
    };
    const scene = (given) => ({
        today: TODAY,
        lang: 'en-GB',
        locale: 'en-GB',
        sources: FRESH,
        properties: {},
        ...given,
    });
    const empty = Object.fromEntries(Object.keys(amber).map((name) => [name, null]));
    return {
        green: scene({ account: green }),
        amber: scene({ account: amber }),
        red: scene({ account: red }),
        unknown: scene({ account: unknown }),
        stale: scene({
            account: red,
            sources: { salesforce: TODAY, jira: TODAY, 'jira.plant': '2026-11-18' },
        }),
        long: scene({
            account: long(amber),
            sources: longSources(),
            properties: { title: 'Relationship health '.repeat(9) },
        }),
        hostile: scene({
            account: hostile(amber),
            sources: { salesforce: TODAY, 'jira.<b>bold</b>': '2026-11-18' },
            properties: { title: '<script>pwned()</script> \u202Ekcatta' },
        }),
        german: scene({
            account: amber,
            lang: 'de',
            locale: 'de-DE',
            sources: { salesforce: '2026-11-21', jira: '2026-11-20' },
        }),
        beside: scene({ account: empty, score: green }),
        untouched: scene({ account: empty, sources: undefined }),
        hidden: scene({ account: {} }),
        failed: scene({ account: {}, failed: true }),
        loading: scene({ account: {}, loading: true }),
    };
}

function longSources() {
    return Object.fromEntries(
        ['salesforce', 'jira', ...Array.from({ length: 6 }, (_, n) => `jira.plant-with-a-rather-long-name-${n}`)].map(
            (source, n) => [source, n < 2 ? TODAY : `2026-11-${21 - n}`]
        )
    );
}

function long(account) {
    const name = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(3);
    const words = 'a question about the cut-over date of the second plant waits for an answer from both of us; '.repeat(
        30
    );
    const links = Array.from(
        { length: 14 },
        (_, n) =>
            `    • ${n % 3 ? `ACME-${400 + n}` : `${name} ${n}`}  https://example.atlassian.net/browse/ACME-${400 + n}`
    );
    const reasons = Array.from({ length: 12 }, (_, n) => [
        `−${(14.2 - n).toFixed(1)}  ${n % 2 ? words : name}`,
        ...links,
    ]);
    return {
        ...account,
        Rapport_Next_Action__c: `Call back ${name}`.slice(0, 255),
        Rapport_Quadrant__c: words.slice(0, 255),
        Rapport_Why__c: [...reasons.flat(), `Since 3 Nov 2026: ${words}`, name].join('\n').slice(0, 32000),
        Rapport_Brief__c: Array.from({ length: 60 }, (_, n) => `${n % 2 ? '  ' : ''}${n}. ${n % 5 ? words : name}`)
            .join('\n')
            .slice(0, 32000),
        Rapport_Projects__c: words,
    };
}

function hostile(account) {
    const script = '<script>pwned()</script><img src=x onerror=pwned()>';
    return {
        ...account,
        Rapport_Quadrant__c: `${script}{{7*7}}{pwned}`,
        Rapport_Next_Action__c: `=cmd|' /C calc'!A0 ${script} [~user] \u202Egnp.exe\u202C \u2066turned`,
        Rapport_Why__c: [
            `−13  ${script}`,
            '    • javascript  javascript:pwned()',
            '    • data  data:text/html,<script>pwned()</script>',
            '    • ACME-412" onmouseover="pwned()  https://example.atlassian.net/browse/ACME-412"onmouseover="pwned()',
            '−12  \u202Edesrever si siht\u202C and this is not \u0000\u0007',
            '    • \u202Emoc.live\u202C  https://example.com/',
            '−11  עברית ורפורט: 2 שאלות (ACME-412)',
            "−10  =cmd|' /C calc'!A0",
            '−9  [~user] {color:red}red{color} [click|javascript:pwned()]',
            '−8',
            '−  no number',
            'Since <b>3 Nov</b> 2026: health 63 → 52',
            script,
        ].join('\r\n'),
        Rapport_Brief__c: `${script}\n=cmd|' /C calc'!A0\nlook here  javascript:pwned()\nfine  https://example.com/?q=<script>`,
        Rapport_Projects__c: '\u202E\u202E\u202E projects',
        Rapport_History__c: '2026-13-45:63 x:y 2026-11-01:900 <svg/onload=pwned()> 2026-11-08:92 2026-11-15:91',
    };
}
