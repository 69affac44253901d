// A user's own module in every form of export.
import { word } from './shapes.js';

const secret = 40;
let calls = 0;

export function double(x) {
  return x * 2;
}
export const viaOthers = (text) => word(text) + secret;
export const nextCall = () => ++calls;
export const adder = (n) => (x) => x + n + secret;
export async function* countTo(n) {
  for (let i = 1; i <= n; i++) yield i;
}
export class AppError extends Error {
  name = 'AppError';
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}
export default function greet(name) {
  return `hello ${name}`;
}
