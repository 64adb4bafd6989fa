// With this first the design system's page-wide sheet reaches into the components, as it does on the platform.
import '@lwc/synthetic-shadow';
import { createElement } from 'lwc';
import RapportPanel from 'c/rapportPanel';

const panel = createElement('c-rapport-panel', { is: RapportPanel });
Object.assign(panel, { recordId: globalThis.rapportScene.loading ? undefined : '001Qy0000010001IAA' });
Object.assign(panel, globalThis.rapportScene.properties);
document.querySelector('main').append(panel);
