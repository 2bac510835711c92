// Slash commands: offered while "/" is typed, then filled in option by option.
import { command, complete } from "./deeds.js";
import { encoded } from "./files.js";
import { changed, state, visibleChannels } from "./store.js";
import { classMap, html, live, nothing, repeat } from "./vendor.js";
import { _ } from "./words.js";

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE] = [3, 4, 5, 6, 7, 8, 9, 10, 11];
const WAIT_BEFORE_ASKING_MS = 250;

/** The command that is being filled in: its spec, what each option holds (text, or a file), and which options are shown. */
let filling = null;
/** Where the keys are in the offered commands. */
let at = 0;
let dismissedText = null;
/** What the bot offers for the option that is being typed. */
let offers = { option: null, choices: [], at: -1 };
let asking;

/** Return the command that is being filled in, or null. */
export const fillingIn = () => filling;

/** Return the commands that what is typed could become. */
export function offered(text) {
  if (!text.startsWith("/") || text.includes("\n") || dismissedText === text) return [];
  const typed = text.slice(1).toLowerCase();
  const fits = (one) => one.shown.toLowerCase().startsWith(typed) || one.name.startsWith(typed);
  const also = (one) => typed && !fits(one) && one.shown.toLowerCase().includes(typed);
  return [...state.commands.filter(fits), ...state.commands.filter(also)];
}

/** Return the list of offered commands. */
export function offerList(text) {
  const specs = offered(text);
  if (!specs.length) {
    const nothingYet = text === "/" && !state.commands.length && dismissedText !== text;
    return nothingYet ? html`<div class="offers"><p>${_("This bot has no slash commands yet.")}</p></div>` : nothing;
  }
  at = Math.min(at, specs.length - 1);
  return html`<div class="offers" id="offers" role="listbox" aria-label=${_("Commands")}>
    <p><img src="/avatars/${state.world.bot.id}.svg" alt="">${state.world.bot.name}</p>
    ${repeat(specs, (one) => one.name, (one, index) => html`<div
      class=${classMap({ offer: true, active: index === at })}
      role="option"
      aria-selected=${index === at}
      @pointerdown=${(event) => event.preventDefault()}
      @click=${() => choose(one)}
    >
      <span><b>/${one.shown}</b>${one.options.map((option) => html`<i class=${classMap({ needed: option.required })}>${option.shown}</i>`)}</span>
      <small>${one.description}</small>
    </div>`)}
  </div>`;
}

/** Take a key while commands are offered; return whether it was one for the list. */
export function offerKey(event, text) {
  const specs = offered(text);
  if (!specs.length) return false;
  if (event.key === "ArrowDown") at = (at + 1) % specs.length;
  else if (event.key === "ArrowUp") at = (at + specs.length - 1) % specs.length;
  else if (event.key === "Enter" || event.key === "Tab") choose(specs[at]);
  else if (event.key === "Escape") dismissedText = text;
  else return false;
  changed();
  requestAnimationFrame(() => document.querySelector(".offer.active")?.scrollIntoView({ block: "nearest" }));
  return true;
}

/** What is typed has changed: the list begins at its top again. */
export function typedAnew() {
  at = 0;
  dismissedText = null;
}

function choose(spec) {
  const needed = spec.options.filter((one) => one.required).map((one) => one.name);
  filling = { spec, values: {}, shown: needed, wrong: null };
  changed();
  focusOn(needed[0]);
}

// Right after the page has been drawn, so that not even the next key goes elsewhere.
const focusOn = (name) => queueMicrotask(() => {
  document.querySelector(name ? `[data-option="${CSS.escape(name)}"]` : ".command .chip")?.focus();
});

/** Return to plain text. */
export function abandon() {
  clearTimeout(asking);
  filling = null;
  dismissedText = null;
  changed();
  queueMicrotask(() => document.getElementById("text")?.focus());
}

/** Return the line in which a command is filled in. */
export function commandLine() {
  const { spec, shown, wrong } = filling;
  const rest = spec.options.filter((one) => !shown.includes(one.name));
  return html`<div class="command" role="group" aria-label="/${spec.shown}" @keydown=${commandKey}>
    <span class="chip" tabindex="0" role="button" aria-label=${_("Send /%(name)s", { name: spec.shown })}>/${spec.shown}</span>
    ${repeat(shown, (name) => name, (name) => optionField(spec.options.find((one) => one.name === name), wrong === name))}
    ${rest.map((one) => html`<button type="button" class="more" title=${one.description} @click=${() => { filling.shown = [...shown, one.name]; changed(); focusOn(one.name); }}>+ ${one.shown}</button>`)}
  </div>
  <div class="command-hint">${hint(spec)}</div>`;
}

const hint = (spec) => {
  const focused = spec.options.find((one) => one.name === document.activeElement?.dataset?.option);
  const refused = filling.wrong && spec.options.find((one) => one.name === filling.wrong);
  if (refused) return html`<span class="failed" role="alert">${_("%(option)s: this value is needed, or does not fit.", { option: refused.shown })}</span>`;
  return focused ? html`<b>${focused.shown}</b> ${focused.description}` : html`${spec.description || nothing} <kbd>Enter</kbd> ${_("sends it")}`;
};

