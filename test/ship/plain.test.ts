import { testVariants } from './matrix.ts';

testVariants(['plain-mjs', 'plain-cjs']);
