export default globalThis.rapportScene.formFactor;
