// The modal that a bot opens. It is a <dialog>: the browser traps the focus and restores it afterwards.
import { _ } from "../lib/i18n.js";
import { requestRedraw, state } from "../lib/store.js";
import { html, keyed, nothing } from "../lib/vendor.js";
import { submitForm } from "./actions.js";
import { renderMarkdown } from "./markdown.js";
import { renderSelect } from "./select.js";

/** The entered values by custom id, for the modal of the interaction `of`. */
let entered = { of: null, values: {} };

/** Return the open modal, if any. */
export function modal() {
  const open = state.modal;
  if (!open) return nothing;
  if (entered.of !== open.interactionId) entered = { of: open.interactionId, values: initialValues(open.form.components) };
  // The key makes a new element for each modal, so that no state of the previous one remains.
  return keyed(open.interactionId, html`<dialog class="modal" aria-labelledby="modal-title" @cancel=${(event) => { event.preventDefault(); close(); }}>
    <form method="dialog" @submit=${send}>
      <header>
        <img src="/avatars/${state.world.bot.id}.svg" alt="">
        <h2 id="modal-title">${open.form.title}</h2>
        <button type="button" class="icon" aria-label=${_("Close")} @click=${close}>✕</button>
      </header>
      <div class="fields">
        <p class="hint">${_("This form will be submitted to %(name)s. Do not share passwords or other sensitive information.", { name: state.world.bot.name })}</p>
        ${open.form.components.map(formPart)}
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

/** Open the dialog that modal() rendered. */
export function showModal() {
  const dialog = document.querySelector("dialog.modal");
  if (dialog && !dialog.open) {
    dialog.showModal();
    dialog.querySelector(".fields input, .fields textarea, .fields button")?.focus();
  }
}

/** Close the dialog. The browser restores the focus only if this happens before the dialog is removed. */
export function hideModal() {
  document.querySelector("dialog.modal")?.close();
}

function initialValues(parts) {
  return Object.fromEntries(controlsOf(parts).map((control) => [control.custom_id, control.type === 4 ? control.value ?? "" : defaults(control)]));
}

const defaults = (select) => (select.options ?? []).filter((option) => option.default).map((option) => option.value);
const controlsOf = (parts) => parts.flatMap((part) => (part.custom_id ? [part] : controlsOf(part.components ?? (part.component ? [part.component] : []))));

function close() {
  state.modal = null;
  requestRedraw();
}

function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const empty = controlsOf(state.modal.form.components).find(
    (control) => control.type !== 4 && control.required !== false && !entered.values[control.custom_id].length,
  );
  if (empty) {
    state.modal.problem = _("Please fill in all fields marked with *.");
    requestRedraw();
    form.querySelector(`[data-custom-id="${CSS.escape(empty.custom_id)}"]`)?.focus();
    return;
  }
  submitForm({ ...entered.values });
}

function formPart(component) {
  if (component.type === 10) return html`<div class="text">${renderMarkdown(component.content)}</div>`;
  if (component.type === 18) return field(component.component, component.label, component.description);
  return (component.components ?? []).map((child) => field(child, child.label));
}

function field(control, label, description) {
  const mark = control.required === false ? nothing : html`<span class="required" aria-hidden="true">*</span>`;
  return html`<label class="field">
    <span class="label">${label ?? control.placeholder ?? control.custom_id} ${mark}</span>
    ${description ? html`<small>${description}</small>` : nothing}
    ${control.type === 4 ? text(control) : choice(control)}
  </label>`;
}

function text(control) {
  const most = control.max_length ?? 4000;
  const left = most - entered.values[control.custom_id].length;
  const type = (event) => { entered.values[control.custom_id] = event.target.value; requestRedraw(); };
  const count = control.style === 2 || most < 200 ? html`<span class="count" aria-hidden="true">${left}</span>` : nothing;
  return control.style === 2
    ? html`<span class="box"><textarea name=${control.custom_id} rows="4" maxlength=${most} minlength=${control.min_length || nothing} placeholder=${control.placeholder ?? ""} ?required=${control.required !== false} .value=${entered.values[control.custom_id]} @input=${type}></textarea>${count}</span>`
    : html`<span class="box"><input name=${control.custom_id} autocomplete="off" maxlength=${most} minlength=${control.min_length || nothing} placeholder=${control.placeholder ?? ""} ?required=${control.required !== false} .value=${entered.values[control.custom_id]} @input=${type}>${count}</span>`;
}

function choice(control) {
  return renderSelect(control, `form ${control.custom_id}`, entered.values[control.custom_id], {
    choose: (values) => { entered.values[control.custom_id] = values; requestRedraw(); },
  });
}
