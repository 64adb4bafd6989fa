import { adapter } from './wire';

export const gql = (texts) => texts.join('');

const answered = (name, nodes) => ({
    data: { uiapi: { query: { [name]: { edges: nodes.map((node) => ({ node })) } } } },
});

/** The objects of the scene. One that it lacks is an error, as in an org without it. */
export const graphql = adapter(({ query, operationName }) => {
    const { sources, score } = globalThis.rapportScene;
    if (!query) {
        return undefined;
    }
    if (operationName === 'rapportScore') {
        return answered('Rapport_Score__c', score ? [{ Id: 'a00000000000001AAA' }] : []);
    }
    if (!sources) {
        return { errors: [{ message: 'Rapport_Status__c is unknown' }] };
    }
    return answered(
        'Rapport_Status__c',
        Object.entries(sources).map(([source, day], n) => ({
            Id: `a01${n}`,
            Rapport_Source__c: { value: source },
            Rapport_Last_Good_Day__c: { value: day },
        }))
    );
});
