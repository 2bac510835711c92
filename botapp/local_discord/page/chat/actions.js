// Actions of the member and their outcomes: click, select, modal, slash command.
import { _ } from "../lib/i18n.js";
import { callApi, currentMember, requestRedraw, showNotice, state } from "../lib/store.js";

/** Slightly longer than the three seconds within which a bot must respond. */
const ACK_TIMEOUT_S = 4;

/** Return the key of a message's control in `state.busy`. */
export const controlKey = (message, customId) => `${state.member} ${message.id} ${customId}`;

const messageKey = (message) => `${state.member} ${message.id}`;

/** Return whether the member's last action on a message failed. */
export const hasFailed = (message) => state.failed.has(messageKey(message));

/** Click a button or choose in a select menu of a message; `fields` are further fields of the action. */
export async function useControl(action, message, customId, fields = {}) {
  const [busy, failed] = [controlKey(message, customId), messageKey(message)];
  state.failed.delete(failed);
  state.busy.add(busy);
  requestRedraw();
  const outcome = await sendAction(action, { message_id: message.id, custom_id: customId, ...fields });
  if (outcome?.state === "failed") state.failed.add(failed);
  state.busy.delete(busy);
  requestRedraw();
}

/** Submit the open modal. It keeps its values and stays open until the bot accepts it. */
export async function submitForm(values) {
  const { modal } = state;
  Object.assign(modal, { sending: true, problem: null });
  requestRedraw();
  const outcome = await sendAction("modal", { interaction_id: modal.interactionId, values });
  modal.sending = false;
  if (state.modal === modal) {
    if (outcome && outcome.state !== "failed") state.modal = null;
    else modal.problem = _("Something went wrong. Try again.");
  }
  requestRedraw();
}

/** Send a slash command to the bot. */
export async function runCommand(spec, options) {
  const sent = { id: `${Date.now()}`, member: state.member, channel: state.channel, spec, failed: false };
  state.sent.push(sent);
  requestRedraw();
  const outcome = await sendAction("command", { channel: state.channel, name: spec.name, options });
  if (outcome?.state === "failed") sent.failed = true;
  else dismissCommand(sent);
  requestRedraw();
}

/** Remove a sent slash command from the chat. */
export function dismissCommand(sent) {
  state.sent = state.sent.filter((other) => other !== sent);
  requestRedraw();
}

/** Return the bot's suggestions for the option `focused`; [] if it does not answer. */
export async function fetchSuggestions(spec, options, focused) {
  const fields = { member: state.member, channel: state.channel, name: spec.name, options, focused };
  try {
    const { interaction_id } = await callApi("POST", "complete", fields);
    return (await waitForOutcome(interaction_id)).choices ?? [];
  } catch {
    return []; // suggestions are optional
  }
}

const waitForOutcome = (id) => callApi("GET", `interaction/${id}?wait_s=${ACK_TIMEOUT_S}&until=ack`);

// Sends an action, waits for the bot's first response and opens the modal of it, if any. Returns undefined, and shows a
// notice, if the action was refused.
async function sendAction(action, fields) {
  const member = state.member;
  try {
    const { interaction_id } = await callApi("POST", action, { member, ...fields });
    const outcome = await waitForOutcome(interaction_id);
    if (outcome.modal && member === state.member) {
      state.modal = { interactionId: interaction_id, form: outcome.modal, member: currentMember().name, sending: false, problem: null };
    }
    return outcome;
  } catch (error) {
    showNotice(_("This did not work: %(why)s", { why: error.message }));
    return undefined;
  }
}
