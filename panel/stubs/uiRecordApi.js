import { adapter } from './wire';

/** A record of the scene with the fields that were asked for, as far as the scene has them. */
export const getRecord = adapter(({ recordId, optionalFields }) => {
    const { account, score, failed } = globalThis.rapportScene;
    if (!recordId) {
        return undefined;
    }
    if (failed) {
        return { error: { status: 500 } };
    }
    const values = optionalFields[0].startsWith('Account.') ? account : score;
    const asked = optionalFields.map((name) => name.split('.')[1]);
    const fields = Object.fromEntries(
        asked.filter((name) => name in values).map((name) => [name, { value: values[name], displayValue: null }])
    );
    return { data: { id: recordId, fields } };
});
