// The page of the local Discord: draws what store.js knows, and keeps the place where one reads.
import "./skin.js";
import { compose, fit } from "./compose.js";
import { header, narrow, notice, rail, side } from "./frame.js";
import { chat } from "./message.js";
import { hideModal, modal, showModal } from "./modal.js";
import { panel } from "./panel.js";
import { begin, changed, fetchSupervisor, key, listen, state } from "./store.js";
import { render } from "./vendor.js";
import { _ } from "./words.js";

/** How often what the supervisor does not announce (health, memory) is asked for, while it is looked at. */
const LOOK_AGAIN_MS = 3000;
const TICK_MS = 1000;
/** How often "2 minutes ago" is looked at. */
const REDRAW_MS = 15000;
const BEGIN_AGAIN_MS = 2000;
/** This near to the end one reads along, in pixels. */
const NEAR_PX = 80;

const at = (id) => document.getElementById(id);
const panelShown = () => (narrow.matches ? state.drawer === "panel" : state.panel);
let shown = "";
/** Whether one reads at the end, and is to stay there when more comes. */
let follows = true;

function draw() {
  if (!state.world) return;
  const scroller = at("chat");
  const place = state.shown;
  drawFrame();
  render(chat(), scroller);
  render(compose(), at("compose"));
  if (!state.modal) hideModal();
  render(modal(), at("over"));
  if (state.modal) showModal();
  drawPanel();
  if (place !== shown) arrive();
  shown = place;
  if (follows) toEnd();
}

function drawFrame() {
  const classes = document.body.classList;
  classes.toggle("with-panel", state.panel);
  classes.toggle("drawer-side", state.drawer === "side");
  classes.toggle("drawer-panel", state.drawer === "panel");
  // What a drawer covers cannot be reached by keys either.
  at("main").inert = Boolean(state.drawer);
  at("side").inert = narrow.matches && state.drawer !== "side";
  at("panel").inert = !panelShown();
  at("rail").inert = at("side").inert;
  render(rail(), at("rail"));
  render(side(), at("side"));
  render(header(), at("header"));
  render(notice(), at("notice"));
  const news = [...state.unread].filter(([one]) => one.startsWith(`${state.member}/`)).reduce((sum, [, count]) => sum + count, 0);
  const where = state.channel === "dm" ? state.world.bot.name : `#${state.channel}`;
  document.title = `${news ? `(${news}) ` : ""}${where} | ${state.world.guild.name}`;
  document.documentElement.dataset.ready = state.shown === key(state.member, state.channel);
}

function drawPanel() {
  if (panelShown()) render(panel(), at("panel"));
}

function toEnd() {
  at("chat").scrollTop = at("chat").scrollHeight;
}

// Messages grow after they were drawn (a component draws itself a moment later, a picture comes), and the window
// changes: who reads at the end stays there.
function followGrowth() {
  const growth = new ResizeObserver(() => follows && toEnd());
  growth.observe(at("chat"));
  growth.observe(at("chat").firstElementChild);
  let top = 0;
  at("chat").addEventListener("scroll", ({ target }) => {
    const near = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX;
    // Away from the end without having gone up: it is the end that has moved.
    if (near || target.scrollTop < top) follows = near;
    top = target.scrollTop;
  });
}

// On a phone the keyboard would cover what one came to read.
function arrive() {
  if (!shown) followGrowth();
  follows = true;
  fit();
  const elsewhere = document.activeElement && document.activeElement !== document.body;
  if (!narrow.matches && !elsewhere) at("text")?.focus();
}

// Who types while nothing has the focus means the message, as in Discord.
function anyKey(event) {
  if (event.key === "Escape" && state.drawer) {
    state.drawer = null;
    changed();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement === document.body) {
    at("text")?.focus();
  }
}

listen(draw);
document.addEventListener("keydown", anyKey);
at("shade").addEventListener("click", () => { state.drawer = null; changed(); });
narrow.addEventListener("change", () => { state.drawer = null; changed(); });
setInterval(() => !document.hidden && panelShown() && state.world && drawPanel(), TICK_MS);
setInterval(() => !document.hidden && panelShown() && state.world && fetchSupervisor(), LOOK_AGAIN_MS);
setInterval(changed, REDRAW_MS);

// A page that was opened before the local Discord answers waits for it.
function beginSoon() {
  begin().catch(() => {
    at("notice").textContent = _("The local Discord does not answer. Trying again…");
    setTimeout(beginSoon, BEGIN_AGAIN_MS);
  });
}

beginSoon();
