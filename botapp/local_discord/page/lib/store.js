// The state of the page and the requests that fill it. Code that changes the state calls requestRedraw().
import { setLanguage } from "./i18n.js";

/** Number of messages fetched at a time. */
export const PAGE_SIZE = 100;
const REOPEN_MS = 2000;
const BOT_REPORT_DELAY_MS = 500;

export const state = {
  world: null,
  member: "Budi",
  channel: "toko",
  messages: [],
  /** view of `messages`, "Budi/toko"; differs from the chosen view while that is being fetched */
  shown: "",
  newest: PAGE_SIZE,
  online: false,
  /** whether the event stream is open */
  live: true,
  supervisor: null,
  supervisorSeenAt: 0,
  commands: [],
  unread: new Map(),
  /** channel id -> time until which the bot is shown as typing, in ms */
  typing: new Map(),
  /** "Budi/toko" -> unsent text */
  drafts: new Map(),
  dismissed: new Set(),
  /** "Budi 123 buy" while that control of message 123 waits for the bot */
  busy: new Set(),
  /** "Budi 123" if that failed */
  failed: new Set(),
  /** slash commands that wait for the bot or failed */
  sent: [],
  modal: null,
  replyTo: null,
  drawer: null,
  panel: true,
  toast: null,
};

const listeners = new Set();
let scheduled = false;

/** Call `listener` once after each batch of changes. */
export const addListener = (listener) => listeners.add(listener);

/** Schedule a redraw after a change of the state. */
export function requestRedraw() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const listener of listeners) listener();
  });
}

