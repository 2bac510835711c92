// The parts below a message's text: embeds, files, rows of buttons and lists, and the newer layouts of all of them.
import { control, use } from "./deeds.js";
import { inline, markdown } from "./markdown.js";
import { messageSelect } from "./select.js";
import { state } from "./store.js";
import { size, written } from "./times.js";
import { classMap, html, ifDefined, nothing, styleMap } from "./vendor.js";
import { _ } from "./words.js";

const LOOKS = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const colourOf = (number) => (number || number === 0 ? `#${number.toString(16).padStart(6, "0")}` : undefined);

/** Return the address of a picture on this server, or undefined: pictures from elsewhere are never asked for. */
export function local(url, attachments = []) {
  if (!url) return undefined;
  const name = /^attachment:\/\/(.+)$/.exec(url)?.[1];
  const address = name ? attachments.find((one) => one.filename === name)?.url : url;
  const path = address && URL.canParse(address) ? new URL(address).pathname : undefined;
  return path?.startsWith("/attachments/") || path?.startsWith("/avatars/") ? path : undefined;
}

// --- embeds ---

export function embed(one, attachments) {
  const picture = local(one.image?.url, attachments);
  return html`<discord-embed
    slot="embeds"
    color=${ifDefined(colourOf(one.color))}
    author-name=${ifDefined(one.author?.name)}
    image=${ifDefined(picture)}
    thumbnail=${ifDefined(local(one.thumbnail?.url, attachments))}
  >
    <discord-embed-description slot="description">
      ${one.title ? html`<div class="embed-title">${inline(one.title)}</div>` : nothing}
      ${one.description ? html`<div class="text">${markdown(one.description)}</div>` : nothing}
      ${one.image?.url && !picture ? html`<div class="text">${inline(one.image.url)}</div>` : nothing}
    </discord-embed-description>
    ${one.fields?.length ? html`<discord-embed-fields slot="fields">${fields(one.fields)}</discord-embed-fields>` : nothing}
    ${one.footer || one.timestamp ? footer(one) : nothing}
  </discord-embed>`;
}

// Up to three fields that may stand beside each other share a line; each knows how many twelfths of it are its own.
function fields(all) {
  const lines = [];
  for (const field of all) {
    const line = lines.at(-1);
    if (field.inline && line?.[0].inline && line.length < 3) line.push(field);
    else lines.push([field]);
  }
  return lines.flatMap((line) => line.map((field) => html`<discord-embed-field class="w${12 / line.length}">
    <div class="field-title">${inline(field.name)}</div>
    <div class="text">${markdown(field.value)}</div>
  </discord-embed-field>`));
}

function footer({ footer: foot, timestamp }) {
  const when = timestamp ? written(new Date(timestamp)) : undefined;
  return html`<discord-embed-footer slot="footer">${[foot?.text, when].filter(Boolean).join(" • ")}</discord-embed-footer>`;
}

// --- files ---

export function attachments(files) {
  if (!files.length) return nothing;
  return html`<discord-attachments slot="attachments">${files.map(attachment)}</discord-attachments>`;
}

function attachment(one) {
  const address = local(one.url);
  if (one.content_type?.startsWith("image/")) {
    return html`<a class="picture" href=${address} target="_blank" rel="noopener"><img src=${address} alt=${one.description ?? one.filename} loading="lazy"></a>`;
  }
  return html`<div class="file">
    <svg viewBox="0 0 30 40" aria-hidden="true"><path fill="#d3d6fd" d="M2 0h18l10 10v28a2 2 0 0 1-2 2H2a2 2 0 0 1-2-2V2a2 2 0 0 1 2-2z"/><path fill="#939bf9" d="M20 0v8a2 2 0 0 0 2 2h8z"/><path stroke="#5865f2" stroke-width="2" d="M6 18h18M6 24h18M6 30h11"/></svg>
    <span><a href=${address} download=${one.filename}>${one.filename}</a><small>${size(one.size)}</small></span>
  </div>`;
}

// --- controls ---

/** Return the components of a message. */
export function components(message) {
  if (!message.components.length) return nothing;
  return html`<div slot="components" class="components">${message.components.map((one) => component(one, message))}</div>`;
}

function component(one, message) {
  const inner = (children) => (children ?? []).map((child) => component(child, message));
  const picture = (media) => local(media?.url, message.attachments);
  switch (one.type) {
    case 1: return html`<discord-action-row>${inner(one.components)}</discord-action-row>`;
    case 2: return button(one, message);
    case 3: case 5: case 6: case 7: case 8: return messageSelect(one, message);
    case 9: return html`<div class="section"><div>${inner(one.components)}</div>${component(one.accessory, message)}</div>`;
    case 10: return html`<div class="text">${markdown(one.content)}</div>`;
    case 11: return html`<img class="thumbnail" src=${ifDefined(picture(one.media))} alt=${one.description ?? ""}>`;
    case 12: return html`<div class="gallery">${one.items.map((item) => html`<img src=${ifDefined(picture(item.media))} alt=${item.description ?? ""}>`)}</div>`;
    case 13: {
      const file = message.attachments.find((known) => known.filename === one.file?.url?.replace("attachment://", ""));
      return file ? attachment(file) : nothing;
    }
    case 14: return html`<hr class=${classMap({ wide: one.spacing === 2, bare: one.divider === false })}>`;
    case 17: return html`<section class="container" style=${styleMap({ "--accent": colourOf(one.accent_color) ?? "transparent" })}>${inner(one.components)}</section>`;
    default: return nothing;
  }
}

function button(one, message) {
  const busy = state.busy.has(control(message, one.custom_id));
  const emoji = one.emoji?.name ? html`<span class="emoji">${one.emoji.id ? `:${one.emoji.name}:` : one.emoji.name}</span>` : nothing;
  if (one.style === 5) {
    return html`<a class="button link" href=${one.url} target="_blank" rel="noopener noreferrer" aria-disabled=${one.disabled ?? false}>${emoji}<span>${one.label}</span><span class="leaving" aria-hidden="true">↗</span></a>`;
  }
  return html`<button
    type="button"
    class=${classMap({ button: true, [LOOKS[one.style] ?? "secondary"]: true, busy })}
    data-custom-id=${one.custom_id}
    ?disabled=${one.disabled}
    aria-busy=${busy}
    title=${ifDefined(one.disabled ? _("Switched off right now") : undefined)}
    @click=${() => !busy && use("click", message, one.custom_id)}
  ><span class="face">${emoji}${one.label ? html`<span>${one.label}</span>` : nothing}</span>${busy ? html`<span class="dots"><i></i><i></i><i></i></span>` : nothing}</button>`;
}
