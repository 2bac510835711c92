// The supervisor panel: its programs, their health and their restarts.
import { _ } from "../lib/i18n.js";
import { requestRedraw, state } from "../lib/store.js";
import { formatDuration, formatSize } from "../lib/times.js";
import { classMap, html, nothing } from "../lib/vendor.js";
import { healthRow } from "./health.js";
import { restarts } from "./restarts.js";
import { isBad, isGood, stateName } from "./states.js";

/** Return the seconds since the supervisor's status was fetched: uptimes keep counting in between. */
const secondsSinceStatus = () => (performance.now() - state.supervisorSeenAt) / 1000;

/** Return the panel. */
export function panel() {
  return html`<header><h1>${_("Supervisor")}</h1>
    <button type="button" class="icon only-narrow" aria-label=${_("Close")} @click=${() => { state.drawer = null; requestRedraw(); }}>✕</button></header>
  <div class="panel-body" tabindex="0">${body()}</div>`;
}

function body() {
  const view = state.supervisor;
  if (!view) return nothing;
  if (view.state === "none") return html`<p class="empty">${_("This local Discord runs without a supervisor, so there is nothing to show. To start both, run: stocksup demo")}</p>`;
  if (view.state === "away") return html`<p class="empty away" role="status">${_("The supervisor is not responding. Its programs keep running, and it will take over again when it is back.")}</p>`;
  const { supervisor, programs } = view.status;
  const ordered = [...programs].sort((program, other) => (other.name === "bot") - (program.name === "bot"));
  return html`
    ${restarts(ordered.find((program) => program.name === "bot"), view.history)}
    <h2>${_("Programs")}</h2>
    ${ordered.map(programCard)}
    <h2>${_("Supervisor")}</h2>
    <dl class="facts">
      <div><dt>${_("pid")}</dt><dd>${supervisor.pid}</dd></div>
      <div><dt>${_("uptime")}</dt><dd>${formatDuration(supervisor.uptime_s + secondsSinceStatus())}</dd></div>
      <div><dt>${_("version")}</dt><dd>${supervisor.version}</dd></div>
    </dl>
    ${Object.values(supervisor.problems ?? {}).map((text) => html`<p class="problem">⚠ ${text}</p>`)}`;
}

function programCard(program) {
  const running = program.uptime_s !== null;
  const good = isGood(program.state) && !program.unhealthy.length;
  return html`<section class="program" data-program=${program.name} data-state=${program.state} data-life=${program.life}>
    <h3><span>${program.name}</span><span class=${classMap({ state: true, good, bad: isBad(program.state) })}>${stateName(program.state)}</span></h3>
    ${program.reason && !isGood(program.state) ? html`<p class="problem">${program.reason}</p>` : nothing}
    <dl class="facts">
      <div><dt>${_("process")}</dt><dd>${program.life}</dd></div>
      <div><dt>${_("pid")}</dt><dd>${program.pid ?? "–"}</dd></div>
      <div><dt>${_("uptime")}</dt><dd>${running ? formatDuration(program.uptime_s + secondsSinceStatus()) : "–"}</dd></div>
      <div><dt>${_("memory")}</dt><dd>${program.rss_bytes ? formatSize(program.rss_bytes) : "–"}</dd></div>
    </dl>
    ${running ? html`<ul class="health">${Object.entries(program.health).map(([part, value]) => healthRow(part, value))}</ul>` : nothing}
  </section>`;
}
