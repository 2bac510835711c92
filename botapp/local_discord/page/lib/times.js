// Formats dates, durations and sizes in the current language.
import { _, locale } from "./i18n.js";

const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

const format = (date, options) => new Intl.DateTimeFormat(locale, options).format(date);

/** Return the time of day. */
export const formatTime = (date) => format(date, FORMATS.t);

/** Return the whole date with the day of the week. */
export const formatFullDate = (date) => format(date, FORMATS.F);

/** Return the date for the divider between two days. */
export const formatDay = (date) => format(date, FORMATS.D);

/** Return whether two dates are on the same day. */
export const isSameDay = (date, other) => date.toDateString() === other.toDateString();

/** Return the time of a message, with its date unless that is today or yesterday. */
export function formatMessageTime(date, now = new Date()) {
  const time = formatTime(date);
  if (isSameDay(date, now)) return _("Today at %(time)s", { time });
  if (isSameDay(date, new Date(now - 86400000))) return _("Yesterday at %(time)s", { time });
  return `${format(date, FORMATS.d)} ${time}`;
}

/** Return a time relative to now: "2 minutes ago". */
export function formatRelative(date, now = new Date()) {
  const seconds = Math.round((date - now) / 1000);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

/** Return a Discord timestamp (`<t:1700000000:R>`) as text. */
export function formatTimestamp(unix, style = "f") {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.valueOf())) return String(unix);
  return style === "R" ? formatRelative(date) : format(date, FORMATS[style] ?? FORMATS.f);
}

/** Return a duration in seconds as on a clock: "3:07", "2:03:07", "5 d 2:03:07". */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const rest = [hours, minutes, whole % 60].map((part) => String(part).padStart(2, "0")).join(":");
  const short = days || hours ? rest : rest.slice(3);
  return (days ? _("%(days)s d ", { days }) : "") + (days ? short : short.replace(/^0(?=\d)/, ""));
}

/** Return a short duration in seconds in ms or s: "4 ms", "1.25 s". */
export function formatSeconds(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const number = (value, digits) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  if (seconds < 0.001) return `${number(seconds * 1000, 1)} ms`;
  return seconds < 1 ? `${number(seconds * 1000, 0)} ms` : `${number(seconds, 2)} s`;
}

/** Return a size in bytes in B, KB, MB or GB. */
export function formatSize(bytes) {
  const power = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : bytes < 1024 ** 3 ? 2 : 3;
  const value = bytes / 1024 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)} ${["B", "KB", "MB", "GB"][power]}`;
}
