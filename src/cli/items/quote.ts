/** An item as messages name it: as JSON, cut where it gets long. */

const LONG = 80;

export function quoteItem(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= LONG ? text : `${text.slice(0, LONG - 3)}…${typeof value === 'string' ? '"' : ''}`;
}
