// A component that has something to complain about logs it; here that is a failed test.
for (const level of ['warn', 'error']) {
    jest.spyOn(console, level).mockImplementation((...told) => {
        throw new Error(`console.${level}: ${told.join(' ')}`);
    });
}
