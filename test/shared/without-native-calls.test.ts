/** Values, arrays and shared data between threads where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['value', 'shared-array', 'between', 'share', 'lifetimes']) await import(`./${name}.test.js`);
