// Whether the regular expressions of checks and probes are some. Apart from the other rules, since the library is big and few need it:
// it is loaded by the first one. Must not know what is searched.
import type { Machine } from './duties.ts';
import type { Place, PlacedFinding } from './finding.ts';

/** Looks at all expressions of all machines; each is said once. */
export async function checkRegexes(machines: readonly Machine[]): Promise<readonly PlacedFinding[]> {
  const found = new Map<string, { text: string; place: Place }>();
  const note = (text: string | undefined, place: Place): void => {
    if (text !== undefined) found.set(JSON.stringify([place.source.index, place.path]), { text, place });
  };
  for (const { checks, watchdogs } of machines) {
    for (const { settings, placeOf } of checks) note(settings.body_regex, placeOf(['body_regex']));
    for (const { settings, placeOf } of watchdogs) note(settings.probe?.body_regex, placeOf(['probe', 'body_regex']));
  }
  if (found.size === 0) return [];
  const { checkRegex } = await import('../check/regex.ts');
  return Array.from(found.values()).flatMap(({ text, place }): PlacedFinding[] => {
    const flaw = checkRegex(text);
    if (flaw === null) return [];
    const hint = 'the syntax is that of RE2, without look-around and back-references';
    return [{ code: 'bad-regex', severity: 'error', message: `this is no regular expression that can be used: ${flaw}`, place, hint }];
  });
}
