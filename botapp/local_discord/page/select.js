// Lists to choose from, as in Discord: opened by click or key, with a search of their own by the first letters.
import { control, use } from "./deeds.js";
import { changed, state, visibleChannels } from "./store.js";
import { classMap, html, nothing, repeat } from "./vendor.js";
import { _ } from "./words.js";

/** The one list that is open: its key, what is chosen in it so far, and the line the keys are at. */
let open = null;

const emojiOf = (emoji) => (emoji?.name ? html`<span class="emoji">${emoji.id ? `:${emoji.name}:` : emoji.name}</span>` : nothing);

/** Return what can be chosen: the list's own options, or members, roles and channels. */
export function choicesOf(select) {
  const { members, bot, guild } = state.world;
  const users = [...members, bot].map((one) => ({ value: one.id, label: one.name, avatar: one.id }));
  const roles = [{ value: guild.id, label: "@everyone" }];
  if (select.type === 3) return select.options;
  if (select.type === 5) return users;
  if (select.type === 6) return roles;
  if (select.type === 7) return [...users, ...roles];
  return visibleChannels().map((one) => ({ value: one.id, label: `# ${one.name}` }));
}

/** Return a list of a message; choosing in it is told to the bot. */
export function messageSelect(select, message) {
  const busy = state.busy.has(control(message, select.custom_id));
  const standing = (select.options ?? []).filter((one) => one.default).map((one) => one.value);
  return list(select, `${message.id} ${select.custom_id}`, standing, {
    busy,
    choose: (values) => use("select", message, select.custom_id, { values }),
  });
}

/** Return a list. `key` tells it from all others, `standing` is chosen now, `choose` gets the new choice. */
export function list(select, key, standing, { busy = false, choose }) {
  const isOpen = open?.key === key;
  const choices = choicesOf(select);
  const chosen = isOpen ? open.values : standing;
  const labels = choices.filter((one) => chosen.includes(one.value));
  const many = (select.max_values ?? 1) > 1;
  const openIt = (event) => {
    if (busy) return;
    open = { key, values: [...standing], at: Math.max(0, choices.findIndex((one) => standing.includes(one.value))), choose, many, select };
    open.up = event.currentTarget.getBoundingClientRect().bottom > innerHeight - 280;
    changed();
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
        ${labels.length ? labels.map((one, index) => html`${index ? ", " : ""}${emojiOf(one.emoji)}${one.label}`) : select.placeholder || _("Make a selection")}
      </span>
      ${busy ? html`<span class="dots"><i></i><i></i><i></i></span>` : html`<span class="chevron" aria-hidden="true"></span>`}
    </button>
    ${isOpen ? options(choices, many) : nothing}
  </div>`;
}

function options(choices, many) {
  return html`<div class=${classMap({ options: true, up: open.up })} role="listbox" aria-multiselectable=${many}>
    ${repeat(choices, (one) => one.value, (one, index) => {
      const chosen = open.values.includes(one.value);
      return html`<div
        class=${classMap({ option: true, active: index === open.at, chosen })}
        role="option"
        aria-selected=${chosen}
        @pointerdown=${(event) => event.preventDefault()}
        @click=${() => pick(one)}
        @pointermove=${() => { if (open && open.at !== index) { open.at = index; changed(); } }}
      >
        ${one.avatar ? html`<img src="/avatars/${one.avatar}.svg" alt="">` : emojiOf(one.emoji)}
        <span class="option-text"><span>${one.label}</span>${one.description ? html`<small>${one.description}</small>` : nothing}</span>
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
  changed();
}

// A list closes with what was chosen, if that is enough; with Escape it closes as if nothing had been done.
function close(take) {
  const { values, choose, select, many } = open;
  open = null;
  const enough = values.length >= (select.min_values ?? 1) || (select.required === false && !values.length);
  if (take && enough && (values.length || many)) choose(values);
  changed();
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
    const found = choices.findIndex((one) => one.label.toLowerCase().startsWith(event.key.toLowerCase()));
    if (found >= 0) open.at = found;
  } else return;
  event.preventDefault();
  event.stopPropagation();
  changed();
  requestAnimationFrame(() => document.querySelector(".option.active")?.scrollIntoView({ block: "nearest" }));
}

