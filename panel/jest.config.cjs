// The runner looks the components up by sfdx-project.json of this folder; the tests stand here, outside what is deployed.
const { jestConfig } = require('@salesforce/sfdx-lwc-jest/config');

module.exports = {
    ...jestConfig,
    roots: ['<rootDir>/tests', '<rootDir>/scenes'],
    testMatch: ['<rootDir>/tests/*.test.js'],
    // what a component logs as an error or warning is a fault
    setupFilesAfterEnv: [...jestConfig.setupFilesAfterEnv, '<rootDir>/tests/silence.js'],
};
