// A user's own module in every form of export, transformed by the runner like the test itself.
import { word } from './shapes.ts';

const secret = 40;
let calls = 0;

export function double(x: number): number {
  return x * 2;
}
export const viaOthers = (text: string): number => word(text) + secret;
export const nextCall = (): number => ++calls;
export const adder = (n: number) => (x: number) => x + n + secret;
export async function* countTo(n: number): AsyncGenerator<number> {
  for (let i = 1; i <= n; i++) yield i;
}
export class AppError extends Error {
  override name = 'AppError';
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}
export default function greet(name: string): string {
  return `hello ${name}`;
}
