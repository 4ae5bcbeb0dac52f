// Where an install puts things. Not below /usr, which belongs to the distribution, but below /usr/local (decision 0035).
// Must not know who puts them there.

export const EXECUTABLE_PATH = '/usr/local/bin/holdfast';
/** The way back: it is a holdfast too, and has an `install`. */
export const PREVIOUS_PATH = '/usr/local/bin/holdfast.previous';
/** Not /etc/systemd/system: that is where `systemctl edit --full` and `systemctl mask` write. */
export const UNIT_PATH = '/usr/local/lib/systemd/system/holdfast.service';
/** Beside the unit; an operator's own drop-ins are in /etc. */
export const ORDER_PATH = `${UNIT_PATH}.d/after.conf`;
/** An operator's own copy of the unit, which goes before ours. */
export const OVERRIDE_PATH = '/etc/systemd/system/holdfast.service';
/** What `systemctl enable` makes of the unit's WantedBy=multi-user.target. */
export const ENABLED_PATH = '/etc/systemd/system/multi-user.target.wants/holdfast.service';
export const NETWORK_FOLDER = '/etc/systemd/network';
/** manpath(1): what is below /usr/local is found without being told. */
export const MAN_FOLDER = '/usr/local/share/man';
export const DOC_FOLDER = '/usr/local/share/doc/holdfast';
export const CONFIG_FOLDER = '/etc/holdfast';
export const CONFIG_PATH = `${CONFIG_FOLDER}/holdfast.toml`;
export const STATE_FOLDER = '/var/lib/holdfast';
export const MANIFEST_PATH = `${STATE_FOLDER}/installed.json`;
