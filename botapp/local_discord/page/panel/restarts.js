// The bot's restarts: the one in progress, the last one with the time of each phase, and the earlier ones.
import { _ } from "../lib/i18n.js";
import { formatFullDate, formatRelative, formatSeconds, formatTime } from "../lib/times.js";
import { classMap, html, nothing, styleMap } from "../lib/vendor.js";

const COLD_PHASES = ["check", "drain", "stop", "flush", "start"];
const HANDOVER_PHASES = ["check", "prepare", "quiesce", "flush", "serve"];

// A function, so that the texts follow the current language.
const phaseName = (phase) => ({
  check: _("check"), drain: _("drain"), stop: _("stop"), flush: _("flush"), start: _("start"), wait: _("wait"),
  prepare: _("prepare"), quiesce: _("quiesce"), serve: _("serve"),
}[phase] ?? phase);

/** Return the restarts of the bot, newest first. */
export function restarts(bot, history) {
  const reports = history.filter((report) => report.program === "bot");
  const running = bot?.restart;
  const earlier = running ? reports : reports.slice(1);
  return html`<h2>${running ? _("Restart in progress") : _("Last restart")}</h2>
    ${running ? inProgress(running, bot) : lastRestart(reports[0])}
    ${earlier.length ? html`<h2>${_("Earlier")}</h2><ol class="earlier">${earlier.map(reportLine)}</ol>` : nothing}`;
}

function inProgress({ phase, requested_by }, { prepared, retiring }) {
  const isHandover = prepared || retiring || !COLD_PHASES.includes(phase);
  const phases = isHandover ? HANDOVER_PHASES : COLD_PHASES;
  const current = phases.indexOf(phase);
  return html`<section class="restart" aria-live="polite">
    <ol class="steps">${phases.map((name, index) => html`<li class=${classMap({ done: index < current, now: index === current })}>${phaseName(name)}</li>`)}</ol>
    ${requestedBy(requested_by)}
  </section>`;
}

// Omits the user id that the bot appends to the name.
const requestedBy = (name) => html`<p class="by">${_("requested by %(who)s", { who: name?.replace(/ \(\d+\)$/, "") || "–" })}</p>`;

function lastRestart(report) {
  return report ? reportCard(report) : html`<p class="empty">${_("None yet. Switch to Admin, type !restart and answer yes.")}</p>`;
}

function reportCard(report) {
  const { phases, total } = phaseTimes(report);
  const date = new Date(report.at * 1000);
  const headline = report.ok ? _("process %(from)s → %(to)s", { from: report.from_life, to: report.to_life }) : _("restart failed");
  return html`<section class=${report.ok ? "restart" : "restart not-ok"} data-to-life=${report.to_life}>
    <p class="headline"><b>${headline}</b><span title=${formatFullDate(date)}>${formatRelative(date)}</span></p>
    ${report.ok ? nothing : html`<p class="problem">${report.problem ?? report.error}</p>`}
    ${phaseBar(report)}
    <ul class="legend">${phases.map(({ name, seconds }) => html`<li data-phase=${name}><i class=${name}></i>${phaseName(name)}<b>${formatSeconds(seconds)}</b></li>`)}</ul>
    <dl class="facts two">
      <div><dt>${report.handover ? _("took over in") : _("downtime")}</dt><dd>${formatSeconds(report.downtime_s)}</dd></div>
      <div><dt>${report.ok ? _("from request to ready") : _("from request to failure")}</dt><dd>${formatSeconds(total)}</dd></div>
    </dl>
    ${report.handed_over ? html`<p class="by">${_("events handed over: %(count)s", { count: report.handed_over })}</p>` : nothing}
    ${report.cold_problem ? html`<p class="problem">${_("without a hand-over: %(why)s", { why: report.cold_problem })}</p>` : nothing}
    ${report.cancelled?.length ? html`<p class="problem">${_("cancelled: %(names)s", { names: report.cancelled.join(", ") })}</p>` : nothing}
    ${requestedBy(report.requested_by)}
  </section>`;
}

function phaseTimes(report) {
  const isCold = !report.handover && report.phases?.prepare_s == null;
  const phases = (isCold ? COLD_PHASES : HANDOVER_PHASES).map((name) => ({ name, seconds: report.phases?.[`${name}_s`] ?? null }));
  return { phases, total: phases.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0) };
}

function phaseBar(report) {
  const { phases, total } = phaseTimes(report);
  const label = ({ name, seconds }) => `${phaseName(name)} ${formatSeconds(seconds)}`;
  // The constant keeps very short phases visible.
  const width = ({ seconds }) => styleMap({ "flex-grow": String(seconds / (total || 1) + 0.03) });
  return html`<div class="bar" role="img" aria-label=${phases.map(label).join(", ")}>${phases
    .filter(({ seconds }) => seconds !== null)
    .map((phase) => html`<span class=${phase.name} title=${label(phase)} style=${width(phase)}></span>`)}</div>`;
}

function reportLine(report) {
  return html`<li><span>${formatTime(new Date(report.at * 1000))}</span>${phaseBar(report)}<span>${report.ok ? formatSeconds(report.downtime_s) : "✗"}</span></li>`;
}
