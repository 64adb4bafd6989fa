/**
 * How Rapport's word about an account looks. Everything comes in by `@api`; nothing is read here and nothing written.
 */
import { LightningElement, api } from 'lwc';
import { freshnessOf } from './freshness';
import { cut, linesOf, linkOf, oneLine, partsOf } from './plainText';
import { draw, readHistory, upToNow } from './sparkline';
import { readWhy } from './why';
import { wordsOf } from './words';

const CARDS = ['health', 'penetration', 'growth', 'positioning', 'governance', 'delivery'];

// Each band has a shape of its own, so that it is known without its colour: a tick in a disc, a triangle, an octagon, a ring.
const DISC = 'M12 2a10 10 0 1 1 0 20a10 10 0 0 1 0-20';
const BANDS = {
    Green: { tone: 'green', body: DISC, sign: 'M7.5 12.5l3 3l6-6.5' },
    Amber: { tone: 'amber', body: 'M12 2.5L23 21.5H1z', sign: 'M12 9.5v5M12 17.8v.2' },
    Red: { tone: 'red', body: 'M8 2h8l6 6v8l-6 6H8l-6-6V8z', sign: 'M12 7v6M12 16.6v.2' },
    Unknown: { tone: 'unknown', body: DISC, sign: 'M7.5 12h9' },
};
const ARROWS = { up: 'M6 2l5 8H1z', down: 'M6 10L1 2h10z', flat: 'M1 4.5h10v3H1z' };

// Lengths up to which a text is shown at once, in characters; the rest is a click away.
const TEXT = 220;
const LABEL = 48;
const TITLE = 80;
const REASONS = 5;
const LINKS = 5;
const LINES = 12;
const SOURCES = 3;

const CIRCUMFERENCE = 2 * Math.PI * 43;
const SPARK = { width: 180, height: 44, margin: 5 };

function scoreOf(value) {
    const number = Number(value);
    return value === null || value === undefined || value === '' || Number.isNaN(number)
        ? undefined
        : Math.min(100, Math.max(0, number));
}

export default class RapportPanelView extends LightningElement {
    /** Stands at the head. */
    @api heading;
    /** The values by name: band, health, why, … A name that is absent is hidden from this user, null is empty. */
    @api record;
    /** `loading`, `ready` or `failed`. */
    @api state = 'loading';
    /** `[{source: 'jira', day: '2026-11-22'}]`; empty where that cannot be known. */
    @api sources;
    /** The day it is for the user, as `2026-11-22`. */
    @api today;
    /** The language of the panel's own words, as `de`. */
    @api lang;
    /** How dates and numbers are written, as `en-GB`. */
    @api locale;
    /** `Large` or `Small`. */
    @api formFactor;
    @api hideScorecards = false;
    @api hideBrief = false;

    opened = {};

    get values() {
        return this.record ?? {};
    }

    get words() {
        return wordsOf(this.lang);
    }

    get title() {
        return cut(oneLine(this.heading) || 'Rapport', TITLE).text;
    }

    get panelClass() {
        return `slds-card panel ${this.formFactor === 'Small' ? 'small' : 'large'}`;
    }

    // -- what is shown instead ------------------------------------------------------------------------------------

    get isLoading() {
        return this.state === 'loading';
    }

    get message() {
        const { words } = this;
        if (this.state === 'failed') {
            return { text: words.failed, hint: words.failedHint };
        }
        const shown = Object.values(this.values);
        if (!shown.length) {
            return { text: words.hidden, hint: words.hiddenHint };
        }
        if (shown.every((value) => value === null || value === undefined || value === '')) {
            return { text: words.untouched, hint: words.untouchedHint };
        }
        return undefined;
    }

    // -- the head ---------------------------------------------------------------------------------------------------

    get band() {
        const band = BANDS[this.values.band];
        return band && this.state === 'ready'
            ? { ...band, word: this.words.bands[this.values.band], pill: `pill ${band.tone}` }
            : undefined;
    }

    get health() {
        return scoreOf(this.values.health);
    }

    get gauge() {
        const { health, words } = this;
        const tone = (BANDS[this.values.band] ?? BANDS.Unknown).tone;
        return {
            style: `gauge ${tone}`,
            score: health === undefined ? words.none : this.number(health),
            alternative: health === undefined ? words.unknown : words.outOf(this.number(health)),
            arc: health ? `${(CIRCUMFERENCE * health) / 100} ${CIRCUMFERENCE}` : undefined,
        };
    }

