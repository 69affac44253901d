/** A SharedMap between threads where no native call can be made. */

process.env['HEDDLE_PLATFORM'] = 'none';

for (const name of ['shared-map', 'update', 'between', 'lifetimes']) await import(`./${name}.test.js`);
