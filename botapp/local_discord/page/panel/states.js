// The states of a program.
import { _ } from "../lib/i18n.js";

const GOOD = new Set(["RUNNING"]);
const BAD = new Set(["FATAL", "BACKOFF", "KILLING"]);

/** Return whether a program serves in this state. */
export const isGood = (name) => GOOD.has(name);

/** Return whether a program has failed in this state. */
export const isBad = (name) => BAD.has(name);

/** Return the name of a state in the current language. */
export const stateName = (name) => ({
  STOPPED: _("stopped"), STARTING: _("starting"), RUNNING: _("running"), DRAINING: _("draining"),
  STOPPING: _("stopping"), KILLING: _("being killed"), FLUSHING: _("flushing"), BACKOFF: _("waiting to restart"),
  FATAL: _("failed"),
}[name] ?? name);
