// A log that keeps what it is given, and tells whoever listens.
// Must not know levels or events.
import type { Fields, Level, Log } from '../../lib/log.ts';

export interface Line {
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  readonly message: string;
}

export interface FakeLog extends Log {
  readonly lines: readonly Line[];
  /** The lines of that event. */
  of(event: string): readonly Line[];
}

/** @param wrote is called with each line as it is written */
export function createLog(wrote: (line: Line) => void = () => {}): FakeLog {
  const lines: Line[] = [];
  return {
    lines,
    of: event => lines.filter(line => line.event === event),
    write(level, event, fields, message) {
      const line = { level, event, fields, message };
      lines.push(line);
      wrote(line);
    },
  };
}
