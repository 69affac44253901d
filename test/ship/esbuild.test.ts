import { testVariants } from './matrix.ts';

const isLong = process.env['HEDDLE_LONG'] !== undefined;

// Names alone are in `typescript.test.ts`: tsx is esbuild with `keepNames`.
testVariants(
  isLong
    ? ['esbuild-min-esm', 'esbuild-names-esm', 'esbuild-min-names-esm', 'esbuild-min-cjs', 'esbuild-names-cjs', 'esbuild-min-names-cjs']
    : ['esbuild-min-names-esm', 'esbuild-min-cjs'],
);
