export default globalThis.rapportScene.locale;
