import { HeddleError } from 'heddle';
import { quote } from '#dist/check.js';
console.log(HeddleError, quote(1));
