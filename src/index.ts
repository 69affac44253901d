export { HeddleError } from './errors.ts';
