// The components as they are deployed, over stubs of what only the platform has, in one script for a browser.
import { fileURLToPath } from 'node:url';
import lwc from '@lwc/rollup-plugin';
import replace from '@rollup/plugin-replace';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const COMPONENTS = here('../salesforce/force-app/main/default/lwc/');
const MAIN = here('page/main.js');
const STUBS = {
    'lightning/uiRecordApi': 'uiRecordApi',
    'lightning/graphql': 'graphql',
    '@salesforce/client/formFactor': 'formFactor',
    '@salesforce/i18n/lang': 'lang',
    '@salesforce/i18n/locale': 'locale',
    '@salesforce/i18n/timeZone': 'timeZone',
};

const components = ['rapportPanel', 'rapportPanelView'].map((name) => ({
    name: `c/${name}`,
    path: `${COMPONENTS}${name}/${name}.js`,
}));

const platform = {
    name: 'platform',
    resolveId(id, importer) {
        if (id in STUBS) {
            return here(`stubs/${STUBS[id]}.js`);
        }
        // Above the components there are no node modules: what they import is looked for from here.
        return importer?.startsWith(COMPONENTS) && !/^[./]/.test(id) ? this.resolve(id, MAIN) : null;
    },
};

export default {
    input: MAIN,
    output: { file: here('out/page.js'), format: 'iife' },
    plugins: [
        platform,
        lwc({ rootDir: here('page'), modules: components }),
        replace({ preventAssignment: true, 'process.env.NODE_ENV': JSON.stringify('development') }),
    ],
    // a warning of the compiler is a fault in a template
    onwarn(warning) {
        throw new Error(warning.message);
    },
};
