/**
 * The line of past scores: `2026-08-30:63 2026-09-06:61` as points of a drawing.
 */
import { daysBetween } from './freshness';

const SIGHTING = /^(\d{4}-\d{2}-\d{2}):(\d{1,3})$/;
const LEAST_SPAN = 20; // scores; a smaller move is not blown up to a cliff

/** `[{day, score}]`, oldest first; what is not a day with a score from 0 to 100 is left out. */
export function readHistory(text) {
    return String(text ?? '')
        .split(/\s+/)
        .map((each) => SIGHTING.exec(each))
        .filter((found) => found && Number(found[2]) <= 100 && !Number.isNaN(Date.parse(found[1])))
        .map(([, day, score]) => ({ day, score: Number(score) }))
        .sort((a, b) => a.day.localeCompare(b.day));
}

/** The history up to the score that stands above it: without this the line would end at another number. */
export function upToNow(history, score, today) {
    const last = history.at(-1);
    if (!last || score === undefined || last.score === score) {
        return history;
    }
    return [...history.filter((each) => each.day < today), { day: today, score }];
}

/**
 * `{line, area, x, y}`: SVG points of the line, of the area under it, and the place of its last point.
 * Days are to scale, so a gap is seen as one. Undefined with fewer than two points.
 */
export function draw(history, width, height, margin) {
    if (history.length < 2) {
        return undefined;
    }
    const scores = history.map((each) => each.score);
    const middle = (Math.min(...scores) + Math.max(...scores)) / 2;
    const span = Math.max(LEAST_SPAN, Math.max(...scores) - Math.min(...scores));
    const first = history[0].day;
    const days = daysBetween(first, history.at(-1).day) || 1;
    const places = history.map(({ day, score }) => [
        margin + ((width - 2 * margin) * daysBetween(first, day)) / days,
        margin + (height - 2 * margin) * (0.5 - (score - middle) / span),
    ]);
    const shown = places.map((each) => each.map((number) => number.toFixed(1)).join(','));
    const [x, y] = places.at(-1).map((number) => number.toFixed(1));
    return { line: shown.join(' '), area: `${margin},${height} ${shown.join(' ')} ${x},${height}`, x, y };
}