    get trend() {
        const moved = Number(this.values.trend ?? NaN);
        if (Number.isNaN(moved) || this.health === undefined) {
            return undefined;
        }
        const way = moved > 0 ? 'up' : moved < 0 ? 'down' : 'flat';
        const points = this.number(Math.abs(moved));
        const { trendUp, trendDown, trendFlat } = this.words;
        return {
            style: `trend ${way}`,
            arrow: ARROWS[way],
            text: { up: trendUp(points), down: trendDown(points), flat: trendFlat }[way],
        };
    }

    get spark() {
        const history = upToNow(readHistory(this.values.history), this.health, this.today);
        const drawn = this.health === undefined ? undefined : draw(history, SPARK.width, SPARK.height, SPARK.margin);
        if (!drawn) {
            return undefined;
        }
        const [first] = history;
        return {
            ...drawn,
            since: this.dayShort(first.day),
            alternative: this.words.history(
                history.length,
                this.number(first.score),
                this.day(first.day),
                this.number(this.health)
            ),
        };
    }

    get course() {
        return this.trend || this.spark;
    }

    get facts() {
        const { words, values } = this;
        const overall = scoreOf(values.overall);
        const confidence = scoreOf(values.confidence);
        // "1 attractive and able": the number is for filters, the words are for people
        const quadrant = cut(oneLine(values.quadrant).replace(/^[1-4]\s+(?=\S)/, ''), TITLE).text;
        return [
            overall !== undefined && { name: words.overall, value: this.number(overall), style: 'fact' },
            confidence !== undefined && {
                name: words.confidence,
                value: this.format({ style: 'percent' }, confidence / 100),
                style: 'fact',
            },
            quadrant && { name: words.quadrant, value: quadrant, style: 'fact fact-words' },
        ].filter(Boolean);
    }

    get nextAction() {
        const text = oneLine(this.values.nextAction);
        return text ? this.long('next', text) : undefined;
    }

    // -- why --------------------------------------------------------------------------------------------------------

    get why() {
        return readWhy(this.values.why);
    }

    get whyHeading() {
        return this.isScored ? this.words.reasons : this.words.unscored;
    }

    get isScored() {
        return this.health !== undefined || this.why.reasons.length > 0;
    }

    get allReasons() {
        return this.isOpen('reasons') ? 'true' : 'false';
    }

    get reasons() {
        const { words } = this;
        const shown = this.isOpen('reasons') ? this.why.reasons : this.why.reasons.slice(0, REASONS);
        return shown.map((reason, n) => ({
            ...this.long(`reason-${n}`, oneLine(reason.text)),
            points: `${reason.isLoss ? '−' : '+'}${reason.points}`,
            style: `points ${reason.isLoss ? 'loss' : 'gain'}`,
            alternative: reason.isLoss ? words.costs(reason.points) : words.adds(reason.points),
            ...this.linksOf(`links-${n}`, reason.links),
        }));
    }

    get reasonsButton() {
        const rest = this.why.reasons.length - REASONS;
        if (rest < 1) {
            return undefined;
        }
        return this.isOpen('reasons') ? this.words.less : this.words.moreReasons(rest);
    }

    /** What is no reason: plain remarks, and what changed. */
    get remarks() {
        const { notes, changes, reasons } = this.why;
        const fallback = this.isScored ? this.words.noReasons : this.words.tooLittle;
        const said = notes.length || reasons.length ? notes : [{ text: fallback, links: [] }];
        return [
            { key: 'note', notes: this.asNotes('note', said) },
            { key: 'change', heading: this.words.changed, notes: this.asNotes('change', changes) },
        ].filter((each) => each.notes.length);
    }

    asNotes(kind, notes) {
        return notes.map((note, n) => ({
            ...this.long(`${kind}-${n}`, oneLine(note.text)),
            ...this.linksOf(`${kind}-links-${n}`, note.links, note.links.length),
        }));
    }

    linksOf(key, links, atOnce = LINKS) {
        const shown = this.isOpen(key) ? links : links.slice(0, atOnce);
        return {
            linksKey: key,
            links: shown.map(({ label, url }, n) => {
                const whole = oneLine(label);
                const { text, isCut } = cut(whole, LABEL);
                return { key: `${key}-${n}`, shown: text, url, title: isCut ? `${whole}\n${url ?? ''}` : url };
            }),
            moreLinks: links.length > shown.length ? this.words.andMore(links.length - shown.length) : undefined,
        };
    }

    // -- scorecards, sections, freshness ----------------------------------------------------------------------------

