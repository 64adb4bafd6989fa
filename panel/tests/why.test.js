import { readWhy } from '../../salesforce/force-app/main/default/lwc/rapportPanelView/why';

import sample from '../scenes/sample.json';

const URL = 'https://example.atlassian.net/browse/ACME-412';

test('reasons, the records behind them, what changed and other remarks are told apart', () => {
    const found = readWhy(
        [
            '−14.2  open questions: 2',
            `    • ACME-412  ${URL}`,
            '    • call, D. Okafor, 19 Oct 2026  https://example.my.salesforce.com/00T1',
            '    • somebody without a page',
            '+4  SLAs met: 31 of 32',
            'Since 3 Nov 2026: Health 63 → 52, green → amber; new: open questions',
            '…',
        ].join('\n')
    );
    expect(found.reasons).toEqual([
        {
            text: 'open questions: 2',
            points: '14.2',
            isLoss: true,
            links: [
                { label: 'ACME-412', url: URL },
                { label: 'call, D. Okafor, 19 Oct 2026', url: 'https://example.my.salesforce.com/00T1' },
                { label: 'somebody without a page', url: undefined },
            ],
        },
        { text: 'SLAs met: 31 of 32', points: '4', isLoss: false, links: [] },
    ]);
    expect(found.changes.map(({ text }) => text)).toEqual([
        'Since 3 Nov 2026: Health 63 → 52, green → amber; new: open questions',
    ]);
    expect(found.notes.map(({ text }) => text)).toEqual(['…']);
});

test.each([
    ['blanks and bullets taken away', `−14.2 open questions: 2\nACME-412 ${URL}`],
    ['lines of Windows', `−14.2  open questions: 2\r\n    • ACME-412  ${URL}\r\n`],
    ['a plain minus', `-14.2  open questions: 2\n- ACME-412  ${URL}`],
    ['blank lines between', `\n\n−14.2  open questions: 2\n\n\n  * ACME-412\t${URL}  \n`],
])('what Salesforce or a person made of the text is read all the same: %s', (_, text) => {
    const { reasons, notes } = readWhy(text);
    expect(notes).toEqual([]);
    expect(reasons).toEqual([
        { text: 'open questions: 2', points: '14.2', isLoss: true, links: [{ label: 'ACME-412', url: URL }] },
    ]);
});

test('a decimal comma and German are understood', () => {
    const { reasons, changes } = readWhy('−14,2  offene Fragen: 2\nSeit 3. Nov. 2026: Zustand 63 → 52');
    expect(reasons[0]).toMatchObject({ points: '14,2', text: 'offene Fragen: 2' });
    expect(changes).toHaveLength(1);
});

test('why nothing is scored is a remark', () => {
    expect(readWhy('no activity or issue data')).toEqual({
        reasons: [],
        changes: [],
        notes: [{ text: 'no activity or issue data', links: [] }],
    });
    expect(readWhy(null)).toEqual({ reasons: [], changes: [], notes: [] });
});

test.each(['javascript:alert(1)', 'data:text/html,x', 'https://', 'http://[', 'ftp://example.com/', '//example.com/'])(
    'no link is made of %s, and it is not lost',
    (address) => {
        const { reasons, notes } = readWhy(`−1  x\n    • click  ${address}\nclick  ${address}`);
        expect(reasons[0].links.filter(({ url }) => url)).toEqual([]);
        expect(reasons[0].links.map(({ label }) => label).join()).toContain(address);
        expect(notes.map(({ text }) => text)).toEqual([`click  ${address}`]);
    }
);

test.each(['green', 'amber', 'red'])('nothing of what Rapport wrote about a %s account is left over', (band) => {
    const { reasons, notes } = readWhy(sample[band].Rapport_Why__c);
    expect(notes).toEqual([]);
    expect(reasons).toHaveLength(3);
    const links = reasons.flatMap((reason) => reason.links);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter(({ label, url }) => !label || !url)).toEqual([]);
});

test('every word of any text is still there', () => {
    const words = ['−3', '+1.5', '  ', '•', 'Since', 'abc', URL, '\n', '-', '12', '…', '<b>', '\u202E', '\t'];
    let seed = 20261122;
    const random = (limit) => {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        return seed % limit;
    };
    for (let n = 0; n < 500; n += 1) {
        const text = Array.from({ length: random(30) }, () => words[random(words.length)]).join(' ');
        const { reasons, changes, notes } = readWhy(text);
        const shown = [...reasons, ...changes, ...notes].flatMap(({ isLoss, points, text: said, links }) => [
            points ? `${isLoss ? '-' : '+'}${points}` : '',
            said,
            ...links.flatMap(({ label, url }) => [label, url]),
        ]);
        const bare = (many) =>
            many
                .join(' ')
                .replace(/[\u2212\u2013]/g, '-')
                .replace(/[\u202E•]|(^|\s)-(?=\s|$)/g, ' ');
        const told = (many) => new Set(bare(many).split(/\s+/).filter(Boolean));
        expect([...told([text])].filter((word) => !told(shown).has(word))).toEqual([]);
    }
});
