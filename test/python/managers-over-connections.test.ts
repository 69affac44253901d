/** The assertions of Python's suites on managers, called over a connection, also from a child process. */

process.env['HEDDLE_TEST_REMOTE'] = '1';

await import('./managers.test.js');
