import { createElement } from 'lwc';
import RapportPanelView from 'c/rapportPanelView';

const NAMES =
    'band overall health penetration growth positioning governance delivery trend confidence quadrant '.concat(
        'nextAction why brief projects history'
    );
const EMPTY = Object.fromEntries(NAMES.split(' ').map((name) => [name, null]));
const AMBER = {
    ...EMPTY,
    band: 'Amber',
    overall: 61,
    health: 63,
    penetration: 69,
    growth: 64,
    positioning: 23,
    governance: 50,
    trend: -36,
    confidence: 90,
    quadrant: '2 attractive only',
    nextAction: 'Call back Acme GmbH: unanswered for 19 business hours',
    why: '−13  oldest unanswered question: 19 business hours\n    • ACME-412  https://example.atlassian.net/browse/ACME-412',
    history: '2026-08-30:95 2026-11-15:91',
};

function shown(given) {
    const element = createElement('c-rapport-panel-view', { is: RapportPanelView });
    Object.assign(element, { state: 'ready', today: '2026-11-22', lang: 'en-GB', locale: 'en-GB' }, given);
    document.body.append(element);
    return element.shadowRoot;
}

const words = (root, selector = 'article') =>
    [...root.querySelectorAll(selector)].map((each) => each.textContent.replace(/\s+/g, ' ').trim());

async function click(root, selector) {
    root.querySelector(selector).click();
    await Promise.resolve();
}

afterEach(() => {
    document.body.replaceChildren();
});

test('band, scores, trend, next action, reasons and links', () => {
    const root = shown({ record: AMBER });
    expect(words(root, '.pill')).toEqual(['Band:Amber']);
    expect(words(root, '.dial-words')).toEqual(['Health: 63 out of 10063Health']);
    expect(words(root, '.trend')).toEqual(['down 36 points in 30 days']);
    expect(words(root, '.fact')).toEqual(['Overall61', 'Confidence90%', 'Quadrantattractive only']);
    expect(words(root, '.next-text')).toEqual([AMBER.nextAction]);
    expect(words(root, '.points')).toEqual(['−13costs 13 points:']);
    const link = root.querySelector('.links a');
    expect([link.href, link.rel, link.target]).toEqual([
        'https://example.atlassian.net/browse/ACME-412',
        'noopener noreferrer',
        '_blank',
    ]);
    expect(root.querySelector('.spark').getAttribute('aria-label')).toBe(
        'Health over time: 3 values, from 95 on 30 Aug 2026 to 63 now.'
    );
});

test('six scorecards by the names that people know; one without a score says so', () => {
    const root = shown({ record: AMBER });
    expect(words(root, '.card-name')).toEqual(['Health', 'Reach', 'Growth', 'Positioning', 'Governance', 'Delivery']);
    expect(words(root, '.card-score').at(-1)).toBe('–unknown');
    expect(root.querySelector('.fill').classList).toContain('amber');
    expect(shown({ record: AMBER, hideScorecards: true }).querySelector('.cards')).toBeNull();
});

test.each([
    ['Green', 'green', 'Green'],
    ['Amber', 'amber', 'Amber'],
    ['Red', 'red', 'Red'],
    ['Unknown', 'unknown', 'Not scored'],
])('the band %s has a colour, a word and a shape of its own', (band, tone, word) => {
    const root = shown({ record: { ...AMBER, band } });
    expect(root.querySelector('.pill').classList).toContain(tone);
    expect(words(root, '.pill')).toEqual([`Band:${word}`]);
    const shape = (other) => shown({ record: { ...AMBER, band: other } }).querySelector('.pill svg').innerHTML;
    expect(['Green', 'Amber', 'Red', 'Unknown'].filter((other) => shape(other) === shape(band))).toEqual([band]);
});

test('a band that is none of ours is not made up', () => {
    expect(shown({ record: { ...AMBER, band: 'Purple' } }).querySelector('.pill')).toBeNull();
});

test('not scored: why', () => {
    const root = shown({ record: { ...EMPTY, band: 'Unknown', confidence: 0, why: 'no activity or issue data' } });
    expect(words(root, '.why')).toEqual(['Not scored: whyno activity or issue data']);
    expect(words(root, '.dial-score')).toEqual(['–']);
    expect(root.querySelector('.cards, .trend, .spark, .next')).toBeNull();
    const silent = shown({ record: { ...EMPTY, band: 'Unknown' } });
    expect(words(silent, '.note')).toEqual(['Too little is known about this account for a score.']);
});

