// What a function may import when it runs: the worker knows nothing of the runner's TypeScript.
export const word = (text) => text.length;
