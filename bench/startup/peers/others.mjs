// Every other pool is opened by its peer of the suite `pools`; only the import stands here, to be measured alone.

export async function load(library) {
  await import(library);
}

/** Loads the requirements of the import, outside the clock. */
export async function prepare(library) {
  if (library === 'multithreading') await import('../../pools/peers/multithreading-globals.mjs');
}

export async function opener(library) {
  const { open } = await import(`../../pools/peers/${library}.mjs`);
  return open;
}
