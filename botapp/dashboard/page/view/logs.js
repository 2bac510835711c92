// The last errors, and the log of every program as it is written.
import { _ } from "../lib/i18n.js";
import { requestRedraw, state } from "../lib/store.js";
import { html, nothing } from "../lib/vendor.js";

const KEPT_LINES = 1000;
const LEVELS = ["debug", "info", "warning", "error", "critical"];
const TYPING_MS = 400;

const view = { source: null, lines: [], program: "", level: "", text: "", lost: false };
let typing;

/** Return the last errors. */
export function errors() {
  if (state.errors === null) return nothing;
  return html`<section aria-labelledby="h-errors"><h2 id="h-errors">${_("Last errors")}</h2>
    ${state.errors.length ? html`<ol class="lines">${state.errors.map(line)}</ol>` : html`<p class="empty">${_("None in the logs.")}</p>`}</section>`;
}

/** Return the log; it is read while it is open. */
export function logs() {
  const names = [...state.now.programs.map((program) => program.name), "supervisor"];
  return html`<details ?open=${view.source !== null} @toggle=${onToggle}><summary>${_("Log")}</summary>
    <form class="filters" @submit=${(event) => event.preventDefault()}>
      <label>${_("program")}<select name="program" @change=${onFilter}><option value="">${_("all")}</option>${names.map((name) => html`<option>${name}</option>`)}</select></label>
      <label>${_("level")}<select name="level" @change=${onFilter}><option value="">${_("all")}</option>${LEVELS.map((name) => html`<option>${name}</option>`)}</select></label>
      <label>${_("contains")}<input name="text" maxlength="100" autocomplete="off" @input=${onType}></label>
    </form>
    ${view.lost ? html`<p class="problem" role="status">${_("The log cannot be read now; too many are open, or the dashboard is not responding.")}</p>` : nothing}
    <ol class="lines log" id="log" tabindex="0" aria-label=${_("Log")}>${view.lines.map(line)}</ol></details>`;
}

function line({ program, level, line: text }) {
  return html`<li class=${level ?? ""}><b>${program}</b> ${text}</li>`;
}

function onToggle({ target }) {
  if (target.open && !view.source) open();
  else if (!target.open) close();
}

function onFilter({ target }) {
  view[target.name] = target.value;
  open();
}

function onType({ target }) {
  clearTimeout(typing);
  typing = setTimeout(() => onFilter({ target }), TYPING_MS);
}

function open() {
  close();
  const source = (view.source = new EventSource(`/api/logs?${new URLSearchParams({ program: view.program, level: view.level, text: view.text })}`));
  view.lines = [];
  view.lost = false;
  source.onmessage = ({ data }) => {
    view.lines.push(JSON.parse(data));
    if (view.lines.length > KEPT_LINES) view.lines.shift();
    followEnd();
  };
  source.onerror = () => { source.close(); view.lost = true; requestRedraw(); };
  requestRedraw();
}

function close() {
  view.source?.close();
  view.source = null;
}

// The list stays at its end when it is there.
function followEnd() {
  const list = document.getElementById("log");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  requestRedraw();
  if (isAtEnd) requestAnimationFrame(() => requestAnimationFrame(() => { list.scrollTop = list.scrollHeight; }));
}
