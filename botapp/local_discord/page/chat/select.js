// Select menus, as in Discord: opened by click or key; a letter jumps to the next matching option.
import { _ } from "../lib/i18n.js";
import { requestRedraw, state, visibleChannels } from "../lib/store.js";
import { classMap, html, nothing, repeat } from "../lib/vendor.js";
import { controlKey, useControl } from "./actions.js";

/** The open select menu: its key, its chosen values and the index of the active option. */
let open = null;

const emojiOf = (emoji) => (emoji?.name ? html`<span class="emoji">${emoji.id ? `:${emoji.name}:` : emoji.name}</span>` : nothing);

/** Return the options of a select menu: its own, or members, roles or channels. */
function listChoices(select) {
  const { members, bot, guild } = state.world;
  const users = [...members, bot].map((user) => ({ value: user.id, label: user.name, avatar: user.id }));
  const roles = [{ value: guild.id, label: "@everyone" }];
  if (select.type === 3) return select.options;
  if (select.type === 5) return users;
  if (select.type === 6) return roles;
  if (select.type === 7) return [...users, ...roles];
  return visibleChannels().map((channel) => ({ value: channel.id, label: `# ${channel.name}` }));
}

/** Return a select menu of a message. A choice is sent to the bot. */
export function renderMessageSelect(select, message) {
  const busy = state.busy.has(controlKey(message, select.custom_id));
  const selected = (select.options ?? []).filter((choice) => choice.default).map((choice) => choice.value);
  return renderSelect(select, `${message.id} ${select.custom_id}`, selected, {
    busy,
    choose: (values) => useControl("select", message, select.custom_id, { values }),
  });
}

/** Return a select menu. `key` identifies it, `selected` are the chosen values, `choose` receives new values. */
export function renderSelect(select, key, selected, { busy = false, choose }) {
  const isOpen = open?.key === key;
  const choices = listChoices(select);
  const chosen = isOpen ? open.values : selected;
  const labels = choices.filter((choice) => chosen.includes(choice.value));
  const many = (select.max_values ?? 1) > 1;
  const openIt = (event) => {
    if (busy) return;
    open = { key, values: [...selected], at: Math.max(0, choices.findIndex((choice) => selected.includes(choice.value))), choose, many, select };
    open.up = event.currentTarget.getBoundingClientRect().bottom > innerHeight - 280;
    requestRedraw();
  };
  return html`<div class=${classMap({ select: true, open: isOpen })} data-select=${key}>
    <button
      type="button"
      class="select-button"
      role="combobox"
      aria-haspopup="listbox"
      aria-expanded=${isOpen}
      aria-label=${select.placeholder || _("Make a selection")}
      data-custom-id=${select.custom_id}
      ?disabled=${select.disabled}
      aria-busy=${busy}
      @click=${(event) => (isOpen ? close(true) : openIt(event))}
      @keydown=${(event) => keys(event, key, choices, openIt)}
      @blur=${() => isOpen && setTimeout(() => open?.key === key && close(true), 150)}
    >
      <span class=${labels.length ? "chosen" : "placeholder"}>
        ${labels.length ? labels.map((choice, index) => html`${index ? ", " : ""}${emojiOf(choice.emoji)}${choice.label}`) : select.placeholder || _("Make a selection")}
      </span>
      ${busy ? html`<span class="dots"><i></i><i></i><i></i></span>` : html`<span class="chevron" aria-hidden="true"></span>`}
    </button>
    ${isOpen ? options(choices, many) : nothing}
  </div>`;
}

function options(choices, many) {
  return html`<div class=${classMap({ options: true, up: open.up })} role="listbox" aria-multiselectable=${many}>
    ${repeat(choices, (choice) => choice.value, (choice, index) => {
      const chosen = open.values.includes(choice.value);
      return html`<div
        class=${classMap({ option: true, active: index === open.at, chosen })}
        role="option"
        aria-selected=${chosen}
        @pointerdown=${(event) => event.preventDefault()}
        @click=${() => pick(choice)}
        @pointermove=${() => { if (open && open.at !== index) { open.at = index; requestRedraw(); } }}
      >
        ${choice.avatar ? html`<img src="/avatars/${choice.avatar}.svg" alt="">` : emojiOf(choice.emoji)}
        <span class="option-text"><span>${choice.label}</span>${choice.description ? html`<small>${choice.description}</small>` : nothing}</span>
        ${many ? html`<span class="tick" aria-hidden="true">${chosen ? "✓" : ""}</span>` : nothing}
      </div>`;
    })}
  </div>`;
}

function pick(choice) {
  if (!open.many) {
    open.values = [choice.value];
    close(true);
    return;
  }
  const most = open.select.max_values ?? 1;
  if (open.values.includes(choice.value)) open.values = open.values.filter((value) => value !== choice.value);
  else if (open.values.length < most) open.values = [...open.values, choice.value];
  requestRedraw();
}

// Closes the menu. With `take` the choice is sent if it has enough values; Escape discards it.
function close(take) {
  const { values, choose, select, many } = open;
  open = null;
  const enough = values.length >= (select.min_values ?? 1) || (select.required === false && !values.length);
  if (take && enough && (values.length || many)) choose(values);
  requestRedraw();
}

function keys(event, key, choices, openIt) {
  if (open?.key !== key) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); openIt(event); }
    return;
  }
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -choices.length, End: choices.length };
  if (event.key in steps) open.at = Math.min(choices.length - 1, Math.max(0, open.at + steps[event.key]));
  else if (event.key === "Enter" || event.key === " ") pick(choices[open.at]);
  else if (event.key === "Escape") close(false);
  else if (event.key.length === 1) {
    const match = choices.findIndex((choice) => choice.label.toLowerCase().startsWith(event.key.toLowerCase()));
    if (match >= 0) open.at = match;
  } else return;
  event.preventDefault();
  event.stopPropagation();
  requestRedraw();
  requestAnimationFrame(() => document.querySelector(".option.active")?.scrollIntoView({ block: "nearest" }));
}
