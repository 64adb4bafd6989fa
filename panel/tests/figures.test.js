import { freshnessOf, nameOf } from '../../salesforce/force-app/main/default/lwc/rapportPanelView/freshness';
import { cut, linesOf, safeUrl } from '../../salesforce/force-app/main/default/lwc/rapportPanelView/plainText';
import { draw, readHistory, upToNow } from '../../salesforce/force-app/main/default/lwc/rapportPanelView/sparkline';

const TODAY = '2026-11-22';
const sources = (days) => Object.entries(days).map(([source, day]) => ({ source, day }));

describe('freshness', () => {
    test('data is as new as its newest source, and names those behind it', () => {
        expect(freshnessOf(sources({ salesforce: TODAY, jira: '2026-11-19', 'jira.plant': TODAY }), TODAY)).toEqual({
            newest: TODAY,
            age: 0,
            behind: [{ name: 'Jira', day: '2026-11-19', age: 3 }],
            isStale: true,
        });
    });

    test.each([
        ['2026-11-20', false],
        ['2026-11-19', true],
    ])('two days are no old age, three are: %s', (day, isStale) => {
        expect(freshnessOf(sources({ salesforce: TODAY, jira: day }), TODAY).isStale).toBe(isStale);
    });

    test('a source that was never read is behind for good; a day ahead of ours is today', () => {
        const found = freshnessOf(sources({ salesforce: '2026-11-23', jira: null }), TODAY);
        expect(found).toMatchObject({ newest: '2026-11-23', age: 0, isStale: true });
        expect(found.behind).toEqual([{ name: 'Jira', day: null, age: undefined }]);
    });

    test('nothing is said without sources', () => {
        expect(freshnessOf([], TODAY)).toBeUndefined();
        expect(freshnessOf(undefined, TODAY)).toBeUndefined();
    });

    test('sites have names', () => {
        expect(['salesforce', 'jira', 'jira.plant.north', 'other'].map(nameOf)).toEqual([
            'Salesforce',
            'Jira',
            'Jira (plant.north)',
            'other',
        ]);
    });

    test('a change of the clocks makes no day longer', () => {
        expect(freshnessOf(sources({ jira: '2026-10-24' }), '2026-10-26').age).toBe(2);
    });
});

describe('history', () => {
    test('scores by day, oldest first, and nothing that is none', () => {
        expect(readHistory(' 2026-09-06:61\n2026-08-30:63 2026-09-13: x:y 2026-13-45:50 2026-09-20:101 ')).toEqual([
            { day: '2026-08-30', score: 63 },
            { day: '2026-09-06', score: 61 },
        ]);
        expect(readHistory(null)).toEqual([]);
    });

    test('the line ends at the score that is shown', () => {
        const history = readHistory('2026-11-08:92 2026-11-15:91');
        expect(upToNow(history, 91, TODAY)).toEqual(history);
        expect(upToNow(history, 63, TODAY)).toEqual([...history, { day: TODAY, score: 63 }]);
        expect(upToNow(readHistory(`2026-11-15:91 ${TODAY}:91`), 63, TODAY).at(-1)).toEqual({ day: TODAY, score: 63 });
        expect(upToNow([], 63, TODAY)).toEqual([]);
    });

    test('days are to scale, higher is better, and all of it lies inside', () => {
        const drawn = draw(readHistory('2026-11-01:0 2026-11-02:100 2026-11-11:50'), 110, 40, 5);
        expect(drawn.line).toBe('5.0,35.0 15.0,5.0 105.0,20.0');
        expect([drawn.x, drawn.y]).toEqual(['105.0', '20.0']);
        expect(draw(readHistory('2026-11-01:0'), 110, 40, 5)).toBeUndefined();
    });

    test('a small move stays small', () => {
        const heights = draw(readHistory('2026-11-01:98 2026-11-08:100'), 100, 40, 0)
            .line.split(' ')
            .map((each) => Number(each.split(',')[1]));
        expect(heights[0] - heights[1]).toBeCloseTo(4);
    });
});

describe('text', () => {
    test('is cut at a blank, never inside a sign', () => {
        expect(cut('one two three', 13)).toEqual({ text: 'one two three', isCut: false });
        expect(cut('one two three', 9)).toEqual({ text: 'one two…', isCut: true });
        expect(cut('😀'.repeat(10), 3).text).toBe('😀😀😀…');
    });

    test('loses what turns or hides it, and no letter', () => {
        expect(linesOf('a\u202Eb\u0000c\u2066\uFEFF\n\n\nעברית é 中\t')).toEqual(['abc', '', 'עברית é 中']);
    });

    test('an address is http or https', () => {
        expect(safeUrl('https://example.com/a b')).toBe('https://example.com/a%20b');
        expect(['javascript:x', 'JAVASCRIPT:x', 'data:,x', 'x', '', '/x', 'vbscript:x'].map(safeUrl)).toEqual(
            Array(7).fill(undefined)
        );
    });
});
