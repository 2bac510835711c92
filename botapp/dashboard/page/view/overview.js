// What is so now: the programs and their parts, what members saw, the restarts, and the charts.
import { _ } from "../lib/i18n.js";
import { state } from "../lib/store.js";
import { formatDuration, formatMessageTime, formatSize } from "../lib/times.js";
import { classMap, html, nothing } from "../lib/vendor.js";
import { healthRow } from "../panel/health.js";
import { inProgress, reportCard, reportLine } from "../panel/restarts.js";
import { isBad, isGood, stateName } from "../panel/states.js";
import { bands } from "./bands.js";
import { chart } from "./charts.js";

const SHOWN_RESTARTS = 12;
const secondsSinceStatus = () => (performance.now() - state.seenAt) / 1000;

/** Return the programs with their health, and the bands. */
export function overview() {
  const { programs, supervisor, problem } = state.now;
  const ordered = [...programs].sort((one, other) => (other.name === "bot") - (one.name === "bot"));
  return html`<section aria-labelledby="h-now">
    <h2 id="h-now">${_("Now")}</h2>
    ${Object.values(supervisor?.problems ?? {}).map((text) => html`<p class="problem">⚠ ${text}</p>`)}
    ${problem ? html`<p class="problem">⚠ ${_("The history is not kept: %(problem)s", { problem })}</p>` : nothing}
    <div class="cards">${ordered.map(programCard)}${machineCard()}</div>
  </section>
  <section aria-labelledby="h-band"><h2 id="h-band">${_("What members saw, and the parts")}</h2>${bands()}</section>`;
}

function programCard(program) {
  const running = program.uptime_s !== null;
  const good = isGood(program.state) && !program.unhealthy.length;
  const cpu = state.now.cpu_percent[program.name];
  return html`<section class="program" data-program=${program.name} data-state=${program.state}>
    <h3><span>${program.name}</span><span class=${classMap({ state: true, good, bad: isBad(program.state) })}>${stateName(program.state)}</span></h3>
    ${program.reason && !isGood(program.state) ? html`<p class="problem">${program.reason}</p>` : nothing}
    <dl class="facts">
      ${fact(_("process"), program.life)}
      ${fact(_("uptime"), running ? formatDuration(program.uptime_s + secondsSinceStatus()) : "–")}
      ${fact(_("memory"), program.rss_bytes ? formatSize(program.rss_bytes) : "–")}
      ${fact(_("CPU"), cpu === undefined || cpu === null ? "–" : percent(cpu / 100))}
    </dl>
    ${running ? html`<ul class="health">${Object.entries(program.health).map(([part, value]) => healthRow(part, value))}</ul>` : nothing}
  </section>`;
}

function machineCard() {
  const { disk_free_bytes: free, disk_bytes: size, identifies_left: left, supervisor } = state.now;
  return html`<section class="program">
    <h3><span>${_("Server")}</span></h3>
    <dl class="facts two">
      ${fact(_("disk free"), free === null ? "–" : _("%(free)s of %(size)s", { free: formatSize(free), size: formatSize(size) }))}
      ${fact(_("logins at Discord left today"), left ?? "–")}
      ${fact(_("supervisor"), supervisor ? `${supervisor.version} · ${formatDuration(supervisor.uptime_s + secondsSinceStatus())}` : "–")}
    </dl>
  </section>`;
}

/** Return the restart in progress, the last one and the earlier ones. */
export function restarts() {
  const running = state.now.programs.find((program) => program.restart);
  const [last, ...earlier] = state.restarts;
  return html`<section aria-labelledby="h-restarts">
    <h2 id="h-restarts">${running ? _("Restart in progress") : _("Restarts")}</h2>
    ${running ? inProgress(running.restart) : nothing}
    ${last ? html`<div class="cards">${reportCard(last)}
      ${earlier.length ? html`<ol class="earlier">${earlier.slice(0, SHOWN_RESTARTS).map((report) => reportLine(report, formatMessageTime))}</ol>` : nothing}</div>` : html`<p class="empty">${_("None in this time.")}</p>`}
  </section>`;
}

/** Return the charts. */
export function figures() {
  return html`<section aria-labelledby="h-figures"><h2 id="h-figures">${_("Figures")}</h2>
    <div class="charts">${["answers", "clicks", "hits", "entries", "errors", "delays", "memory", "cpu", "disk"].map(chart)}</div></section>`;
}

export const fact = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

/** Return a share from 0 to 1 in percent. */
export function percent(share, digits = 1) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumFractionDigits: digits }).format(share);
}
