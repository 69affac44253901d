import { testVariants } from './matrix.ts';

testVariants(['tsx-esm', 'tsx-cjs', 'native']);
