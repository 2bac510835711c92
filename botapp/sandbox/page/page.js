// The page of the local Discord: shows what the chosen member sees, and does what he does.
// It asks the control API only, and draws anew after every event.

const $ = (id) => document.getElementById(id);
const state = { member: "Budi", channel: "toko", failed: new Set(), dismissed: new Set(), busy: new Set() };

async function ask(method, path, body) {
  const answer = await fetch("/control/" + path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error);
  return data;
}

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// --- text ---------------------------------------------------------------------------------------

const MARKS = /```(?:\w*\n)?([\s\S]+?)```|`([^`\n]+)`|\*\*([\s\S]+?)\*\*|__([\s\S]+?)__|\*([^*\n]+)\*|~~([\s\S]+?)~~|<[@#][!&]?(\d+)>|<t:(\d+)(?::\w)?>/g;
const MARK_TAGS = ["pre", "code", "b", "u", "i", "s"];

function marked(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(MARKS)) {
    parts.push(text.slice(end, found.index));
    end = found.index + found[0].length;
    const which = found.slice(1).findIndex((group) => group !== undefined);
    if (which < 2) parts.push(make(MARK_TAGS[which], { textContent: found[which + 1] }));
    else if (which < 6) parts.push(make(MARK_TAGS[which], {}, ...marked(found[which + 1])));
    else if (which === 6) parts.push(make("b", { textContent: (found[0][1] === "#" ? "#" : "@") + nameOf(found[7]) }));
    else parts.push(new Date(found[8] * 1000).toLocaleString());
  }
  parts.push(text.slice(end));
  return parts;
}

function nameOf(id) {
  const { members, channels, bot } = state.world;
  return [...members, ...channels, bot].find((one) => one.id === id)?.name ?? id;
}

// --- messages -----------------------------------------------------------------------------------

function drawMessage(message) {
  const item = $("message").content.firstElementChild.cloneNode(true);
  const at = (selector) => item.querySelector(selector);
  item.dataset.id = message.id;
  item.classList.toggle("for-you", message.ephemeral);
  item.classList.toggle("has-failed", state.failed.has(state.member + message.id));
  at(".avatar").src = `/avatars/${message.author.id}.svg`;
  at(".head b").textContent = message.author_name;
  at(".tag").hidden = !message.author.bot;
  at("time").textContent = new Date(message.timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  at(".content").classList.toggle("thinking", message.loading);
  at(".content").append(...(message.loading ? [`${message.author_name} is thinking…`] : marked(message.content)));
  if (message.edited_timestamp && !message.ephemeral) at(".content").append(make("span", { className: "edited", textContent: " (edited)" }));
  at(".embeds").append(...message.embeds.map(drawEmbed));
  at(".attachments").append(...message.attachments.map((one) => make("a", { href: one.url, textContent: `📎 ${one.filename} (${one.size} bytes)` })));
  at(".components").append(...message.components.map((row) => drawRow(row, message)));
  const dismiss = make("button", { textContent: "Dismiss", type: "button", onclick: () => { state.dismissed.add(message.id); draw(); } });
  at(".ephemeral").append(" · ", dismiss);
  return item;
}

function drawEmbed(embed) {
  const box = make("article", { className: "embed" });
  if (embed.color != null) box.style.borderLeftColor = "#" + embed.color.toString(16).padStart(6, "0");
  if (embed.author) box.append(make("p", {}, make("b", { textContent: embed.author.name })));
  if (embed.title) box.append(make("h3", {}, ...marked(embed.title)));
  if (embed.description) box.append(make("p", {}, ...marked(embed.description)));
  if (embed.fields?.length) {
    box.append(make("dl", {}, ...embed.fields.map((field) => make("div", { className: field.inline ? "inline" : "" },
      make("dt", {}, ...marked(field.name)), make("dd", {}, ...marked(field.value))))));
  }
  const foot = [embed.footer?.text, embed.timestamp && new Date(embed.timestamp).toLocaleString()].filter(Boolean);
  if (foot.length) box.append(make("footer", { textContent: foot.join(" • ") }));
  return box;
}

function drawRow(row, message) {
  return make("div", { className: "row" }, ...(row.components ?? [row]).map((one) => one.type === 3 ? drawSelect(one, message) : drawButton(one, message)));
}

function drawButton(button, message) {
  const emoji = button.emoji?.name ? button.emoji.name + " " : "";
  const busy = state.busy.has(state.member + message.id + button.custom_id);
  const node = make("button", {
    type: "button",
    className: `s${button.style}` + (busy ? " busy" : ""),
    textContent: emoji + (button.label ?? ""),
    disabled: button.disabled ?? false,
    onclick: () => act(message, button.custom_id, "click", { message_id: message.id, custom_id: button.custom_id }),
  });
  node.dataset.customId = button.custom_id ?? "";
  return node;
}

function drawSelect(select, message) {
  const first = make("option", { textContent: select.placeholder ?? "Choose…", value: "", disabled: true, selected: true });
  const options = select.options.map((one) => make("option", { textContent: one.label, value: one.value }));
  const node = make("select", { disabled: select.disabled ?? false }, first, ...options);
  node.onchange = () => act(message, select.custom_id, "select", { message_id: message.id, custom_id: select.custom_id, values: [node.value] });
  return node;
}

let drawing = null;
let again = false;

// One drawing at a time; what changes meanwhile is drawn right after.
function draw() {
  if (drawing) { again = true; return drawing; }
  drawing = drawOnce().catch(tell).finally(() => {
    drawing = null;
    if (again) { again = false; draw(); }
  });
  return drawing;
}

async function drawOnce() {
  const { member, channel } = state;
  const view = await ask("GET", `view?member=${member}&channel=${channel}`).catch((error) => ({ messages: [], error }));
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const focused = document.activeElement?.dataset?.customId;
  const shown = view.messages.filter((message) => !state.dismissed.has(message.id));
  list.replaceChildren(...(view.error ? [make("li", { textContent: view.error.message })] : shown.map(drawMessage)));
  if (focused) list.querySelector(`[data-custom-id="${CSS.escape(focused)}"]`)?.focus();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

// --- deeds --------------------------------------------------------------------------------------

async function act(message, control, deed, fields) {
  const member = state.member;
  state.failed.delete(member + message.id);
  state.busy.add(member + message.id + control);
  draw();
  try {
    const { interaction_id } = await ask("POST", deed, { member, ...fields });
    const result = await ask("GET", `interaction/${interaction_id}?wait_s=4&until=ack`);
    if (result.state === "failed") state.failed.add(member + message.id);
    if (result.modal) openModal(member, message, interaction_id, result.modal);
  } catch (error) {
    tell(error);
  }
  state.busy.delete(member + message.id + control);
  draw();
}

function openModal(member, message, interactionId, modal) {
  const form = $("modal").firstElementChild;
  const fields = modal.components.flatMap((one) => one.component ? [{ label: one.label, ...one.component }] : one.components ?? []);
  const inputs = fields.filter((one) => one.custom_id).map((one) => {
    const input = one.type === 3
      ? make("select", {}, ...one.options.map((option) => make("option", { textContent: option.label, value: option.value })))
      : make(one.style === 2 ? "textarea" : "input", { value: one.value ?? "", placeholder: one.placeholder ?? "", maxLength: one.max_length ?? 4000 });
    return Object.assign(input, { name: one.custom_id, required: one.required ?? true, dataLabel: one.label });
  });
  form.replaceChildren(
    make("h3", { textContent: modal.title }),
    ...inputs.map((input) => make("label", {}, input.dataLabel ?? input.name, input)),
    make("div", { className: "buttons" },
      make("button", { type: "button", textContent: "Cancel", onclick: () => $("modal").close() }),
      make("button", { className: "send", textContent: "Submit" })),
  );
  form.onsubmit = () => {
    const values = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    const fieldsOf = { interaction_id: interactionId, values };
    state.member === member ? act(message, "", "modal", fieldsOf) : tell(new Error(`That form was for ${member}.`));
  };
  $("modal").showModal();
}

function tell(error) {
  $("note").textContent = error.message;
}

// --- the frame ----------------------------------------------------------------------------------

function drawFrame() {
  const { channels, members } = state.world;
  $("channel").textContent = state.channel === "dm" ? "@ " + state.world.bot.name : "# " + state.channel;
  $("text").placeholder = `Message ${$("channel").textContent} as ${state.member}`;
  $("channels").replaceChildren(...[...channels.filter((one) => one.members.includes(state.member)).map((one) => one.name), "dm"].map((name) => {
    const button = make("button", { type: "button", textContent: name === "dm" ? "@ direct messages" : "# " + name, onclick: () => go({ channel: name }) });
    if (name === state.channel) button.setAttribute("aria-current", "page");
    return make("li", {}, button);
  }));
  $("members").replaceChildren(...members.map((one) => {
    const button = make("button", { type: "button", onclick: () => go({ member: one.name }) }, make("img", { src: `/avatars/${one.id}.svg`, alt: "" }), one.name);
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", one.name === state.member);
    return button;
  }));
}

function go(where) {
  Object.assign(state, where);
  const open = state.world.channels.find((one) => one.name === state.channel);
  if (open && !open.members.includes(state.member)) state.channel = "toko";
  drawFrame();
  draw().then(() => { $("messages").scrollTop = $("messages").scrollHeight; });
}

async function drawBot() {
  const { sessions } = await ask("GET", "sessions");
  const online = sessions.some((session) => session.connected);
  $("bot").classList.toggle("online", online);
  $("bot-state").textContent = `${state.world.bot.name} is ${online ? "online" : "offline"}`;
}

$("write").onsubmit = async (event) => {
  event.preventDefault();
  const content = $("text").value.trim();
  if (!content) return;
  $("text").value = "";
  try {
    await ask("POST", "message", { member: state.member, channel: state.channel, content });
    $("messages").scrollTop = $("messages").scrollHeight;
  } catch (error) {
    tell(error);
  }
};

async function begin() {
  state.world = await ask("GET", "world");
  $("guild").textContent = state.world.guild.name;
  drawFrame();
  const events = new EventSource("/control/events");
  events.onopen = () => { draw(); drawBot().catch(tell); };
  events.onmessage = ({ data }) => (JSON.parse(data).type.startsWith("session") ? drawBot().catch(tell) : draw());
  events.onerror = () => { $("bot").classList.remove("online"); $("bot-state").textContent = "the local Discord does not answer"; };
  $("text").focus();
}

begin().catch(tell);
