// What the page knows, and how it learns it. Whoever changes something calls changed(); the page is drawn from here.
import { speak } from "./words.js";

/** Messages asked for at a time. */
export const CHUNK = 100;
const REOPEN_MS = 2000;
const SOON_MS = 500;

export const state = {
  world: null,
  member: "Budi",
  channel: "toko",
  messages: [],
  /** the view that `messages` belong to, "Budi/toko"; another one than the chosen one while it is being fetched */
  shown: "",
  newest: CHUNK,
  online: false,
  /** whether the stream of events is open */
  live: true,
  supervisor: null,
  supervisorSeenAt: 0,
  commands: [],
  unread: new Map(),
  /** channel id -> until when the bot is shown as typing */
  typing: new Map(),
  /** "Budi/toko" -> what is typed there and not sent */
  drafts: new Map(),
  dismissed: new Set(),
  /** "Budi 123 buy" while a control of message 123 waits for the bot */
  busy: new Set(),
  /** "Budi 123" when that came to nothing */
  failed: new Set(),
  /** slash commands that wait for the bot, or came to nothing */
  sent: [],
  modal: null,
  replyTo: null,
  drawer: null,
  panel: true,
  toast: null,
};

const listeners = new Set();
let scheduled = false;

/** Call `listener` after every change, once for all changes made in one go. */
export const listen = (listener) => listeners.add(listener);

/** Say that something has changed. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    for (const listener of listeners) listener();
  });
}

/** Ask the control API. Throws an Error with its words when it refuses, or when nobody answers. */
export async function ask(method, path, body) {
  const answer = await fetch(`/control/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error);
  return data;
}

let toastTimer;

/** Show a short text for a while. */
export function tell(text) {
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { state.toast = null; changed(); }, 6000);
  state.toast = text;
  changed();
}

export const me = () => state.world.members.find((one) => one.name === state.member);
export const visibleChannels = (member = state.member) => state.world.channels.filter((one) => one.members.includes(member));
export const key = (member, channel) => `${member}/${channel}`;

/** Return who or what an id names, or undefined. */
export function named(id) {
  const { members, channels, bot } = state.world;
  return [...members, ...channels, bot].find((one) => one.id === id);
}

// One request of a kind at a time; what changes meanwhile is asked for right after.
function coalesced(fetchOnce) {
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

export const fetchView = coalesced(async () => {
  const { member, channel, newest } = state;
  const { messages } = await ask("GET", `view?member=${member}&channel=${channel}&newest=${newest}`);
  if (key(member, channel) !== key(state.member, state.channel)) return;
  state.messages = messages;
  state.shown = key(member, channel);
  changed();
});

export const fetchBot = coalesced(async () => {
  const { sessions } = await ask("GET", "sessions");
  state.online = sessions.some((session) => session.connected);
  changed();
});

export const fetchCommands = coalesced(async () => {
  state.commands = (await ask("GET", `commands?member=${state.member}&channel=${state.channel}`)).commands;
  changed();
});

export const fetchSupervisor = coalesced(async () => {
  state.supervisor = await ask("GET", "supervisor");
  state.supervisorSeenAt = performance.now();
  changed();
});

export const fetchWorld = coalesced(async () => {
  state.world = await ask("GET", "world");
  await speak(me().language);
  changed();
});

/** Be somebody, somewhere: `where` names what is to change of member and channel. */
export async function go(where) {
  const before = key(state.member, state.channel);
  Object.assign(state, where);
  if (!state.world.members.some((one) => one.name === state.member)) state.member = state.world.members[0].name;
  const known = state.channel === "dm" || visibleChannels().some((one) => one.name === state.channel);
  if (!known) state.channel = "toko";
  state.drawer = null;
  if (before !== key(state.member, state.channel)) Object.assign(state, { newest: CHUNK, replyTo: null, modal: null });
  read();
  const hash = `#${state.member}/${state.channel}`;
  if (location.hash !== hash) history.replaceState(null, "", hash);
  await speak(me().language);
  changed();
  fetchView();
  fetchCommands();
}

/** What is shown has been read. */
export function read() {
  if (!document.hidden && state.unread.delete(key(state.member, state.channel))) changed();
}

// Who, besides the one who looks, has something new in which channel.
function noteUnread({ channel_id, author_id, only_for }) {
  for (const member of state.world.members) {
    if (member.id === author_id || (only_for && only_for !== member.id)) continue;
    const channel = member.dm_id === channel_id ? "dm" : visibleChannels(member.name).find((one) => one.id === channel_id)?.name;
    const place = channel && key(member.name, channel);
    if (!place || (place === key(state.member, state.channel) && !document.hidden)) continue;
    state.unread.set(place, (state.unread.get(place) ?? 0) + 1);
  }
}

function heard(event) {
  if (event.type === "gap") fetchEverything();
  else if (event.type === "supervisor") fetchSupervisor();
  else if (event.type === "commands") fetchCommands();
  else if (event.type === "language") fetchWorld().then(fetchCommands);
  else if (event.type.startsWith("session")) {
    fetchBot();
    // the bot tells its supervisor a little later that it is connected
    setTimeout(fetchSupervisor, SOON_MS);
  }
  else if (event.type === "typing") {
    state.typing.set(event.channel_id, Date.now() + 9000);
    setTimeout(changed, 9100);
    changed();
  } else {
    if (event.type === "message_create") {
      if (event.author_id === state.world.bot.id) state.typing.delete(event.channel_id);
      noteUnread(event);
    }
    fetchView();
  }
}

function fetchEverything() {
  fetchWorld().then(() => Promise.all([fetchView(), fetchBot(), fetchCommands(), fetchSupervisor()]));
}

// The browser opens a broken stream again and names the last event it got; when it gives up (the answer was no
// stream), a new one is opened. What is shown is asked for anew each time: nothing that happened meanwhile is missed.
function openStream() {
  const events = new EventSource("/control/events");
  events.onmessage = ({ data }) => heard(JSON.parse(data));
  events.onopen = () => {
    state.live = true;
    fetchEverything();
  };
  events.onerror = () => {
    Object.assign(state, { live: false, online: false });
    changed();
    if (events.readyState === EventSource.CLOSED) setTimeout(openStream, REOPEN_MS);
  };
}

/** Learn everything, and whatever happens from now on. A lost stream opens itself again and is caught up with. */
export async function begin() {
  state.world = await ask("GET", "world");
  const [member, channel] = decodeURIComponent(location.hash.slice(1)).split("/");
  await go({ member: member || state.member, channel: channel || state.channel });
  openStream();
  addEventListener("hashchange", () => {
    const [toMember, toChannel] = decodeURIComponent(location.hash.slice(1)).split("/");
    go({ member: toMember || state.member, channel: toChannel || state.channel });
  });
  document.addEventListener("visibilitychange", read);
}
