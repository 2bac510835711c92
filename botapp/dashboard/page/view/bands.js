// The bands: for members and for each part, a strip of time that shows when it was not as it should be.
import { _ } from "../lib/i18n.js";
import { state } from "../lib/store.js";
import { html, nothing } from "../lib/vendor.js";
import { partName } from "../panel/health.js";
import { percent } from "./overview.js";

const HEIGHT = 22;
/** From this share of a point on it is drawn as bad, below as a warning. */
const BAD_SHARE = 0.1;
/** Shorter failures within a point are not drawn: a restart takes less. */
const SHORTEST_S = 1;

/** Return the rows: name, and for each point the seconds that were observed, bad, and limited. */
function rows() {
  const { figures, unhealthy_s: unhealthy } = state.series;
  const seconds = (list) => figures.observed_s.map((observed, index) => ({ observed, bad: list?.[index] ?? 0, limited: 0 }));
  const members = figures.observed_s.map((observed, index) => ({ observed, bad: figures.down_s[index] ?? 0, limited: figures.limited_s[index] ?? 0 }));
  const { health = {} } = state.now.programs.find((program) => program.name === "bot") ?? {};
  const parts = Object.keys(health).filter((part) => part !== "visibility" && health[part]?.is_healthy !== undefined);
  const names = new Set(["bot", ...parts, ...state.now.programs.map((program) => program.name), ...Object.keys(unhealthy)]);
  names.delete("visibility");
  return [{ id: "members", name: _("members"), points: members }, ...[...names].map((name) => ({ id: name, name: partName(name), points: seconds(unhealthy[name]) }))];
}

/** Return the bands; drawBands fills them in. */
export function bands() {
  if (!state.series) return nothing;
  return html`<div class="bands" id="bands">${rows().map(({ id, name, points }) => {
    const share = goodShare(points);
    return html`<span class="band-name">${name}</span>
      <canvas data-band=${id} height=${HEIGHT} role="img" aria-label=${`${name}: ${share === null ? "–" : percent(share, 2)}`} @mousemove=${showMoment}></canvas>
      <span class="band-share">${share === null ? "–" : percent(share, 2)}</span>`;
  })}</div>`;
}

function goodShare(points) {
  const total = (key) => points.reduce((sum, point) => sum + (point.observed ? point[key] : 0), 0);
  return total("observed") ? 1 - Math.min(1, (total("bad") + total("limited")) / total("observed")) : null;
}

/** Draw the strips into their canvases. */
export function drawBands() {
  if (!state.series) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const colours = { good: colour("--good"), warn: colour("--warn"), bad: colour("--bad"), none: colour("--line") };
  for (const { id, points } of rows()) {
    const canvas = document.querySelector(`[data-band="${CSS.escape(id)}"]`);
    if (!canvas) continue;
    const width = (canvas.width = Math.round(canvas.clientWidth * devicePixelRatio));
    const context = canvas.getContext("2d");
    points.forEach((point, index) => {
      const [left, right] = [index, index + 1].map((end) => Math.round((end * width) / points.length));
      context.fillStyle = colours[kind(point)];
      context.fillRect(left, 0, Math.max(1, right - left - (width > 4 * points.length ? 1 : 0)), canvas.height);
    });
  }
}

function kind({ observed, bad, limited }) {
  if (!observed) return "none";
  if (bad >= BAD_SHARE * observed) return "bad";
  return bad >= SHORTEST_S || limited >= SHORTEST_S ? "warn" : "good";
}

// The time and the seconds under the mouse.
function showMoment(event) {
  const canvas = event.target;
  const row = rows().find(({ id }) => id === canvas.dataset.band);
  const index = Math.min(row.points.length - 1, Math.floor((event.offsetX / canvas.clientWidth) * row.points.length));
  const { observed, bad, limited } = row.points[index];
  const moment = new Date(state.series.at_s[index] * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const said = observed ? _("%(bad)s s down, %(limited)s s limited, of %(observed)s s", { bad: Math.round(bad * 10) / 10, limited: Math.round(limited * 10) / 10, observed: Math.round(observed) }) : _("not recorded");
  canvas.title = `${moment}: ${said}`;
}
