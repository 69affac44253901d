'use strict';

// A user's own CommonJS module.
const secret = 40;
let calls = 0;

const word = (text) => text.length;

exports.double = function double(x) {
  return x * 2;
};
exports.viaOthers = (text) => word(text) + secret;
exports.nextCall = () => ++calls;
exports.adder = (n) => (x) => x + n + secret;
exports.countTo = async function* countTo(n) {
  for (let i = 1; i <= n; i++) yield i;
};
exports.AppError = class AppError extends Error {
  name = 'AppError';
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
};
exports.Point = class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  sum() {
    return this.x + this.y;
  }
};
exports.greet = (name) => `hello ${name}`;