    get cards() {
        if (this.hideScorecards || CARDS.every((name) => scoreOf(this.values[name]) === undefined)) {
            return [];
        }
        const tone = (BANDS[this.values.band] ?? BANDS.Unknown).tone;
        return CARDS.filter((name) => name in this.values).map((name) => {
            const score = scoreOf(this.values[name]);
            return {
                key: name,
                name: this.words.cards[name],
                score: score === undefined ? this.words.none : this.number(score),
                alternative: score === undefined ? this.words.unknown : this.words.outOf(this.number(score)),
                width: `width: ${score ?? 0}%`,
                // the band is that of health and says nothing about the others
                fill: name === 'health' ? `fill ${tone}` : 'fill',
            };
        });
    }

    get sections() {
        if (this.hideBrief) {
            return [];
        }
        return ['brief', 'projects']
            .map((name) => ({ key: name, lines: linesOf(this.values[name]) }))
            .filter(({ lines }) => lines.some((line) => line.trim()))
            .map(({ key, lines }) => this.section(key, lines));
    }

    section(key, lines) {
        const linesKey = `${key}-lines`;
        const showsAll = this.isOpen(linesKey);
        const isLong = lines.length > LINES || lines.some((line) => line.length > 2 * TEXT);
        const shown = showsAll ? lines : lines.slice(0, LINES);
        return {
            key,
            linesKey,
            name: this.words[key],
            isOpen: this.isOpen(key),
            expanded: this.isOpen(key) ? 'true' : 'false',
            chevron: this.isOpen(key) ? 'chevron chevron-open' : 'chevron',
            showsAll: showsAll ? 'true' : 'false',
            button: isLong ? (showsAll ? this.words.less : this.words.more) : undefined,
            lines: shown.map((line, n) => {
                const link = linkOf(line);
                const { kind, head, rest } = partsOf(link ? link.label : line.trim(), Boolean(link));
                return {
                    key: `${linesKey}-${n}`,
                    url: link?.url,
                    kind,
                    head: showsAll ? head : cut(head, LABEL).text,
                    rest: showsAll ? rest : cut(rest, 2 * TEXT).text,
                    style: `line ${line ? '' : 'line-empty'} ${/^\s/.test(line) ? 'line-indented' : ''}`,
                };
            }),
        };
    }

    get freshnessFound() {
        return freshnessOf(this.sources, this.today);
    }

    get freshnessText() {
        const found = this.freshnessFound;
        if (!found) {
            return undefined;
        }
        const { words } = this;
        const told = [];
        if (found.newest) {
            const since = found.age ? `, ${words.daysAgo(found.age)}` : '';
            told.push(`${words.dataOf(this.day(found.newest))}${since}`);
        }
        for (const { name, day, age } of found.behind.slice(0, SOURCES)) {
            const label = cut(oneLine(name), LABEL).text;
            told.push(
                day
                    ? `${words.lastRead(label, this.dayShort(day, found.newest))}, ${words.daysAgo(age)}`
                    : words.neverRead(label)
            );
        }
        if (found.behind.length > SOURCES) {
            told.push(words.andMore(found.behind.length - SOURCES));
        }
        return told.join('; ');
    }

    get warning() {
        return this.freshnessFound?.isStale ? this.freshnessText : undefined;
    }

    get freshness() {
        return this.freshnessFound?.isStale ? undefined : this.freshnessText;
    }

    // -- how things are written -------------------------------------------------------------------------------------

    format(options, value) {
        return new Intl.NumberFormat(this.locale, { maximumFractionDigits: 0, ...options }).format(value);
    }

    number(value) {
        return this.format({}, value);
    }

    day(day) {
        return this.date(day, { day: 'numeric', month: 'short', year: 'numeric' });
    }

    /** Without the year, if that is the year of the other day, or of today. */
    dayShort(day, other = this.today) {
        return day.slice(0, 4) === (other || '').slice(0, 4)
            ? this.date(day, { day: 'numeric', month: 'short' })
            : this.day(day);
    }

    date(day, options) {
        return new Intl.DateTimeFormat(this.locale, { timeZone: 'UTC', ...options }).format(Date.parse(day));
    }

    // -- what is unfolded -------------------------------------------------------------------------------------------

    long(key, text) {
        const { text: start, isCut } = cut(text, TEXT);
        const isOpen = this.isOpen(key);
        return {
            key,
            shown: isOpen ? text : start,
            isLong: isCut,
            expanded: isOpen ? 'true' : 'false',
            button: isOpen ? this.words.less : this.words.more,
        };
    }

    isOpen(key) {
        return Boolean(this.opened[key]);
    }

    toggle(event) {
        const { key } = event.currentTarget.dataset;
        this.opened = { ...this.opened, [key]: !this.opened[key] };
    }
}
