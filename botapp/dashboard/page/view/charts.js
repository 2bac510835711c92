// The charts of the series, drawn by uPlot.
import { _, locale } from "../lib/i18n.js";
import { state } from "../lib/store.js";
import { formatSeconds, formatSize } from "../lib/times.js";
import { html, Plot } from "../lib/vendor.js";
import { percent } from "./overview.js";

const HEIGHT = 180;
const COLOURS = ["--link", "--good", "--warn", "--accent", "--bad", "--pink"];
/** chart id -> what was drawn last: the plot, its data and what its look depends on */
const drawn = new Map();

const whole = (value) => new Intl.NumberFormat(locale, { maximumFractionDigits: 1, notation: "compact" }).format(value);
const milliseconds = (value) => formatSeconds(value / 1000);
const cpu = (value) => percent(value / 100);
/** Steps of an axis of bytes. */
const BINARY_STEPS = Array.from({ length: 50 }, (_value, power) => 2 ** power);

// What each chart shows: title, format of its values, and its lines. A function, so that the texts follow the language.
const CHARTS = {
  answers: () => ({ title: _("Answers to clicks"), format: milliseconds, lines: { [_("median")]: state.series.answers.median_ms, [_("99th percentile")]: state.series.answers.p99_ms } }),
  clicks: () => ({ title: _("Clicks"), format: whole, lines: { [_("answered")]: state.series.answers.clicks } }),
  hits: () => ({ title: _("Cache: hit ratio"), format: percent, top: 1, lines: { [_("hits")]: hitRatio() } }),
  entries: () => ({ title: _("Cache: entries and evictions"), format: whole, lines: { [_("entries")]: figure("cache_entries"), [_("evictions")]: figure("cache_evictions") } }),
  errors: () => ({ title: _("Errors"), format: whole, bars: true, lines: { [_("stock")]: figure("stock_errors"), [_("buttons")]: figure("button_errors"), ...failures() } }),
  delays: () => ({ title: _("Delays"), format: milliseconds, lines: { [_("event loop lag")]: figure("loop_lag_ms"), [_("gateway")]: figure("latency_ms") } }),
  memory: () => ({ title: _("Memory"), format: formatSize, lines: state.series.rss_bytes }),
  cpu: () => ({ title: _("CPU"), format: cpu, lines: state.series.cpu_percent }),
  disk: () => ({ title: _("Disk free"), format: formatSize, lines: { [_("free")]: figure("disk_free_bytes") } }),
};

const figure = (name) => state.series.figures[name];

// Clicks that could not be answered, by the kind of their failure.
const failures = () => Object.fromEntries(Object.entries(state.series.failed).map(([kind, counts]) => [kind === "late" ? _("too late") : kind, counts]));

function hitRatio() {
  const { cache_hits: hits, cache_misses: misses } = state.series.figures;
  return hits.map((count, index) => (count === null || count + misses[index] === 0 ? null : count / (count + misses[index])));
}

/** Return the place of a chart; drawCharts fills it in. */
export function chart(id) {
  if (!state.series) return html`<figure class="chart"><div class="plot" data-chart=${id}></div></figure>`;
  const { title, format, lines } = CHARTS[id]();
  const last = Object.entries(lines).map(([name, values]) => `${name} ${lastOf(values, format)}`).join(", ");
  return html`<figure class="chart"><figcaption>${title}<small>${last}</small></figcaption>
    <div class="plot" data-chart=${id} role="img" aria-label=${`${title}: ${last}`}></div></figure>`;
}

function lastOf(values, format) {
  const value = values.findLast((one) => one !== null);
  return value === undefined ? "–" : format(value);
}

/** Draw the charts that have changed. */
export function drawCharts() {
  if (!state.series) return;
  for (const place of document.querySelectorAll("[data-chart]")) drawChart(place.dataset.chart, place, CHARTS[place.dataset.chart]());
}

function drawChart(id, place, { format, lines, top, bars }) {
  const names = Object.keys(lines);
  const look = [place.clientWidth, locale, matchMedia("(prefers-color-scheme: light)").matches, names].join();
  const data = [state.series.at_s, ...Object.values(lines)];
  const known = drawn.get(id);
  if (known?.look === look && known.place === place) {
    if (known.series !== state.series) known.plot.setData(data);
    known.series = state.series;
    return;
  }
  known?.plot.destroy();
  const plot = new Plot(options(place.clientWidth, names, format, { top, bars }), data, place);
  drawn.set(id, { plot, look, place, series: state.series });
}

function options(width, names, format, { top, bars }) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--dim"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `11px ${colour("--sans")}` };
  return {
    width,
    height: HEIGHT,
    cursor: { y: false, drag: { setScale: false } },
    scales: { y: { range: (_plot, _low, high) => [0, top ?? Math.max(high * 1.1, 0.001)] } },
    legend: { live: true },
    axes: [{ ...axis, values: (_plot, moments) => moments.map(formatMoment), space: 70, size: 30 }, { ...axis, size: 62, incrs: format === formatSize ? BINARY_STEPS : undefined, values: (_plot, values) => values.map(format) }],
    series: [
      { label: _("time"), value: (_plot, moment) => (moment === null ? "–" : formatFull(moment)) },
      ...names.map((label, index) => ({
        label,
        stroke: colour(COLOURS[index % COLOURS.length]),
        fill: bars ? colour(COLOURS[index % COLOURS.length]) : undefined,
        paths: bars ? Plot.paths.bars({ size: [0.8, 40] }) : undefined,
        width: bars ? 0 : 1.5,
        points: { show: false },
        value: (_plot, value) => (value === null || value === undefined ? "–" : format(value)),
      })),
    ],
  };
}

const formatMoment = (moment) => {
  const time = state.range === "day" ? { timeStyle: "short" } : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(locale, time).format(new Date(moment * 1000));
};
const formatFull = (moment) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment * 1000));
