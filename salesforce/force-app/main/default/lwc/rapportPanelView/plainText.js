/**
 * Text from outside, made fit to be looked at: never markup, nothing that turns the text around it, cut where it is long.
 */

// Control characters, and marks that change the direction of what follows them. A right-to-left name needs none of these.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g;

/** Lines of a text, blanks at their ends taken off; empty ones stay, but never two in a row, nor first or last. */
export function linesOf(text) {
    const lines = String(text ?? '')
        .split(/\r\n|[\r\n\u2028\u2029]/)
        .map((line) => line.replace(UNSEEN, '').trimEnd());
    return lines.filter((line, n) => line || (n > 0 && lines[n - 1] && n < lines.length - 1));
}

/** One line of it. */
export function oneLine(text) {
    return linesOf(text).join(' ').replace(/\s+/g, ' ').trim();
}

/**
 * The beginning of a text that is longer than `limit` characters, up to a blank if one is near, and whether it was cut.
 * A surrogate pair stays whole.
 */
export function cut(text, limit) {
    const signs = Array.from(text);
    if (signs.length <= limit) {
        return { text, isCut: false };
    }
    const start = signs.slice(0, limit).join('');
    const blank = start.lastIndexOf(' ');
    return { text: `${blank > limit * 0.6 ? start.slice(0, blank) : start}…`, isCut: true };
}

/** An address that may be followed: http or https, nothing else. Undefined otherwise. */
export function safeUrl(text) {
    try {
        const url = new URL(text);
        return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
    } catch {
        return undefined;
    }
}

const LINK = /^\s*(?:[•·*–-]\s+)?(?:(.*\S)\s+)?(https?:\/\/\S+)$/i;
const BULLET = /^\s*[•·]\s+(\S.*)$/;

/** `    • ACME-412  https://…` as label and address; undefined where a line is no such thing. */
export function linkOf(line) {
    const found = LINK.exec(line);
    const url = found && safeUrl(found[2]);
    return url ? { label: found[1] ?? found[2], url } : undefined;
}

/** A line with a bullet: what it names, without an address. */
export function bulletOf(line) {
    const found = BULLET.exec(line);
    return found ? { label: found[1].trim(), url: undefined } : undefined;
}

const KIND = /^(\p{L}[\p{L}, -]{1,40}:)\s+(?=\S)/u;
const HEAD = /^[^,:]{1,60}(?=[,:])/;

/**
 * A line of a list in its parts: "They wait:", the name that is made the link, "ACME-412", and the rest,
 * ", for 19 business hours". What has no link is all rest.
 */
export function partsOf(line, isLinked) {
    const kind = KIND.exec(line);
    const text = kind ? line.slice(kind[0].length) : line;
    const head = isLinked ? (HEAD.exec(text)?.[0] ?? text) : '';
    return { kind: kind?.[1], head, rest: text.slice(head.length) };
}
