// The least that a child can run.
export const nothing = undefined;
