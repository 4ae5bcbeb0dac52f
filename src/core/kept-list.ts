// A list that outlives its process, as a text with a schema: what was written reads back, and anything else is no such list.
// Must not know what is listed, nor where the text lies.

/** The text that is kept, schema 1. */
export function writeList(name: string, items: readonly unknown[]): string {
  return `${JSON.stringify({ schema: 1, [name]: items }, null, 2)}\n`;
}

/** @returns null for anything that `writeList` has not written */
export function readList<Item>(name: string, text: string, isItem: (value: unknown) => value is Item): readonly Item[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value.schema !== 1) return null;
  const items: unknown = value[name];
  return Array.isArray(items) && items.every(isItem) ? items : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
