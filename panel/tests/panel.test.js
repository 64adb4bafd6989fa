import { createElement } from 'lwc';
import RapportPanel from 'c/rapportPanel';
import { graphql } from 'lightning/graphql';
import { getRecord } from 'lightning/uiRecordApi';

const ACCOUNT = '001Qy0000010001IAA';
const SCORE = 'a00000000000001AAA';

function put(given = {}) {
    const element = createElement('c-rapport-panel', { is: RapportPanel });
    Object.assign(element, { recordId: ACCOUNT }, given);
    document.body.append(element);
    return element;
}

const view = (element) => element.shadowRoot.querySelector('c-rapport-panel-view');
const record = (values) => ({
    fields: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, displayValue: null }])),
});
const nodes = (name, many) => ({ uiapi: { query: { [name]: { edges: many.map((node) => ({ node })) } } } });
const operation = (name) => (config) => config.operationName === name;
const onAccount = (config) => config.recordId === ACCOUNT;
const onScore = (config) => config.recordId === SCORE;

/** A wire is asked again, and a page drawn again, some turns of the event loop later. */
async function settled() {
    for (let turns = 0; turns < 10; turns += 1) {
        await Promise.resolve();
    }
}

async function given(element, act) {
    await settled();
    act();
    await settled();
    return view(element);
}

/** What `getRecord` is asked for. */
function asked() {
    const configs = [];
    getRecord.emit({}, (config) => {
        configs.push(config);
        return false;
    });
    return configs.filter(({ recordId }) => recordId);
}

afterEach(() => {
    document.body.replaceChildren();
    jest.useRealTimers();
});

test('asks for every field as one that may be missing, of this account', async () => {
    put();
    await settled();
    const [{ recordId, fields, optionalFields }, ...others] = asked();
    expect(others).toEqual([]);
    expect(recordId).toBe(ACCOUNT);
    expect(fields).toBeUndefined();
    expect(optionalFields).toHaveLength(16);
    expect(optionalFields.every((each) => /^Account\.Rapport_\w+__c$/.test(each))).toBe(true);
});

test('hands the values on; a hidden field is not among them', async () => {
    const element = put({ title: 'Health of the customer', hideBrief: true });
    expect(view(element).state).toBe('loading');
    const shown = await given(element, () =>
        getRecord.emit(record({ Rapport_Band__c: 'Red', Rapport_Health__c: 35, Rapport_Trend__c: null }), onAccount)
    );
    expect(shown.state).toBe('ready');
    expect(shown.record).toEqual({ band: 'Red', health: 35, trend: null });
    expect([shown.heading, shown.hideBrief, shown.hideScorecards]).toEqual(['Health of the customer', true, false]);
    expect([shown.formFactor, shown.lang, shown.locale]).toEqual(['Large', 'en', 'en-US']);
});

test('an account that cannot be read is said to be so', async () => {
    const element = put();
    const shown = await given(element, () => getRecord.error({ message: 'gone' }));
    expect(shown.state).toBe('failed');
});

test('freshness of each source; without the object there is none, and the panel stands', async () => {
    const element = put();
    await given(element, () => getRecord.emit(record({ Rapport_Health__c: 35 }), onAccount));
    const shown = await given(element, () =>
        graphql.emit(
            nodes('Rapport_Status__c', [
                { Rapport_Source__c: { value: 'jira' }, Rapport_Last_Good_Day__c: { value: '2026-11-19' } },
                { Rapport_Source__c: { value: 'salesforce' } },
                { Rapport_Last_Good_Day__c: { value: '2026-11-19' } },
            ]),
            operation('rapportSources')
        )
    );
    expect(shown.sources).toEqual([
        { source: 'jira', day: '2026-11-19' },
        { source: 'salesforce', day: null },
    ]);
    await given(element, () => graphql.emitErrors([{ message: 'unknown object' }], operation('rapportSources')));
    expect(view(element).sources).toEqual([]);
    expect(view(element).state).toBe('ready');
});

describe('an org that keeps the scores beside the account', () => {
    const EMPTY = record({ Rapport_Band__c: null, Rapport_Health__c: null });
    const found = (many) =>
        graphql.emit(
            nodes(
                'Rapport_Score__c',
                many.map(([Id, key]) => ({ Id, Rapport_Account_Id__c: { value: key } }))
            ),
            operation('rapportScore')
        );

    test('shows what stands there, of the record that was made for this account', async () => {
        const element = put();
        await given(element, () => getRecord.emit(EMPTY, onAccount));
        expect(view(element).state).toBe('loading');
        await given(element, () =>
            found([
                ['a00000000000009AAA', 'of a merged one'],
                [SCORE, ACCOUNT],
            ])
        );
        const score = asked().find(({ recordId }) => recordId === SCORE);
        expect(score.optionalFields.every((each) => each.startsWith('Rapport_Score__c.'))).toBe(true);
        await given(element, () =>
            getRecord.emit(record({ Rapport_Band__c: 'Green', Rapport_Health__c: 99 }), onScore)
        );
        expect(view(element).state).toBe('ready');
        expect(view(element).record).toEqual({ band: 'Green', health: 99 });
    });

    test('stays as it is when somebody edits the account, and is forgotten with it', async () => {
        const element = put();
        await given(element, () => getRecord.emit(EMPTY, onAccount));
        await given(element, () => found([[SCORE, ACCOUNT]]));
        await given(element, () => getRecord.emit(record({ Rapport_Health__c: 99 }), onScore));
        await given(element, () => getRecord.emit(EMPTY, onAccount));
        expect([view(element).state, view(element).record]).toEqual(['ready', { health: 99 }]);
        element.recordId = '001Qy0000010002IAA';
        await settled();
        expect([view(element).state, view(element).record]).toEqual(['loading', undefined]);
        expect(asked().map(({ recordId }) => recordId)).toEqual(['001Qy0000010002IAA']);
    });

    test.each([
        ['has none yet', () => found([])],
        ['lacks the object', () => graphql.emitErrors([{ message: 'unknown object' }], operation('rapportScore'))],
    ])('%s: the account is as empty as it is', async (_, act) => {
        const element = put();
        await given(element, () => getRecord.emit(EMPTY, onAccount));
        await given(element, act);
        expect(view(element).state).toBe('ready');
        expect(view(element).record).toEqual({ band: null, health: null });
    });

    test('is not asked where the account has them', async () => {
        const element = put();
        await given(element, () => getRecord.emit(record({ Rapport_Health__c: 35 }), onAccount));
        expect(view(element).record).toEqual({ health: 35 });
        expect(view(element).state).toBe('ready');
    });
});

test('the day is that of the user, not of Greenwich', async () => {
    jest.useFakeTimers({ now: Date.parse('2026-11-22T03:00:00Z') }); // 19:00 the day before in Los Angeles
    expect(view(put()).today).toBe('2026-11-21');
});