test('an account that nothing costs points says so', () => {
    expect(words(shown({ record: { ...AMBER, why: null } }), '.note')).toEqual(['Nothing costs points worth naming.']);
});

test.each([
    [0, 'unchanged in 30 days', 'flat'],
    [7, 'up 7 points in 30 days', 'up'],
    [-7, 'down 7 points in 30 days', 'down'],
])('a trend of %s', (trend, text, way) => {
    const root = shown({ record: { ...AMBER, trend } });
    expect(words(root, '.trend')).toEqual([text]);
    expect(root.querySelector('.trend').classList).toContain(way);
});

test.each([
    ['loading', { record: undefined, state: 'loading' }, 'Loading'],
    ['failed', { record: AMBER, state: 'failed' }, 'The account could not be read.'],
    ['hidden', { record: {} }, 'You do not see the fields that Rapport fills in.'],
    ['untouched', { record: EMPTY }, 'Rapport has not looked at this account yet.'],
])('what stands there instead: %s', (_, given, text) => {
    const root = shown(given);
    expect(words(root)[0]).toContain(text);
    expect(root.querySelector('.pill, .hero')).toBeNull();
});

test('a field that this user may not see is left out and no error', () => {
    const { confidence, growth, band, ...rest } = AMBER;
    const root = shown({ record: rest });
    expect(root.querySelector('.pill')).toBeNull();
    expect(words(root, '.card-name')).not.toContain('Growth');
    expect(words(root, '.fact')).toEqual(['Overall61', 'Quadrantattractive only']);
    expect([confidence, growth, band]).toEqual([90, 64, 'Amber']);
});

describe('freshness', () => {
    const at = (days, given = {}) =>
        shown({ record: AMBER, sources: Object.entries(days).map(([source, day]) => ({ source, day })), ...given });

    test('of today: at the foot', () => {
        const root = at({ salesforce: '2026-11-22', jira: '2026-11-22' });
        expect(words(root, '.foot')).toEqual(['Data of 22 Nov 2026']);
        expect(root.querySelector('.warning')).toBeNull();
    });

    test('old: on top, naming what was not read', () => {
        const root = at({ salesforce: '2026-11-22', jira: '2026-11-19' });
        expect(words(root, '.warning')).toEqual(['Old data. Data of 22 Nov 2026; Jira last read 19 Nov, 3 days ago']);
        expect(root.querySelector('.foot')).toBeNull();
    });

    test('of yesterday, in German', () => {
        const root = at({ salesforce: '2026-11-21', jira: null }, { lang: 'de', locale: 'de-DE' });
        expect(words(root, '.warning')).toEqual(['Alte Daten. Daten vom 21. Nov. 2026, gestern; Jira nie gelesen']);
    });

    test('many sources are not all named', () => {
        const days = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`jira.s${n}`, `2026-11-1${n}`]));
        expect(words(at(days), '.warning')[0]).toMatch(/Jira \(s2\) last read 12 Nov, 10 days ago; 5 more$/);
    });

    test('unknown: nothing is said', () => {
        expect(shown({ record: AMBER, sources: [] }).querySelector('.foot, .warning')).toBeNull();
    });
});

test('long texts are cut, and shown on a click', async () => {
    const text = 'a question about the cut-over date waits '.repeat(40).trim();
    const root = shown({ record: { ...AMBER, nextAction: text } });
    const [cut] = words(root, '.next-text');
    expect(cut.length).toBeLessThan(260);
    expect(root.querySelector('.next .more').getAttribute('aria-expanded')).toBe('false');
    await click(root, '.next .more');
    expect(words(root, '.next-text')[0]).toBe(`${text}Show less`);
    expect(root.querySelector('.next .more').getAttribute('aria-expanded')).toBe('true');
});

