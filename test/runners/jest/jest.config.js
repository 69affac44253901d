export default {
  testMatch: ['**/*.test.js', '**/*.test.cjs'],
  // Native modules stay as they are; CommonJS goes through Babel, as it does by default.
  transform: { '\\.cjs$': 'babel-jest' },
  moduleFileExtensions: ['js', 'cjs'],
  testTimeout: 60_000,
  // Counters in every function, as they are in a user's covered run.
  collectCoverage: true,
  collectCoverageFrom: ['*.js', '*.cjs'],
  coverageReporters: [],
};
