// The files that `holdfast install` brings along inside the executable, and where each goes.
// Must not know how they get in (build/executable.ts), nor how they come out.
import { DOC_FOLDER, UNIT_PATH } from './paths.ts';

export interface Asset {
  /** In the sources, and the name under which the executable has it. */
  readonly from: string;
  readonly to: string;
}

export const UNIT = 'systemd/holdfast.service';
export const EXAMPLE = 'docs/holdfast.example.toml';

/** Each with mode 0644, and owned by root. */
export function assets(): readonly Asset[] {
  return [
    { from: UNIT, to: UNIT_PATH },
    { from: UNIT, to: `${DOC_FOLDER}/holdfast.service` },
    { from: EXAMPLE, to: `${DOC_FOLDER}/holdfast.example.toml` },
  ];
}
