// What the settings of one watchdog mean together.
// Must not know single values, nor what depends on the watchdog.
import { quote } from './diagnostic.ts';
import type { Blame, PlacedFinding } from './finding.ts';
import { type Asking, checkAsking, weighs } from './probe-meaning.ts';
import { type Path, tableAt } from './tree.ts';
import type { Watchdog } from './watchdog.ts';
import { exampleOf } from './wrong-value.ts';

/** Everything that is wrong with it beyond single values.
 *  @param gaps whether statements could not be read, so that what is missing means nothing */
export function checkWatchdog(watchdog: Watchdog, gaps: boolean): readonly PlacedFinding[] {
  return [...oneService(watchdog, gaps), ...probe(watchdog, gaps), ...withoutEffect(watchdog), ...atOnce(watchdog)];
}

function error({ placeOf }: Watchdog, path: Path, words: Blame, at: 'key' | 'value' = 'key'): PlacedFinding {
  return { ...words, severity: 'error', place: { ...placeOf(path), at } };
}

function oneService(watchdog: Watchdog, gaps: boolean): PlacedFinding[] {
  const { name, settings, isBroken } = watchdog;
  const { unit, start } = settings;
  if (unit !== undefined && start !== undefined) {
    const message = '`unit` and `start` exclude each other: a service is started by systemd or by us';
    return [error(watchdog, ['start'], { code: 'either-or', message, hint: 'leave one of them out' })];
  }
  if (unit !== undefined || start !== undefined || gaps || isBroken('unit') || isBroken('start')) return [];
  const message = `watchdog ${quote(name)} has neither \`unit\` nor \`start\``;
  return [error(watchdog, [], { code: 'missing-key', message, hint: exampleOf(['watchdog', name, 'unit']) })];
}

function probe(watchdog: Watchdog, gaps: boolean): PlacedFinding[] {
  const { name, settings, written, placeOf, isBroken } = watchdog;
  if (settings.probe === undefined) {
    if (gaps || isBroken('probe')) return [];
    const hint = exampleOf(['watchdog', name, 'probe']);
    return [error(watchdog, [], { code: 'missing-key', message: `watchdog ${quote(name)} has no \`probe\``, hint })];
  }
  const { type } = settings.probe;
  if (type === 'process' || type === 'interface') {
    const message = `a probe must ask the service itself, and type "${type}" does not`;
    const hint = `that the process is there, a watchdog sees by itself; for example \`probe = { type = "http", url = "http://127.0.0.1/" }\``;
    return [error(watchdog, ['probe', 'type'], { code: 'bad-probe', message, hint }, 'value')];
  }
  const asking: Asking = {
    called: `the probe of watchdog ${quote(name)}`,
    path: ['watchdog', name, 'probe'],
    settings: settings.probe,
    written: tableAt(written, ['probe']),
    weighs: weighs(settings.on_fail),
    placeOf: path => placeOf(['probe', ...path]),
    isBroken: () => gaps,
  };
  return [...checkAsking(asking)];
}

function withoutEffect(watchdog: Watchdog): PlacedFinding[] {
  const { settings, written } = watchdog;
  const { unit, hand_over } = settings;
  const idle: readonly (readonly [key: string, is: boolean, message: string])[] = [
    ['pid_file', unit !== undefined, '`pid_file` has no effect with `unit`: systemd knows the process'],
    ['user', unit !== undefined, '`user` has no effect with `unit`: the unit says who it runs as'],
    ['revive_within', hand_over !== 'if-not-revived', `\`revive_within\` has no effect with \`hand_over = "${hand_over}"\``],
  ];
  return idle
    .filter(([key, is]) => is && Object.hasOwn(written, key))
    .map(([key, , message]) => ({ ...error(watchdog, [key], { code: 'setting-without-effect', message }), severity: 'warning' }));
}

function atOnce(watchdog: Watchdog): PlacedFinding[] {
  const { revive_within, hand_over } = watchdog.settings;
  if (revive_within > 0 || hand_over !== 'if-not-revived') return [];
  const message = '`revive_within = "0s"` hands the addresses over at once';
  return [
    {
      ...error(watchdog, ['revive_within'], { code: 'hands-over-at-once', message, hint: 'say so: `hand_over = "immediately"`' }),
      severity: 'note',
    },
  ];
}
