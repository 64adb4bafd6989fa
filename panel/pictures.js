// Renders every scene in a headless browser, large and small: looks for what axe finds, for anything that breaks the
// layout and for markup that came alive, and leaves a picture of each in out/. Any fault ends it with 1.
import { createRequire } from 'node:module';
import { accessSync, constants, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { scenesOf } from './scenes/scenes.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const packaged = (path) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
const sample = JSON.parse(readFileSync(here('scenes/sample.json'), 'utf8'));
const OUT = here('out/pictures/');

// The main column of a record page, its side column, a phone.
const SHAPES = {
    large: { formFactor: 'Large', width: 800, scale: 1 },
    side: { formFactor: 'Large', width: 400, scale: 1 },
    small: { formFactor: 'Small', width: 375, scale: 2 },
};
const TIMEOUT = 20_000; // of one step; of all of it:
const LIMIT = 300_000;
const BROWSERS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Rapport</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { background: #f3f3f3; padding: 12px; }</style></head>
<body><main><h1 class="slds-assistive-text">Account</h1></main></body></html>`;

function browserOnPath() {
    const folders = (process.env.PATH ?? '').split(delimiter);
    for (const name of BROWSERS) {
        for (const folder of folders) {
            try {
                accessSync(join(folder, name), constants.X_OK);
                return join(folder, name);
            } catch {
                // the next one
            }
        }
    }
    throw new Error(`None of ${BROWSERS.join(', ')} is on the PATH; make check-panel installs one.`);
}

/** What is wrong with the page as it stands, as lines. */
async function faults(page) {
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
    if (
        !passes.some(({ id, nodes }) => id === 'color-contrast' && nodes.some(({ html }) => /class="title/.test(html)))
    ) {
        return ['axe did not look into the panel'];
    }
    const found = violations.flatMap(({ id, help, nodes }) =>
        nodes.map(
            ({ html, failureSummary }) =>
                `axe ${id}: ${help}\n    ${html}\n    ${failureSummary.replace(/\n/g, '\n    ')}`
        )
    );
    const broken = await page.evaluate(() => {
        const told = [];
        const root = document.documentElement;
        if (root.scrollWidth > root.clientWidth) {
            told.push(`the page is ${root.scrollWidth} wide where ${root.clientWidth} are there`);
        }
        const panel = globalThis.panelShown().querySelector('article');
        const { left, right } = panel.getBoundingClientRect();
        for (const each of panel.querySelectorAll('*')) {
            const box = each.getBoundingClientRect();
            if (box.width > 1 && (box.right > right + 0.5 || box.left < left - 0.5)) {
                told.push(`${each.tagName}.${each.getAttribute('class')} stands out of the panel`);
            }
        }
        for (const each of panel.querySelectorAll('a, button')) {
            const box = each.getBoundingClientRect();
            if (!box.width || !box.height) {
                told.push(`${each.outerHTML} cannot be hit`);
            }
        }
        for (const each of panel.querySelectorAll('a')) {
            if (!/^https?:$/.test(each.protocol) || each.rel !== 'noopener noreferrer' || each.target !== '_blank') {
                told.push(`${each.outerHTML} is no link that may be followed`);
            }
        }
        if (panel.querySelector('script, img, iframe, b, style') || globalThis.pwned.called) {
            told.push('a text became markup');
        }
        return told;
    });
    return [...found, ...broken];
}

async function unfold(page) {
    for (let rounds = 0; rounds < 5; rounds += 1) {
        const count = await page.evaluate(() => {
            const folded = [...globalThis.panelShown().querySelectorAll('button[aria-expanded="false"]')];
            folded.forEach((each) => each.click());
            return folded.length;
        });
        if (!count) {
            return;
        }
    }
    throw new Error('something cannot be unfolded');
}

async function show(browser, scene, { formFactor, width, scale }) {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT);
    const errors = [];
    page.on('pageerror', (error) => errors.push(`error: ${error.message}`));
    page.on('console', (message) => {
        if (['error', 'warn'].includes(message.type())) {
            errors.push(`console: ${message.text()}`);
        }
    });
    page.on('request', (request) => {
        if (!/^(about|data|blob):/.test(request.url())) {
            errors.push(`asked for ${request.url()}`);
        }
    });
    await page.setViewport({ width, height: 100, deviceScaleFactor: scale });
    await page.setContent(PAGE);
    await page.addStyleTag({
        content: packaged('@salesforce-ux/design-system/assets/styles/salesforce-lightning-design-system.min.css'),
    });
    await page.evaluate(
        (given, today) => {
            globalThis.rapportScene = given;
            globalThis.pwned = () => {
                globalThis.pwned.called = true;
            };
            // from outside, a component shows nothing of its inside
            globalThis.panelShown = () =>
                document.querySelector('c-rapport-panel').shadowRoot.querySelector('c-rapport-panel-view').shadowRoot;
            const noon = Date.parse(`${today}T12:00:00Z`);
            globalThis.Date = class extends Date {
                constructor(...args) {
                    super(...(args.length ? args : [noon]));
                }
            };
        },
        { ...scene, formFactor },
        scene.today
    );
    await page.addScriptTag({ content: readFileSync(here('out/page.js'), 'utf8') });
    await page.addScriptTag({ content: packaged('axe-core/axe.min.js') });
    await page.waitForSelector('article');
    return { page, errors };
}

const wanted = process.argv.slice(2);
setTimeout(() => {
    console.error(`The pictures took more than ${LIMIT / 1000} seconds; what hangs is not known.`);
    process.exit(1);
}, LIMIT).unref();
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const browser = await puppeteer.launch({
    executablePath: browserOnPath(),
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
    timeout: TIMEOUT,
});
const told = [];
let pictures = 0;
try {
    for (const [name, scene] of Object.entries(scenesOf(sample))) {
        if (wanted.length && !wanted.includes(name)) {
            continue;
        }
        for (const [shape, how] of Object.entries(SHAPES)) {
            const { page, errors } = await show(browser, scene, how);
            const snap = async (suffix) => {
                await page.screenshot({ path: `${OUT}${name}-${shape}${suffix}.png`, fullPage: true });
                pictures += 1;
                return faults(page);
            };
            const found = await snap('');
            if (await page.$('button[aria-expanded="false"]')) {
                await unfold(page);
                found.push(...(await snap('-unfolded')));
            }
            told.push(...[...new Set([...errors, ...found])].map((each) => `${name}, ${shape}: ${each}`));
            await page.close();
        }
    }
} finally {
    await browser.close();
}
console.log(told.join('\n'));
console.log(`${pictures} pictures in ${OUT}, ${told.length} faults`);
process.exitCode = told.length || !pictures ? 1 : 0;
