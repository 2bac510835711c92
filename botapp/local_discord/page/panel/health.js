// The health of a program's parts.
import { _ } from "../lib/i18n.js";
import { formatSeconds } from "../lib/times.js";
import { classMap, html, nothing } from "../lib/vendor.js";

/** Return the name of a part in the current language. */
export const partName = (part) => ({
  livestock: _("stock"), buttons: _("buttons"), gateway: _("gateway"), database: _("database"), cache: _("cache"),
  visibility: _("members see"), backups: _("backups"), loop_lag_ms: _("event loop lag"), sessions: _("connected bots"),
  clicks: _("clicks"), history: _("history"), viewers: _("open pages"),
}[part] ?? part.replaceAll("_", " "));

/** Return the row of a part. Its value is a state with its error, a figure, or several figures. */
export function healthRow(part, value) {
  if (value === null) return nothing;
  const unhealthy = value.is_healthy === false || value.connected === false || Boolean(value.problem) || (value.state ?? "normal") !== "normal";
  const healthy = value.is_healthy || value.connected || value.enabled || value.state === "normal";
  return html`<li class=${classMap({ unhealthy, healthy: healthy && !unhealthy })}>
    <span>${partName(part)}</span><span>${healthText(part, value)}</span>
    ${unhealthy && (value.last_error ?? value.problem) ? html`<small>${value.last_error ?? value.problem}</small>` : nothing}
  </li>`;
}

function healthText(part, value) {
  if (typeof value !== "object") return part.endsWith("_ms") ? formatSeconds(value / 1000) : String(value);
  if (part === "gateway") return gatewayText(value);
  if (part === "visibility") return visibilityText(value.state);
  if (part === "clicks") return _("%(count)s answered", { count: Object.values(value.answered_ms).reduce((sum, count) => sum + count, 0) });
  if (part === "cache") return value.problem ? _("off") : cacheText(value);
  if ("is_healthy" in value) return value.is_healthy ? _("healthy") : _("unhealthy");
  return Object.entries(value).filter(([, figure]) => typeof figure !== "object").map(([name, figure]) => `${name} ${figure}`).join(", ");
}

function visibilityText(state) {
  if (state === "normal") return _("stock and buttons");
  if (state === "outdated") return _("an earlier state");
  return state === "not_shown" || state === "no_channel" ? _("nothing") : _("no stock, buttons off");
}

function gatewayText({ connected, latency_ms }) {
  if (!connected) return _("not connected");
  return latency_ms === null ? _("connected") : formatSeconds(latency_ms / 1000);
}

function cacheText(value) {
  const [hits, misses] = [value.hits ?? 0, value.misses ?? 0];
  const parts = [_("%(count)s entries", { count: value.entries })];
  if (hits + misses) parts.push(_("%(percent)s hits", { percent: `${Math.round((100 * hits) / (hits + misses))}%` }));
  return parts.join(", ");
}