test('many reasons and many links are unfolded on a click', async () => {
    const links = Array.from({ length: 9 }, (_, n) => `    • A-${n}  https://example.com/A-${n}`);
    const why = Array.from({ length: 7 }, (_, n) => [`−${9 - n}  reason ${n}`, ...links].join('\n')).join('\n');
    const root = shown({ record: { ...AMBER, why } });
    expect(root.querySelectorAll('.reason')).toHaveLength(5);
    expect(words(root, '.more-reasons')).toEqual(['Show 2 more reasons']);
    await click(root, '.more-reasons');
    expect(root.querySelectorAll('.reason')).toHaveLength(7);
    expect(root.querySelector('.reason').querySelectorAll('a')).toHaveLength(5);
    await click(root, '.reason .more');
    expect(root.querySelector('.reason').querySelectorAll('a')).toHaveLength(9);
});

test('brief and projects are folded; a link is no longer than what it names', async () => {
    const projects = 'BILL, since 3 Mar 2025: 4 open, 1 overdue  https://example.atlassian.net/browse/BILL';
    const root = shown({ record: { ...AMBER, brief: 'With: Dana Okafor\n  one\n\n\n  two', projects } });
    expect(words(root, '.fold-button')).toEqual(['Meeting brief', 'Projects']);
    expect(root.querySelector('.fold-body')).toBeNull();
    await click(root, '[data-key=brief]');
    expect(words(root, '.line')).toEqual(['With:Dana Okafor', 'one', '', 'two']);
    await click(root, '[data-key=brief]');
    await click(root, '[data-key=projects]');
    expect(words(root, '.line a bdi')).toEqual(['BILL']);
    expect(words(root, '.line')[0]).toMatch(/, since 3 Mar 2025: 4 open, 1 overdue$/);
    const brief = [
        'They wait: ACME-412, for 19 business hours  https://example.atlassian.net/browse/ACME-412',
        'Out of scope, undecided: ACME-7, open for 3 days  https://example.atlassian.net/browse/ACME-7',
        'Comes: Lee',
    ].join('\n');
    const other = shown({ record: { ...AMBER, brief } });
    await click(other, '[data-key=brief]');
    expect(words(other, '.kind')).toEqual(['They wait:', 'Out of scope, undecided:', 'Comes:']);
    expect(words(other, '.line a bdi')).toEqual(['ACME-412', 'ACME-7']);
    expect(shown({ record: { ...AMBER, projects }, hideBrief: true }).querySelector('.fold')).toBeNull();
});

test('what comes from outside stays text', async () => {
    const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>';
    const why = `−3  ${evil}\n    • x  javascript:alert(1)\n    • "onclick="x  https://example.com/"onclick="x\n${evil}`;
    const root = shown({
        heading: evil,
        record: {
            ...AMBER,
            quadrant: evil,
            nextAction: evil,
            why,
            brief: `${evil}\nx  javascript:alert(1)`,
            history: evil,
        },
        sources: [{ source: `jira.${evil}`, day: '2026-11-01' }],
    });
    await click(root, '[data-key=brief]');
    expect(root.querySelector('script, img, [onclick], [onerror]')).toBeNull();
    expect([...root.querySelectorAll('a')].map(({ protocol }) => protocol)).toEqual(['https:']);
    expect(words(root, '.title')[0]).toBe(`${evil.slice(0, 80)}${evil.length > 80 ? '…' : ''}`);
    expect(words(root, '.reason-words p')).toEqual([evil]);
});

test('the words are German for Germans, and numbers are written their way', () => {
    const root = shown({ record: { ...AMBER, why: '−13,5  offen' }, lang: 'de-AT', locale: 'de-AT' });
    expect(words(root, '.pill')).toEqual(['Ampel:Gelb']);
    expect(words(root, '.points')).toEqual(['−13,5kostet 13,5 Punkte:']);
    expect(words(root, '.card-name')).toContain('Durchdringung');
});

test('both languages say everything', () => {
    const { wordsOf } = jest.requireActual('../../salesforce/force-app/main/default/lwc/rapportPanelView/words');
    const kinds = (each) =>
        Object.entries(each).map(([name, value]) => [
            name,
            value === null ? null : typeof value === 'object' ? kinds(value) : typeof value,
        ]);
    expect(kinds(wordsOf('de'))).toEqual(kinds(wordsOf('en')));
    expect(wordsOf('fr')).toBe(wordsOf('en'));
    expect(wordsOf(undefined)).toBe(wordsOf('en'));
});

test.each(['Large', 'Small'])('a page for %s', (formFactor) => {
    const root = shown({ record: AMBER, formFactor });
    expect(root.querySelector('.panel').classList).toContain(formFactor.toLowerCase());
});
