// The bot's restarts: the one in progress, the last one with the time of each phase, and the earlier ones.
import { _ } from "../lib/i18n.js";
import { formatFullDate, formatRelative, formatSeconds, formatTime } from "../lib/times.js";
import { classMap, html, nothing, styleMap } from "../lib/vendor.js";

/** The phases of a restart with a pause, of a hand-over to a prepared process, and of both, in their order. */
const WITH_PAUSE = ["check", "drain", "stop", "flush", "start"];
const HAND_OVER = ["check", "prepare", "quiesce", "flush", "serve"];
const PHASES = ["check", "prepare", "drain", "quiesce", "stop", "flush", "start", "serve"];
/** whether the restart in progress is a hand-over: its first phase does not show that */
let isHandOver = false;

// A function, so that the texts follow the current language.
const phaseName = (phase) => ({
  check: _("check"), prepare: _("prepare"), drain: _("drain"), quiesce: _("quiesce"), stop: _("stop"), flush: _("flush"),
  start: _("start"), serve: _("serve"), wait: _("wait"),
}[phase] ?? phase);

/** Return the restarts of the bot, newest first. */
export function restarts(bot, history) {
  const reports = history.filter((report) => report.program === "bot");
  const running = bot?.restart;
  const earlier = running ? reports : reports.slice(1);
  return html`<h2>${running ? _("Restart in progress") : _("Last restart")}</h2>
    ${running ? inProgress(running) : lastRestart(reports[0])}
    ${earlier.length ? html`<h2>${_("Earlier")}</h2><ol class="earlier">${earlier.map((report) => reportLine(report))}</ol>` : nothing}`;
}

/** Return the restart in progress. */
export function inProgress({ phase, requested_by }) {
  if (phase === "check") isHandOver = false;
  if (["prepare", "quiesce", "serve"].includes(phase)) isHandOver = true;
  if (["drain", "stop", "start"].includes(phase)) isHandOver = false;
  const names = isHandOver ? HAND_OVER : WITH_PAUSE;
  const current = names.indexOf(phase);
  return html`<section class="restart" aria-live="polite">
    <ol class="steps">${names.map((name, index) => html`<li class=${classMap({ done: index < current, now: index === current })}>${phaseName(name)}</li>`)}</ol>
    ${requestedBy(requested_by)}
  </section>`;
}

// Omits the user id that the bot appends to the name.
const requestedBy = (name) => html`<p class="by">${_("requested by %(who)s", { who: name?.replace(/ \(\d+\)$/, "") || "–" })}</p>`;

function lastRestart(report) {
  return report ? reportCard(report) : html`<p class="empty">${_("None yet. Switch to Admin, type !restart and answer yes.")}</p>`;
}

/** Return the report of a restart. */
export function reportCard(report) {
  const { phases, total } = phaseTimes(report);
  const date = new Date(report.at * 1000);
  const headline = report.ok ? _("process %(from)s → %(to)s", { from: report.from_life, to: report.to_life }) : _("restart failed");
  return html`<section class=${report.ok ? "restart" : "restart not-ok"} data-to-life=${report.to_life}>
    <p class="headline"><b>${headline}</b><span title=${formatFullDate(date)}>${formatRelative(date)}</span></p>
    ${report.ok ? nothing : html`<p class="problem">${report.problem ?? report.error}</p>`}
    ${phaseBar(report)}
    <ul class="legend">${phases.map(({ name, seconds }) => html`<li data-phase=${name}><i class=${name}></i>${phaseName(name)}<b>${formatSeconds(seconds)}</b></li>`)}</ul>
    <dl class="facts two">
      <div><dt>${_("downtime")}</dt><dd>${formatSeconds(report.downtime_s)}</dd></div>
      ${report.handover ? html`<div><dt>${_("clicks handed over")}</dt><dd>${report.handed_over ?? "–"}</dd></div>` : nothing}
      <div><dt>${report.ok ? _("from request to ready") : _("from request to failure")}</dt><dd>${formatSeconds(total)}</dd></div>
    </dl>
    ${report.cancelled?.length ? html`<p class="problem">${_("cancelled: %(names)s", { names: report.cancelled.join(", ") })}</p>` : nothing}
    ${report.cold_problem ? html`<p class="by">${_("without a hand-over: %(why)s", { why: report.cold_problem })}</p>` : nothing}
    ${requestedBy(report.requested_by)}
  </section>`;
}

// The phases that happened.
function phaseTimes(report) {
  const phases = PHASES.map((name) => ({ name, seconds: report.phases?.[`${name}_s`] ?? null })).filter(({ seconds }) => seconds !== null);
  return { phases, total: phases.reduce((sum, { seconds }) => sum + seconds, 0) };
}

function phaseBar(report) {
  const { phases, total } = phaseTimes(report);
  const label = ({ name, seconds }) => `${phaseName(name)} ${formatSeconds(seconds)}`;
  // The constant keeps very short phases visible.
  const width = ({ seconds }) => styleMap({ "flex-grow": String(seconds / (total || 1) + 0.03) });
  return html`<div class="bar" role="img" aria-label=${phases.map(label).join(", ")}>${phases.map((phase) => html`<span class=${phase.name} title=${label(phase)} style=${width(phase)}></span>`)}</div>`;
}

/** Return the report of a restart in one line. */
export function reportLine(report, format = formatTime) {
  return html`<li><span>${format(new Date(report.at * 1000))}</span>${phaseBar(report)}<span>${report.ok ? formatSeconds(report.downtime_s) : "✗"}</span></li>`;
}