function optionField(option, wrong) {
  const value = filling.values[option.name] ?? "";
  const set = (text) => { filling.values[option.name] = text; filling.wrong = null; changed(); };
  const choices = choicesOf(option);
  if (option.type === FILE) {
    return html`<label class=${classMap({ option: true, wrong })}><span>${option.shown}</span>
      <input type="file" data-option=${option.name} @focus=${changed} @change=${(event) => take(option, event.target.files[0])}>
    </label>`;
  }
  return html`<label class=${classMap({ option: true, wrong })}><span>${option.shown}</span>
    ${choices
      ? html`<select data-option=${option.name} @focus=${changed} @change=${(event) => set(event.target.value)}>
          <option value="" ?selected=${value === ""}>–</option>
          ${choices.map((one) => html`<option value=${String(one.value)} ?selected=${String(one.value) === value}>${one.name}</option>`)}
        </select>`
      : html`<input data-option=${option.name} autocomplete="off" size=${Math.max(6, value.length + 1)}
          inputmode=${option.type === INTEGER ? "numeric" : option.type === NUMBER ? "decimal" : "text"}
          .value=${live(value)} @focus=${changed} @blur=${() => setTimeout(forgetOffers, 150)}
          @input=${(event) => { set(event.target.value); if (option.autocomplete) askLater(option, event.target.value); }}>`}
    ${offers.option === option.name && offers.choices.length ? offerChoices(set) : nothing}
  </label>`;
}

async function take(option, file) {
  const { values } = filling;
  if (file) values[option.name] = await encoded(file);
  else delete values[option.name];
  if (filling) filling.wrong = null;
  changed();
}

function offerChoices(set) {
  return html`<div class="choices" role="listbox">${offers.choices.map((one, index) => html`<div
    role="option"
    class=${classMap({ active: index === offers.at })}
    aria-selected=${index === offers.at}
    @pointerdown=${(event) => event.preventDefault()}
    @click=${() => { set(String(one.value)); forgetOffers(); }}
  >${one.name}</div>`)}</div>`;
}

function forgetOffers() {
  offers = { option: null, choices: [], at: -1 };
  changed();
}

function choicesOf(option) {
  const { members, bot, guild } = state.world;
  const users = [...members, bot].map((one) => ({ name: `@${one.name}`, value: one.id }));
  const roles = [{ name: "@everyone", value: guild.id }];
  if (option.choices.length) return option.choices;
  if (option.type === BOOLEAN) return [{ name: _("True"), value: true }, { name: _("False"), value: false }];
  if (option.type === USER) return users;
  if (option.type === ROLE) return roles;
  if (option.type === MENTIONABLE) return [...users, ...roles];
  if (option.type === CHANNEL) return visibleChannels().map((one) => ({ name: `#${one.name}`, value: one.id }));
  return null;
}

// The bot is asked a little after the last key, not at each.
function askLater(option, typed) {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const spec = filling?.spec;
    if (!spec) return;
    const choices = await complete(spec, { ...valuesOf(spec).values, [option.name]: typed }, option.name);
    if (filling?.spec !== spec || filling.values[option.name] !== typed) return;
    offers = { option: option.name, choices, at: -1 };
    changed();
  }, WAIT_BEFORE_ASKING_MS);
}

function commandKey(event) {
  const { option } = event.target.dataset;
  const offering = offers.option === option && offers.choices.length;
  if (event.key === "Escape") offering ? forgetOffers() : abandon();
  else if (event.key === "Backspace" && (!option || (event.target.value === "" && event.target.tagName === "INPUT"))) abandon();
  else if (offering && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    offers.at = (offers.at + (event.key === "ArrowDown" ? 1 : -1) + offers.choices.length) % offers.choices.length;
    changed();
  } else if (offering && offers.at >= 0 && (event.key === "Enter" || event.key === "Tab")) {
    filling.values[option] = String(offers.choices[offers.at].value);
    forgetOffers();
  } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") sendCommand();
  else return;
  event.preventDefault();
}

// What was typed, as the bot is to get it; `wrong` is the first option that does not fit.
function valuesOf(spec) {
  const values = {};
  for (const option of spec.options) {
    if (option.type === FILE && filling.values[option.name]) {
      values[option.name] = filling.values[option.name];
      continue;
    }
    const text = (filling.values[option.name] ?? "").trim();
    if (text === "") {
      if (option.required) return { values, wrong: option.name };
      continue;
    }
    const value = typed(option, text);
    if (value === undefined) return { values, wrong: option.name };
    values[option.name] = value;
  }
  return { values, wrong: null };
}

function typed(option, text) {
  if (option.type === BOOLEAN) return text === "true";
  if (option.type === INTEGER || option.type === NUMBER) {
    const number = Number(text.replace(/[.,](?=\d{3}(\D|$))/g, "").replace(",", "."));
    const fits = Number.isFinite(number) && (option.type === NUMBER || Number.isInteger(number))
      && number >= (option.min_value ?? -Infinity) && number <= (option.max_value ?? Infinity);
    return fits ? number : undefined;
  }
  const fits = text.length >= (option.min_length ?? 0) && text.length <= (option.max_length ?? 6000);
  return option.type !== STRING || fits ? text : undefined;
}

/** Send the command that is being filled in, or point at what is still wrong with it. */
export function sendCommand() {
  const { spec } = filling;
  const { values, wrong } = valuesOf(spec);
  if (wrong) {
    filling.wrong = wrong;
    if (!filling.shown.includes(wrong)) filling.shown = [...filling.shown, wrong];
    changed();
    focusOn(wrong);
    return;
  }
  abandon();
  state.drafts.delete(`${state.member}/${state.channel}`);
  command(spec, values);
}
