// Slash commands: a list of matches while "/…" is typed, then one field per option.
import { fetchSuggestions, runCommand } from "../chat/actions.js";
import { _ } from "../lib/i18n.js";
import { requestRedraw, state, visibleChannels } from "../lib/store.js";
import { classMap, html, live, nothing, repeat } from "../lib/vendor.js";
import { encodeFile } from "./files.js";

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE] = [3, 4, 5, 6, 7, 8, 9, 10, 11];
const SUGGESTIONS_DELAY_MS = 250;

/** The command that is being filled in: its spec, the values of its options (text or a file), and the options shown. */
let filling = null;
/** Index of the active command in the list of matches. */
let at = 0;
let dismissedText = null;
/** The bot's suggestions for the option that is being typed. */
let suggestions = { option: null, choices: [], at: -1 };
let suggestionsTimer;

/** Return the command that is being filled in, or null. */
export const currentCommand = () => filling;

/** Return the commands that match the typed text. */
export function matchCommands(text) {
  if (!text.startsWith("/") || text.includes("\n") || dismissedText === text) return [];
  const typed = text.slice(1).toLowerCase();
  const startsWith = (spec) => spec.shown.toLowerCase().startsWith(typed) || spec.name.startsWith(typed);
  const contains = (spec) => typed && !startsWith(spec) && spec.shown.toLowerCase().includes(typed);
  return [...state.commands.filter(startsWith), ...state.commands.filter(contains)];
}

/** Return the list of matching commands. */
export function commandList(text) {
  const specs = matchCommands(text);
  if (!specs.length) {
    const noCommands = text === "/" && !state.commands.length && dismissedText !== text;
    return noCommands ? html`<div class="offers"><p>${_("This bot has no slash commands yet.")}</p></div>` : nothing;
  }
  at = Math.min(at, specs.length - 1);
  return html`<div class="offers" id="offers" role="listbox" aria-label=${_("Commands")}>
    <p><img src="/avatars/${state.world.bot.id}.svg" alt="">${state.world.bot.name}</p>
    ${repeat(specs, (spec) => spec.name, (spec, index) => html`<div
      class=${classMap({ offer: true, active: index === at })}
      role="option"
      aria-selected=${index === at}
      @pointerdown=${(event) => event.preventDefault()}
      @click=${() => choose(spec)}
    >
      <span><b>/${spec.shown}</b>${spec.options.map((option) => html`<i class=${classMap({ needed: option.required })}>${option.shown}</i>`)}</span>
      <small>${spec.description}</small>
    </div>`)}
  </div>`;
}

/** Handle a key for the list of matches. Return whether the list used it. */
export function handleListKey(event, text) {
  const specs = matchCommands(text);
  if (!specs.length) return false;
  if (event.key === "ArrowDown") at = (at + 1) % specs.length;
  else if (event.key === "ArrowUp") at = (at + specs.length - 1) % specs.length;
  else if (event.key === "Enter" || event.key === "Tab") choose(specs[at]);
  else if (event.key === "Escape") dismissedText = text;
  else return false;
  requestRedraw();
  requestAnimationFrame(() => document.querySelector(".offer.active")?.scrollIntoView({ block: "nearest" }));
  return true;
}

/** Reset the list of matches after the text has changed. */
export function onTextChanged() {
  at = 0;
  dismissedText = null;
}

function choose(spec) {
  const needed = spec.options.filter((option) => option.required).map((option) => option.name);
  filling = { spec, values: {}, shown: needed, wrong: null };
  requestRedraw();
  focusOn(needed[0]);
}

// Runs right after the redraw, so that the next key already goes to the new field.
const focusOn = (name) => queueMicrotask(() => {
  document.querySelector(name ? `[data-option="${CSS.escape(name)}"]` : ".command .chip")?.focus();
});

/** Cancel the command and return to the text box. */
export function cancelCommand() {
  clearTimeout(suggestionsTimer);
  filling = null;
  dismissedText = null;
  requestRedraw();
  queueMicrotask(() => document.getElementById("text")?.focus());
}

/** Return the line of fields for the current command. */
export function commandLine() {
  const { spec, shown, wrong } = filling;
  const rest = spec.options.filter((option) => !shown.includes(option.name));
  return html`<div class="command" role="group" aria-label="/${spec.shown}" @keydown=${handleCommandKey}>
    <span class="chip" tabindex="0" role="button" aria-label=${_("Send /%(name)s", { name: spec.shown })}>/${spec.shown}</span>
    ${repeat(shown, (name) => name, (name) => optionField(spec.options.find((option) => option.name === name), wrong === name))}
    ${rest.map((option) => html`<button type="button" class="more" title=${option.description} @click=${() => { filling.shown = [...shown, option.name]; requestRedraw(); focusOn(option.name); }}>+ ${option.shown}</button>`)}
  </div>
  <div class="command-hint">${hint(spec)}</div>`;
}

const hint = (spec) => {
  const focused = spec.options.find((option) => option.name === document.activeElement?.dataset?.option);
  const refused = filling.wrong && spec.options.find((option) => option.name === filling.wrong);
  if (refused) return html`<span class="failed" role="alert">${_("%(option)s: this value is missing or invalid.", { option: refused.shown })}</span>`;
  return focused ? html`<b>${focused.shown}</b> ${focused.description}` : html`${spec.description || nothing} <kbd>Enter</kbd> ${_("to send")}`;
};

