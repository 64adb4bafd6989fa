/**
 * How old the data is: of every source the last day on which it was read to the end.
 */
const DAY = 24 * 60 * 60 * 1000;
const STALE_AFTER = 2; // days
const NAMES = { salesforce: 'Salesforce', jira: 'Jira' };

/** `jira.plant` as `Jira (plant)`: what a person would call it. */
export function nameOf(source) {
    const [system, ...site] = source.split('.');
    const name = NAMES[system.toLowerCase()] ?? system;
    return site.length ? `${name} (${site.join('.')})` : name;
}

/** Whole days from one day (`2026-11-19`) to another. */
export function daysBetween(from, to) {
    return Math.round((Date.parse(to) - Date.parse(from)) / DAY);
}

/**
 * `{newest, age, behind: [{name, day, age}], isStale}`; ages in days. `behind` names each source that was last read
 * before the newest, the oldest first; one that was never read has neither day nor age. Undefined without sources.
 */
export function freshnessOf(sources, today) {
    const read = (sources ?? []).map(({ source, day }) => ({
        name: nameOf(source),
        day,
        // a day ahead is the clock of another time zone, not the future
        age: day ? Math.max(0, daysBetween(day, today)) : undefined,
    }));
    if (!read.length) {
        return undefined;
    }
    const newest = read.reduce((day, each) => (each.day && each.day > day ? each.day : day), '');
    return {
        newest,
        age: newest ? Math.max(0, daysBetween(newest, today)) : undefined,
        behind: read
            .filter((each) => each.day !== newest)
            .sort((a, b) => (a.day ?? '').localeCompare(b.day ?? '') || a.name.localeCompare(b.name)),
        isStale: read.some((each) => each.age === undefined || each.age > STALE_AFTER),
    };
}
