// The supervisor's view: what runs, how it is, and where the time of a restart went.
import { changed, state } from "./store.js";
import { clock, duration, full, relative, size, span } from "./times.js";
import { classMap, html, nothing, styleMap } from "./vendor.js";
import { _ } from "./words.js";

const PHASES = ["check", "drain", "stop", "flush", "start"];
const GOOD = new Set(["RUNNING"]);
const BAD = new Set(["FATAL", "BACKOFF", "KILLING"]);

// Functions, so that the words are those of the language in use.
const phaseName = (phase) => ({
  check: _("check"), drain: _("drain"), stop: _("stop"), flush: _("flush"), start: _("start"), wait: _("wait"),
}[phase] ?? phase);
const stateName = (name) => ({
  STOPPED: _("stopped"), STARTING: _("starting"), RUNNING: _("running"), DRAINING: _("draining"),
  STOPPING: _("stopping"), KILLING: _("being ended"), FLUSHING: _("flushing"), BACKOFF: _("waiting to try again"),
  FATAL: _("given up"),
}[name] ?? name);
const partName = (part) => ({
  livestock: _("livestock"), buttons: _("buttons"), gateway: _("gateway"), database: _("database"), cache: _("cache"),
  link: _("members see"), backups: _("backups"), loop_lag_ms: _("reaction time"), sessions: _("connected bots"),
}[part] ?? part.replaceAll("_", " "));

/** Seconds since the supervisor was asked: what has an uptime goes on counting meanwhile. */
const since = () => (performance.now() - state.supervisorSeenAt) / 1000;

/** Return the panel. */
export function panel() {
  return html`<header><h1>${_("Supervisor")}</h1>
    <button type="button" class="icon only-narrow" aria-label=${_("Close")} @click=${() => { state.drawer = null; changed(); }}>✕</button></header>
  <div class="panel-body" tabindex="0">${body()}</div>`;
}

function body() {
  const seen = state.supervisor;
  if (!seen) return nothing;
  if (seen.state === "none") return html`<p class="empty">${_("No supervisor runs this local Discord, so there is nothing to show. Start it with: stocksup demo")}</p>`;
  if (seen.state === "away") return html`<p class="empty away" role="status">${_("The supervisor does not answer. What it runs goes on, and it takes it over when it is back.")}</p>`;
  const { supervisor, programs } = seen.status;
  const ordered = [...programs].sort((one, other) => (other.name === "bot") - (one.name === "bot"));
  return html`
    ${restarts(ordered.find((one) => one.name === "bot"), seen.history)}
    <h2>${_("Programs")}</h2>
    ${ordered.map(program)}
    <h2>${_("Supervisor")}</h2>
    <dl class="facts">
      <div><dt>${_("pid")}</dt><dd>${supervisor.pid}</dd></div>
      <div><dt>${_("up for")}</dt><dd>${duration(supervisor.uptime_s + since())}</dd></div>
      <div><dt>${_("version")}</dt><dd>${supervisor.version}</dd></div>
    </dl>
    ${Object.values(supervisor.problems ?? {}).map((text) => html`<p class="trouble">⚠ ${text}</p>`)}`;
}

function program(one) {
  const running = one.uptime_s !== null;
  return html`<section class="program" data-program=${one.name} data-state=${one.state} data-life=${one.life}>
    <h3><span>${one.name}</span><span class=${classMap({ state: true, good: GOOD.has(one.state) && !one.unhealthy.length, bad: BAD.has(one.state) })}>${stateName(one.state)}</span></h3>
    ${one.reason && !GOOD.has(one.state) ? html`<p class="trouble">${one.reason}</p>` : nothing}
    <dl class="facts">
      <div><dt>${_("life")}</dt><dd class="life">${one.life}</dd></div>
      <div><dt>${_("pid")}</dt><dd>${one.pid ?? "–"}</dd></div>
      <div><dt>${_("up for")}</dt><dd>${running ? duration(one.uptime_s + since()) : "–"}</dd></div>
      <div><dt>${_("memory")}</dt><dd>${one.rss_bytes ? size(one.rss_bytes) : "–"}</dd></div>
    </dl>
    ${running ? html`<ul class="health">${Object.entries(one.health).map(([part, value]) => healthRow(part, value))}</ul>` : nothing}
  </section>`;
}

// A part of a program's health, whatever it is: a state with its error, a figure, or several figures.
function healthRow(part, value) {
  if (value === null) return nothing;
  const sick = value.is_healthy === false || value.connected === false || Boolean(value.problem) || (value.state ?? "normal") !== "normal";
  const fine = value.is_healthy || value.connected || value.enabled || value.state === "normal";
  return html`<li class=${classMap({ sick, fine: fine && !sick })}>
    <span>${partName(part)}</span><span>${healthText(part, value)}</span>
    ${sick && (value.last_error ?? value.problem) ? html`<small>${value.last_error ?? value.problem}</small>` : nothing}
  </li>`;
}