/** Call the control API. Throws an Error with the API's message, or that of the failed request. */
export async function callApi(method, path, body) {
  const response = await fetch(`/control/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error);
  return data;
}

let toastTimer;

/** Show a notice for a few seconds. */
export function showNotice(text) {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { state.toast = null; requestRedraw(); }, 6000);
  state.toast = text;
  requestRedraw();
}

export const currentMember = () => state.world.members.find((member) => member.name === state.member);
export const visibleChannels = (member = state.member) => state.world.channels.filter((channel) => channel.members.includes(member));
export const viewKey = (member, channel) => `${member}/${channel}`;

/** Return the member, channel or bot with an id, or undefined. */
export function findById(id) {
  const { members, channels, bot } = state.world;
  return [...members, ...channels, bot].find((entity) => entity.id === id);
}

// Limits `fetchOnce` to one request at a time. Calls in the meantime lead to one more request afterwards.
function coalesce(fetchOnce) {
  let running = null;
  let again = false;
  const run = () => {
    if (running) { again = true; return running; }
    running = fetchOnce().catch(() => undefined).finally(() => {
      running = null;
      if (again) { again = false; run(); }
    });
    return running;
  };
  return run;
}

export const fetchView = coalesce(async () => {
  const { member, channel, newest } = state;
  const { messages } = await callApi("GET", `view?member=${member}&channel=${channel}&newest=${newest}`);
  if (viewKey(member, channel) !== viewKey(state.member, state.channel)) return;
  state.messages = messages;
  state.shown = viewKey(member, channel);
  requestRedraw();
});

const fetchBot = coalesce(async () => {
  const { sessions } = await callApi("GET", "sessions");
  state.online = sessions.some((session) => session.connected);
  requestRedraw();
});

const fetchCommands = coalesce(async () => {
  state.commands = (await callApi("GET", `commands?member=${state.member}&channel=${state.channel}`)).commands;
  requestRedraw();
});

export const fetchSupervisor = coalesce(async () => {
  state.supervisor = await callApi("GET", "supervisor");
  state.supervisorSeenAt = performance.now();
  requestRedraw();
});

const fetchWorld = coalesce(async () => {
  state.world = await callApi("GET", "world");
  await setLanguage(currentMember().language);
  requestRedraw();
});

const LANGUAGE_CHOSEN = "language-chosen";

/** Set the language of the current member's client, and keep it over reloads. */
export async function chooseLanguage(language) {
  localStorage.setItem(LANGUAGE_CHOSEN, "yes");
  await callApi("POST", "language", { member: state.member, language });
}

// A client speaks the browser's language until another one is chosen in this browser.
async function followBrowserLanguage() {
  const language = navigator.language.startsWith("id") ? "id" : "en-US";
  if (localStorage.getItem(LANGUAGE_CHOSEN) || currentMember().language === language) return;
  await callApi("POST", "language", { member: state.member, language });
  currentMember().language = language;
}

/** Switch member, channel or both; `where` holds those that change. */
export async function openView(where) {
  const before = viewKey(state.member, state.channel);
  Object.assign(state, where);
  if (!state.world.members.some((member) => member.name === state.member)) state.member = state.world.members[0].name;
  const isVisible = state.channel === "dm" || visibleChannels().some((channel) => channel.name === state.channel);
  if (!isVisible) state.channel = "toko";
  state.drawer = null;
  if (before !== viewKey(state.member, state.channel)) Object.assign(state, { newest: PAGE_SIZE, replyTo: null, modal: null });
  markAsRead();
  const hash = `#${state.member}/${state.channel}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
  await followBrowserLanguage();
  await setLanguage(currentMember().language);
  requestRedraw();
  fetchView();
  fetchCommands();
}

/** Mark the current view as read, if the page is visible. */
function markAsRead() {
  if (!document.hidden && state.unread.delete(viewKey(state.member, state.channel))) requestRedraw();
}

// Counts a new message for all members who can see it, except its author and the open view.
function countUnread({ channel_id, author_id, only_for }) {
  for (const member of state.world.members) {
    if (member.id === author_id || (only_for && only_for !== member.id)) continue;
    const channel = member.dm_id === channel_id ? "dm" : visibleChannels(member.name).find((visible) => visible.id === channel_id)?.name;
    const place = channel && viewKey(member.name, channel);
    if (!place || (place === viewKey(state.member, state.channel) && !document.hidden)) continue;
    state.unread.set(place, (state.unread.get(place) ?? 0) + 1);
  }
}

function handleEvent(event) {
  if (event.type === "gap") fetchEverything();
  else if (event.type === "supervisor") fetchSupervisor();
  else if (event.type === "commands") fetchCommands();
  else if (event.type === "language") fetchWorld().then(fetchCommands);
  else if (event.type.startsWith("session")) {
    fetchBot();
    // the bot reports its connection to the supervisor slightly later
    setTimeout(fetchSupervisor, BOT_REPORT_DELAY_MS);
  }
  else if (event.type === "typing") {
    state.typing.set(event.channel_id, Date.now() + 9000);
    setTimeout(requestRedraw, 9100);
    requestRedraw();
  } else {
    if (event.type === "message_create") {
      if (event.author_id === state.world.bot.id) state.typing.delete(event.channel_id);
      countUnread(event);
    }
    fetchView();
  }
}

function fetchEverything() {
  fetchWorld().then(() => Promise.all([fetchView(), fetchBot(), fetchCommands(), fetchSupervisor()]));
}

// The browser reopens a broken stream and sends the id of its last event. It gives up if the answer is not a stream;
// then a new one is opened. Each time everything is fetched again, so that no event is missed.
function openStream() {
  const events = new EventSource("/control/events");
  events.onmessage = ({ data }) => handleEvent(JSON.parse(data));
  events.onopen = () => {
    state.live = true;
    fetchEverything();
  };
  events.onerror = () => {
    Object.assign(state, { live: false, online: false });
    requestRedraw();
    if (events.readyState === EventSource.CLOSED) setTimeout(openStream, REOPEN_MS);
  };
}

/** Fetch the state and subscribe to events. A lost event stream is reopened. */
export async function connect() {
  state.world = await callApi("GET", "world");
  const [member, channel] = decodeURIComponent(location.hash.slice(1)).split("/");
  await openView({ member: member || state.member, channel: channel || state.channel });
  openStream();
  addEventListener("hashchange", () => {
    const [toMember, toChannel] = decodeURIComponent(location.hash.slice(1)).split("/");
    openView({ member: toMember || state.member, channel: toChannel || state.channel });
  });
  document.addEventListener("visibilitychange", markAsRead);
}
