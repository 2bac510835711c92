// What the member does, and what comes of it: a click, a choice, a form, a slash command.
import { ask, changed, me, state, tell } from "./store.js";
import { _ } from "./words.js";

/** A little longer than the three seconds a bot has for its first answer. */
const PATIENCE_S = 4;

/** Return what a control of a message is busy under. */
export const control = (message, customId) => `${state.member} ${message.id} ${customId}`;

const place = (message) => `${state.member} ${message.id}`;

/** Say whether the member's last deed on a message came to nothing. */
export const hasFailed = (message) => state.failed.has(place(message));

/** Click a button or choose in a list of a message; `fields` is what the deed needs besides. */
export async function use(deed, message, customId, fields = {}) {
  const [busy, failed] = [control(message, customId), place(message)];
  state.failed.delete(failed);
  state.busy.add(busy);
  changed();
  const outcome = await act(deed, { message_id: message.id, custom_id: customId, ...fields });
  if (outcome?.state === "failed") state.failed.add(failed);
  state.busy.delete(busy);
  changed();
}

/** Send the form that is open. It stays open, with what was typed, until the bot has taken it. */
export async function submit(values) {
  const { modal } = state;
  Object.assign(modal, { sending: true, problem: null });
  changed();
  const outcome = await act("modal", { interaction_id: modal.interactionId, values });
  modal.sending = false;
  if (state.modal === modal) {
    if (outcome && outcome.state !== "failed") state.modal = null;
    else modal.problem = _("Something went wrong. Try again.");
  }
  changed();
}

/** Use a slash command. */
export async function command(spec, options) {
  const sent = { id: `${Date.now()}`, member: state.member, channel: state.channel, spec, failed: false };
  state.sent.push(sent);
  changed();
  const outcome = await act("command", { channel: state.channel, name: spec.name, options });
  if (outcome?.state === "failed") sent.failed = true;
  else forget(sent);
  changed();
}

/** Take a slash command that came to nothing out of sight. */
export function forget(sent) {
  state.sent = state.sent.filter((one) => one !== sent);
  changed();
}

/** Return what the bot offers for an option that is being typed; [] when it does not answer. */
export async function complete(spec, options, focused) {
  const fields = { member: state.member, channel: state.channel, name: spec.name, options, focused };
  try {
    const { interaction_id } = await ask("POST", "complete", fields);
    return (await outcomeOf(interaction_id)).choices ?? [];
  } catch {
    return []; // a suggestion that does not come is none
  }
}

const outcomeOf = (id) => ask("GET", `interaction/${id}?wait_s=${PATIENCE_S}&until=ack`);

// Do it and wait for the bot's first answer; a form that it opens is shown. Undefined: it was refused, which is told.
async function act(deed, fields) {
  const member = state.member;
  try {
    const { interaction_id } = await ask("POST", deed, { member, ...fields });
    const outcome = await outcomeOf(interaction_id);
    if (outcome.modal && member === state.member) {
      state.modal = { interactionId: interaction_id, form: outcome.modal, member: me().name, sending: false, problem: null };
    }
    return outcome;
  } catch (error) {
    tell(_("That was not possible: %(why)s", { why: error.message }));
    return undefined;
  }
}
