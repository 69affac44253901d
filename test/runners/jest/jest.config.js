export default {
  testMatch: ['**/*.test.js'],
  transform: {},
  testTimeout: 60_000,
  // Counters in every function, as they are in a user's covered run.
  collectCoverage: true,
  collectCoverageFrom: ['*.js'],
  coverageReporters: [],
};