function optionField(option, wrong) {
  const value = filling.values[option.name] ?? "";
  const set = (text) => { filling.values[option.name] = text; filling.wrong = null; requestRedraw(); };
  const choices = listChoices(option);
  if (option.type === FILE) {
    return html`<label class=${classMap({ option: true, wrong })}><span>${option.shown}</span>
      <input type="file" data-option=${option.name} @focus=${requestRedraw} @change=${(event) => setFile(option, event.target.files[0])}>
    </label>`;
  }
  return html`<label class=${classMap({ option: true, wrong })}><span>${option.shown}</span>
    ${choices
      ? html`<select data-option=${option.name} @focus=${requestRedraw} @change=${(event) => set(event.target.value)}>
          <option value="" ?selected=${value === ""}>–</option>
          ${choices.map((choice) => html`<option value=${String(choice.value)} ?selected=${String(choice.value) === value}>${choice.name}</option>`)}
        </select>`
      : html`<input data-option=${option.name} autocomplete="off" size=${Math.max(6, value.length + 1)}
          inputmode=${option.type === INTEGER ? "numeric" : option.type === NUMBER ? "decimal" : "text"}
          .value=${live(value)} @focus=${requestRedraw} @blur=${() => setTimeout(clearSuggestions, 150)}
          @input=${(event) => { set(event.target.value); if (option.autocomplete) scheduleSuggestions(option, event.target.value); }}>`}
    ${suggestions.option === option.name && suggestions.choices.length ? suggestionList(set) : nothing}
  </label>`;
}

async function setFile(option, file) {
  const { values } = filling;
  if (file) values[option.name] = await encodeFile(file);
  else delete values[option.name];
  if (filling) filling.wrong = null;
  requestRedraw();
}

function suggestionList(set) {
  return html`<div class="choices" role="listbox">${suggestions.choices.map((choice, index) => html`<div
    role="option"
    class=${classMap({ active: index === suggestions.at })}
    aria-selected=${index === suggestions.at}
    @pointerdown=${(event) => event.preventDefault()}
    @click=${() => { set(String(choice.value)); clearSuggestions(); }}
  >${choice.name}</div>`)}</div>`;
}

function clearSuggestions() {
  suggestions = { option: null, choices: [], at: -1 };
  requestRedraw();
}

function listChoices(option) {
  const { members, bot, guild } = state.world;
  const users = [...members, bot].map((user) => ({ name: `@${user.name}`, value: user.id }));
  const roles = [{ name: "@everyone", value: guild.id }];
  if (option.choices.length) return option.choices;
  if (option.type === BOOLEAN) return [{ name: _("True"), value: true }, { name: _("False"), value: false }];
  if (option.type === USER) return users;
  if (option.type === ROLE) return roles;
  if (option.type === MENTIONABLE) return [...users, ...roles];
  if (option.type === CHANNEL) return visibleChannels().map((channel) => ({ name: `#${channel.name}`, value: channel.id }));
  return null;
}

// Debounced: one request after the last key, not one for each key.
function scheduleSuggestions(option, typed) {
  clearTimeout(suggestionsTimer);
  suggestionsTimer = setTimeout(async () => {
    const spec = filling?.spec;
    if (!spec) return;
    const choices = await fetchSuggestions(spec, { ...collectValues(spec).values, [option.name]: typed }, option.name);
    if (filling?.spec !== spec || filling.values[option.name] !== typed) return;
    suggestions = { option: option.name, choices, at: -1 };
    requestRedraw();
  }, SUGGESTIONS_DELAY_MS);
}

function handleCommandKey(event) {
  const { option } = event.target.dataset;
  const hasSuggestions = suggestions.option === option && suggestions.choices.length;
  if (event.key === "Escape") hasSuggestions ? clearSuggestions() : cancelCommand();
  else if (event.key === "Backspace" && (!option || (event.target.value === "" && event.target.tagName === "INPUT"))) cancelCommand();
  else if (hasSuggestions && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    suggestions.at = (suggestions.at + (event.key === "ArrowDown" ? 1 : -1) + suggestions.choices.length) % suggestions.choices.length;
    requestRedraw();
  } else if (hasSuggestions && suggestions.at >= 0 && (event.key === "Enter" || event.key === "Tab")) {
    filling.values[option] = String(suggestions.choices[suggestions.at].value);
    clearSuggestions();
  } else if (event.key === "Enter" && event.target.tagName !== "BUTTON") sendCommand();
  else return;
  event.preventDefault();
}

// Converts the typed values for the bot; `wrong` is the first option with a missing or invalid value.
function collectValues(spec) {
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
    const value = parseValue(option, text);
    if (value === undefined) return { values, wrong: option.name };
    values[option.name] = value;
  }
  return { values, wrong: null };
}

function parseValue(option, text) {
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

/** Send the current command, or point at the first option that is missing or invalid. */
export function sendCommand() {
  const { spec } = filling;
  const { values, wrong } = collectValues(spec);
  if (wrong) {
    filling.wrong = wrong;
    if (!filling.shown.includes(wrong)) filling.shown = [...filling.shown, wrong];
    requestRedraw();
    focusOn(wrong);
    return;
  }
  cancelCommand();
  state.drafts.delete(`${state.member}/${state.channel}`);
  runCommand(spec, values);
}
