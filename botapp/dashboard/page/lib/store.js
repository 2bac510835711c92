// The state of the page and the requests that fill it. Code that changes the state calls requestRedraw().
import { setLanguage } from "./i18n.js";

const LANGUAGE_CHOSEN = "language-chosen";
/** How often charts and the figures of the shop are fetched while the page is visible. */
const REFRESH_MS = 60000;
const RETRY_MS = 3000;

export const state = {
  /** the figures of now, as /api/events sends them */
  now: null,
  seenAt: 0,
  /** whether the event stream is open */
  live: true,
  range: "day",
  series: null,
  restarts: [],
  shop: null,
  shopProblem: null,
  errors: null,
  language: localStorage.getItem(LANGUAGE_CHOSEN),
};

const listeners = new Set();
let scheduled = false;

/** Call `listener` once after each batch of changes. */
export const addListener = (listener) => listeners.add(listener);

/** Schedule a redraw after a change of the state. */
export function requestRedraw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => { scheduled = false; listeners.forEach((listener) => listener()); });
}

/** Return the answer to a GET. Throws an Error with the server's reason; without a session the page shows the login. */
export async function get(path) {
  const response = await fetch(path);
  if (response.status === 401) location.reload();
  const data = await response.json();
  if (!response.ok) throw new Error(data.error);
  return data;
}

/** Show another range of time. */
export function chooseRange(range) {
  state.range = range;
  requestRedraw();
  return refresh();
}

/** Use another language, and keep it. */
export async function chooseLanguage(language) {
  localStorage.setItem(LANGUAGE_CHOSEN, language);
  state.language = language;
  await setLanguage(language);
  requestRedraw();
}

/** Fetch everything that belongs to the range. */
export async function refresh() {
  const { range } = state;
  const [series, restarts, shop] = await Promise.allSettled(["series", "restarts", "shop"].map((name) => get(`/api/${name}?range=${range}`)));
  if (range !== state.range) return;
  if (series.status === "fulfilled") state.series = series.value;
  if (restarts.status === "fulfilled") state.restarts = restarts.value;
  state.shopProblem = shop.status === "fulfilled" ? null : shop.reason.message;
  if (shop.status === "fulfilled") state.shop = shop.value;
  requestRedraw();
}

/** Fetch the last errors in the logs. */
export async function fetchErrors() {
  state.errors = await get("/api/errors").catch(() => state.errors);
  requestRedraw();
}

/** Fetch everything, and follow what changes. */
export function connect() {
  const source = new EventSource("/api/events");
  source.onmessage = async ({ data }) => {
    const before = state.now;
    state.now = JSON.parse(data);
    // After an update this page and its server no longer fit each other.
    if (before && before.version !== state.now.version) location.reload();
    state.seenAt = performance.now();
    state.live = true;
    if (!before) await setLanguage((state.language ??= state.now.language));
    else if (countRestarts(before) !== countRestarts(state.now)) refresh();
    requestRedraw();
  };
  source.onerror = () => {
    source.close();
    state.live = false;
    requestRedraw();
    setTimeout(reconnect, RETRY_MS);
  };
}

async function reconnect() {
  // Without a session this reloads the page, which shows the login.
  await get("/api/series?range=day").then(refresh, () => undefined);
  connect();
}

const countRestarts = (now) => now.programs.map((program) => `${program.life} ${program.restart !== null}`).join();

refresh();
fetchErrors();
setInterval(() => { if (!document.hidden) { refresh(); fetchErrors(); } }, REFRESH_MS);
