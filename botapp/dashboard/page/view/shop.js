// What the shop's database says: sales, stock, deposits, deliveries, backups.
import { _, locale } from "../lib/i18n.js";
import { state } from "../lib/store.js";
import { formatRelative } from "../lib/times.js";
import { classMap, html, nothing, styleMap } from "../lib/vendor.js";
import { fact } from "./overview.js";

const SHOWN_PRODUCTS = 10;
const number = (value) => new Intl.NumberFormat(locale).format(value);
const amount = (value) => `${number(value)} ${state.now.currency}`;

/** Return the figures of the shop. */
export function shop() {
  return html`<section aria-labelledby="h-shop"><h2 id="h-shop">${_("Shop")}</h2>
    ${state.shopProblem ? html`<p class="problem">⚠ ${state.shopProblem}</p>` : nothing}
    ${state.shop ? content(state.shop) : nothing}</section>`;
}

function content(shown) {
  const sum = (key) => shown.days.reduce((total, day) => total + day[key], 0);
  return html`<div class="cards">
    <section class="program wide"><h3><span>${_("Sales")}</span></h3>
      <dl class="facts">${fact(_("items"), number(sum("items")))}${fact(_("revenue"), amount(sum("revenue")))}${fact(_("refunded"), amount(sum("refunded")))}
        ${fact(_("deposits"), `${number(shown.deposits)} · ${amount(shown.deposited)}`)}${fact(_("deposits refused"), number(shown.deposits_refused))}</dl>
      ${shown.days.length > 1 ? days(shown.days) : nothing}
      ${shown.products.length ? products(shown.products) : html`<p class="empty">${_("None in this time.")}</p>`}
    </section>
    <section class="program"><h3><span>${_("Stock")}</span></h3>${stock(shown.stock)}</section>
    <section class="program"><h3><span>${_("Deliveries and backups")}</span></h3>
      <dl class="facts two">${fact(_("deliveries waiting"), number(shown.deliveries_pending))}${fact(_("deliveries failed"), number(shown.deliveries_failed))}
        ${fact(_("last backup"), shown.backup_at_s === null ? _("none") : formatRelative(new Date(shown.backup_at_s * 1000)))}</dl></section>
  </div>`;
}

// One bar a day. A table holds the figures for screen readers, and for the mouse.
function days(list) {
  const most = Math.max(1, ...list.map((day) => day.revenue));
  const label = (day) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day.date));
  return html`<ol class="day-bars" aria-label=${_("Sales per day")}>${list.map((day) => {
    const text = `${label(day)}: ${_("%(items)s items, %(revenue)s", { items: number(day.items), revenue: amount(day.revenue) })}`;
    return html`<li title=${text}><span style=${styleMap({ height: `${(100 * day.revenue) / most}%` })}></span><span class="only-read">${text}</span></li>`;
  })}</ol>`;
}

function products(list) {
  return html`<table><thead><tr><th>${_("product")}</th><th class="number">${_("items")}</th><th class="number">${_("revenue")}</th></tr></thead>
    <tbody>${list.slice(0, SHOWN_PRODUCTS).map((one) => html`<tr><td>${one.name}</td><td class="number">${number(one.items)}</td><td class="number">${amount(one.revenue)}</td></tr>`)}</tbody></table>`;
}

function stock(list) {
  if (!list.length) return html`<p class="empty">${_("No products yet.")}</p>`;
  const ordered = [...list].sort((one, other) => other.is_low - one.is_low || one.stock - other.stock);
  return html`<ul class="health stock">${ordered.map((one) => html`<li class=${classMap({ unhealthy: one.is_low, healthy: !one.is_low })}>
    <span>${one.name}</span><span>${number(one.stock)}${one.is_low ? html` · ${_("low")}` : nothing}</span></li>`)}</ul>`;
}
