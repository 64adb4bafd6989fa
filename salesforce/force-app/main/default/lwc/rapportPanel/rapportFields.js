/**
 * The fields that Rapport writes, by the names under which the view knows their values.
 * They stand on the account or, under the same names, on the record beside it.
 */
const FIELDS = {
    band: 'Rapport_Band__c',
    overall: 'Rapport_Overall__c',
    health: 'Rapport_Health__c',
    penetration: 'Rapport_Penetration__c',
    growth: 'Rapport_Growth__c',
    positioning: 'Rapport_Positioning__c',
    governance: 'Rapport_Governance__c',
    delivery: 'Rapport_Delivery__c',
    trend: 'Rapport_Trend__c',
    confidence: 'Rapport_Confidence__c',
    quadrant: 'Rapport_Quadrant__c',
    nextAction: 'Rapport_Next_Action__c',
    why: 'Rapport_Why__c',
    brief: 'Rapport_Brief__c',
    projects: 'Rapport_Projects__c',
    history: 'Rapport_History__c',
};

/** As `getRecord` asks for them: one that the org lacks or the user may not see is left out, and no error. */
export function fieldsOf(objectName) {
    return Object.values(FIELDS).map((field) => `${objectName}.${field}`);
}

/** The values of a record as `getRecord` gives it; what is hidden is not among them, what is empty is null. */
export function valuesOf(record) {
    const fields = record?.fields ?? {};
    return Object.fromEntries(
        Object.entries(FIELDS)
            .filter(([, field]) => field in fields)
            .map(([name, field]) => [name, fields[field].value ?? null])
    );
}

/** Whether Rapport has written anything here. */
export function isWritten(values) {
    return Object.values(values).some((value) => value !== null && value !== '');
}
