// A service as the machine shows it.
// Must not know how the machine is asked, nor what follows.

export type ServiceState =
  /** It runs; `pid`: the process that stands for it. */
  | { readonly name: 'running'; readonly pid: number }
  /** On its way up or down by somebody's order (systemd). */
  | { readonly name: 'changing' }
  /** Somebody stopped it: systemd says that it ended well, or it has removed its pid file. */
  | { readonly name: 'stopped' }
  /** It is not there, and nobody wanted that. `how`: `killed by SIGKILL`, `exit status 1`, `gone` */
  | { readonly name: 'dead'; readonly how: string }
  /** It is not known here. */
  | { readonly name: 'missing'; readonly why: string };
