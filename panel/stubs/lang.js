export default globalThis.rapportScene.lang;