function healthText(part, value) {
  if (typeof value !== "object") return part.endsWith("_ms") ? span(value / 1000) : String(value);
  if (part === "gateway") return value.connected ? (value.latency_ms === null ? _("connected") : span(value.latency_ms / 1000)) : _("not connected");
  if (part === "visibility") return linkText(value.state);
  if (part === "cache") return value.problem ? _("off") : cacheText(value);
  if ("is_healthy" in value) return value.is_healthy ? _("healthy") : _("unhealthy");
  return Object.entries(value).filter(([, one]) => typeof one !== "object").map(([name, one]) => `${name} ${one}`).join(", ");
}

// What members see, given the health of stock and buttons.
function linkText(state) {
  const said = { normal: _("stock and buttons"), stock_broken: _("no stock, buttons off"), buttons_broken: _("no stock, buttons off"), both_broken: _("no stock, buttons off") };
  return said[state] ?? state;
}

function cacheText(value) {
  const [hits, misses] = [value.hits ?? 0, value.misses ?? 0];
  const parts = [_("%(count)s entries", { count: value.entries })];
  if (hits + misses) parts.push(_("%(percent)s hits", { percent: `${Math.round((100 * hits) / (hits + misses))}%` }));
  return parts.join(", ");
}

// --- restarts ---

function restarts(bot, history) {
  const own = history.filter((one) => one.program === "bot");
  const running = bot?.restart;
  const earlier = running ? own : own.slice(1);
  return html`<h2>${running ? _("Restart under way") : _("Last restart")}</h2>
    ${running ? underWay(running.phase, running.requested_by) : last(own[0])}
    ${earlier.length ? html`<h2>${_("Earlier")}</h2><ol class="earlier">${earlier.map(short)}</ol>` : nothing}`;
}

const last = (report) => (report ? finished(report) : html`<p class="empty">${_("None yet. Be Admin, type !restart and answer ya.")}</p>`);

function underWay(phase, by) {
  const at = PHASES.indexOf(phase);
  return html`<section class="restart" aria-live="polite">
    <ol class="steps">${PHASES.map((name, index) => html`<li class=${classMap({ done: index < at, now: index === at })}>${phaseName(name)}</li>`)}</ol>
    <p class="by">${_("asked by %(who)s", { who: who(by) })}</p>
  </section>`;
}

/** Return a name without the id that the bot puts behind it. */
const who = (by) => by?.replace(/ \(\d+\)$/, "") || "–";

function parts(report) {
  const known = PHASES.map((name) => ({ name, seconds: report.phases?.[`${name}_s`] ?? null }));
  const total = known.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  return { known, total };
}

function bar({ known, total }) {
  const label = known.map((one) => `${phaseName(one.name)} ${span(one.seconds)}`).join(", ");
  // Every phase can be seen, however short: beside its share of the time it has a little of its own.
  return html`<div class="bar" role="img" aria-label=${label}>${known
    .filter((one) => one.seconds !== null)
    .map((one) => html`<span class=${one.name} title="${phaseName(one.name)} ${span(one.seconds)}" style=${styleMap({ "flex-grow": String(one.seconds / (total || 1) + 0.03) })}></span>`)}</div>`;
}

function finished(report) {
  const shares = parts(report);
  const date = new Date(report.at * 1000);
  return html`<section class=${report.ok ? "restart" : "restart not-ok"} data-to-life=${report.to_life}>
    <p class="headline">
      ${report.ok ? html`<b>${_("life %(from)s → life %(to)s", { from: report.from_life, to: report.to_life })}</b>` : html`<b>${_("not done")}</b>`}
      <span title=${full(date)}>${relative(date)}</span>
    </p>
    ${report.ok ? nothing : html`<p class="trouble">${report.problem ?? report.error}</p>`}
    ${bar(shares)}
    <ul class="legend">${shares.known.map((one) => html`<li data-phase=${one.name}><i class=${one.name}></i>${phaseName(one.name)}<b>${span(one.seconds)}</b></li>`)}</ul>
    <dl class="facts two">
      <div><dt>${_("without a bot")}</dt><dd>${span(report.downtime_s)}</dd></div>
      <div><dt>${_("from order to ready")}</dt><dd>${span(shares.total)}</dd></div>
    </dl>
    ${report.cancelled?.length ? html`<p class="trouble">${_("cut off: %(names)s", { names: report.cancelled.join(", ") })}</p>` : nothing}
    <p class="by">${_("asked by %(who)s", { who: who(report.requested_by) })}</p>
  </section>`;
}

const short = (report) => html`<li><span>${clock(new Date(report.at * 1000))}</span>${bar(parts(report))}<span>${report.ok ? span(report.downtime_s) : "✗"}</span></li>`;
