/**
 * Bundles the program `bundled.mjs` of the current folder, as a user would: `node bundle.mjs BUNDLER FORMAT HEDDLE`.
 *
 * Plain JavaScript that stays in this folder, where the bundlers in `tools/node_modules` are found.
 */

const [bundler, format, heddle] = process.argv.slice(2);
const isExternal = heddle === 'external';
const entry = './bundled.mjs';
const folder = process.cwd();
const filename = `${bundler}-${heddle}.${format === 'esm' ? 'mjs' : 'cjs'}`;

const bundlers = {
  async esbuild() {
    const { build } = await import('esbuild');
    const external = isExternal ? ['heddle'] : [];
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format,
      minify: true,
      keepNames: true,
      external,
      outfile: filename,
    });
  },
  async rolldown() {
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({ input: entry, platform: 'node', external: isExternal ? ['heddle'] : [], logLevel: 'silent' });
    await bundle.write({ file: filename, format, codeSplitting: false });
  },
  // Modules as strings for `eval`: what webpack makes in development.
  async webpack() {
    const { default: webpack } = await import('webpack');
    const isModule = format === 'esm';
    const options = {
      mode: 'development',
      target: 'node',
      context: folder,
      entry,
      experiments: { outputModule: isModule },
      output: { path: folder, filename, module: isModule },
      externals: isExternal ? { heddle: isModule ? 'module heddle' : 'commonjs heddle' } : {},
    };
    await new Promise((resolve, reject) => {
      webpack(options).run((error, stats) => {
        if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString()));
        else resolve();
      });
    });
  },
};

await bundlers[bundler]();
