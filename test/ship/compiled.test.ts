import { testVariants } from './matrix.ts';

testVariants(['tsc-esm', 'tsc-cjs']);
