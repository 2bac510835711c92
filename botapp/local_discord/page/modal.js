// The form that a bot opens. A <dialog>: the browser keeps the focus in it, and gives it back.
import { submit } from "./deeds.js";
import { markdown } from "./markdown.js";
import { list } from "./select.js";
import { changed, state } from "./store.js";
import { html, keyed, nothing } from "./vendor.js";
import { _ } from "./words.js";

/** What has been typed or chosen, by custom id; of the form `of`. */
let filled = { of: null, values: {} };

/** Return the form that is open, if one is. */
export function modal() {
  const open = state.modal;
  if (!open) return nothing;
  if (filled.of !== open.interactionId) filled = { of: open.interactionId, values: beginnings(open.form.components) };
  // The key makes a new element for a new form, so that nothing of the old one is left in it.
  return keyed(open.interactionId, html`<dialog class="modal" aria-labelledby="modal-title" @cancel=${(event) => { event.preventDefault(); close(); }}>
    <form method="dialog" @submit=${send}>
      <header>
        <img src="/avatars/${state.world.bot.id}.svg" alt="">
        <h2 id="modal-title">${open.form.title}</h2>
        <button type="button" class="icon" aria-label=${_("Close")} @click=${close}>✕</button>
      </header>
      <div class="fields">
        <p class="hint">${_("This form will be submitted to %(name)s. Do not share passwords or other sensitive information.", { name: state.world.bot.name })}</p>
        ${open.form.components.map(part)}
      </div>
      <footer>
        ${open.problem ? html`<p class="failed" role="alert">${open.problem}</p>` : nothing}
        <button type="button" class="button secondary" @click=${close}>${_("Cancel")}</button>
        <button class="button primary" ?disabled=${open.sending}>
          ${open.sending ? html`<span class="dots"><i></i><i></i><i></i></span>` : _("Submit")}
        </button>
      </footer>
    </form>
  </dialog>`);
}

/** Open what modal() has put into the page. */
export function showModal() {
  const dialog = document.querySelector("dialog.modal");
  if (dialog && !dialog.open) {
    dialog.showModal();
    dialog.querySelector(".fields input, .fields textarea, .fields button")?.focus();
  }
}

/** Close it, before it is taken out of the page: only then the browser gives the focus back to where it was. */
export function hideModal() {
  document.querySelector("dialog.modal")?.close();
}

function beginnings(parts) {
  return Object.fromEntries(controlsOf(parts).map((one) => [one.custom_id, one.type === 4 ? one.value ?? "" : defaults(one)]));
}

const defaults = (select) => (select.options ?? []).filter((one) => one.default).map((one) => one.value);
const controlsOf = (parts) => parts.flatMap((one) => (one.custom_id ? [one] : controlsOf(one.components ?? (one.component ? [one.component] : []))));

function close() {
  state.modal = null;
  changed();
}

function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const empty = controlsOf(state.modal.form.components).find(
    (one) => one.type !== 4 && one.required !== false && !filled.values[one.custom_id].length,
  );
  if (empty) {
    state.modal.problem = _("Please fill in all fields that are marked with *.");
    changed();
    form.querySelector(`[data-custom-id="${CSS.escape(empty.custom_id)}"]`)?.focus();
    return;
  }
  submit({ ...filled.values });
}

function part(one) {
  if (one.type === 10) return html`<div class="text">${markdown(one.content)}</div>`;
  if (one.type === 18) return field(one.component, one.label, one.description);
  return (one.components ?? []).map((child) => field(child, child.label));
}

function field(one, label, description) {
  const mark = one.required === false ? nothing : html`<span class="required" aria-hidden="true">*</span>`;
  return html`<label class="field">
    <span class="label">${label ?? one.placeholder ?? one.custom_id} ${mark}</span>
    ${description ? html`<small>${description}</small>` : nothing}
    ${one.type === 4 ? text(one) : choice(one)}
  </label>`;
}

function text(one) {
  const most = one.max_length ?? 4000;
  const left = most - filled.values[one.custom_id].length;
  const type = (event) => { filled.values[one.custom_id] = event.target.value; changed(); };
  const count = one.style === 2 || most < 200 ? html`<span class="count" aria-hidden="true">${left}</span>` : nothing;
  return one.style === 2
    ? html`<span class="box"><textarea name=${one.custom_id} rows="4" maxlength=${most} minlength=${one.min_length || nothing} placeholder=${one.placeholder ?? ""} ?required=${one.required !== false} .value=${filled.values[one.custom_id]} @input=${type}></textarea>${count}</span>`
    : html`<span class="box"><input name=${one.custom_id} autocomplete="off" maxlength=${most} minlength=${one.min_length || nothing} placeholder=${one.placeholder ?? ""} ?required=${one.required !== false} .value=${filled.values[one.custom_id]} @input=${type}>${count}</span>`;
}

function choice(one) {
  return list(one, `form ${one.custom_id}`, filled.values[one.custom_id], {
    choose: (values) => { filled.values[one.custom_id] = values; changed(); },
  });
}
