// The parts below a message's text: embeds, attachments and components.
import { _ } from "../lib/i18n.js";
import { state } from "../lib/store.js";
import { formatMessageTime, formatSize } from "../lib/times.js";
import { classMap, html, ifDefined, nothing, styleMap } from "../lib/vendor.js";
import { controlKey, useControl } from "./actions.js";
import { renderInline, renderMarkdown } from "./markdown.js";
import { renderMessageSelect } from "./select.js";

const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };

const colourOf = (number) => (number || number === 0 ? `#${number.toString(16).padStart(6, "0")}` : undefined);

// Returns the path of an image on this server, or undefined: the page never loads images from other servers.
function localPath(url, attachments = []) {
  if (!url) return undefined;
  const name = /^attachment:\/\/(.+)$/.exec(url)?.[1];
  const address = name ? attachments.find((file) => file.filename === name)?.url : url;
  const path = address && URL.canParse(address) ? new URL(address).pathname : undefined;
  return path?.startsWith("/attachments/") || path?.startsWith("/avatars/") ? path : undefined;
}

// --- embeds ---

/** Return an embed of a message. */
export function embed(data, attachments) {
  const picture = localPath(data.image?.url, attachments);
  return html`<discord-embed
    slot="embeds"
    color=${ifDefined(colourOf(data.color))}
    author-name=${ifDefined(data.author?.name)}
    image=${ifDefined(picture)}
    thumbnail=${ifDefined(localPath(data.thumbnail?.url, attachments))}
  >
    <discord-embed-description slot="description">
      ${data.title ? html`<div class="embed-title">${renderInline(data.title)}</div>` : nothing}
      ${data.description ? html`<div class="text">${renderMarkdown(data.description)}</div>` : nothing}
      ${data.image?.url && !picture ? html`<div class="text">${renderInline(data.image.url)}</div>` : nothing}
    </discord-embed-description>
    ${data.fields?.length ? html`<discord-embed-fields slot="fields">${fields(data.fields)}</discord-embed-fields>` : nothing}
    ${data.footer || data.timestamp ? embedFooter(data) : nothing}
  </discord-embed>`;
}

// Up to three inline fields share a line; the class gives the width of each in twelfths.
function fields(all) {
  const lines = [];
  for (const field of all) {
    const line = lines.at(-1);
    if (field.inline && line?.[0].inline && line.length < 3) line.push(field);
    else lines.push([field]);
  }
  return lines.flatMap((line) => line.map((field) => html`<discord-embed-field class="w${12 / line.length}">
    <div class="field-title">${renderInline(field.name)}</div>
    <div class="text">${renderMarkdown(field.value)}</div>
  </discord-embed-field>`));
}

function embedFooter({ footer, timestamp }) {
  const when = timestamp ? formatMessageTime(new Date(timestamp)) : undefined;
  return html`<discord-embed-footer slot="footer">${[footer?.text, when].filter(Boolean).join(" • ")}</discord-embed-footer>`;
}

// --- attachments ---

/** Return the attachments of a message. */
export function attachments(files) {
  if (!files.length) return nothing;
  return html`<discord-attachments slot="attachments">${files.map(attachment)}</discord-attachments>`;
}

function attachment(file) {
  const address = localPath(file.url);
  if (file.content_type?.startsWith("image/")) {
    return html`<a class="picture" href=${address} target="_blank" rel="noopener"><img src=${address} alt=${file.description ?? file.filename} loading="lazy"></a>`;
  }
  return html`<div class="file">
    <svg viewBox="0 0 30 40" aria-hidden="true"><path fill="#d3d6fd" d="M2 0h18l10 10v28a2 2 0 0 1-2 2H2a2 2 0 0 1-2-2V2a2 2 0 0 1 2-2z"/><path fill="#939bf9" d="M20 0v8a2 2 0 0 0 2 2h8z"/><path stroke="#5865f2" stroke-width="2" d="M6 18h18M6 24h18M6 30h11"/></svg>
    <span><a href=${address} download=${file.filename}>${file.filename}</a><small>${formatSize(file.size)}</small></span>
  </div>`;
}

// --- components ---

/** Return the components of a message. */
export function components(message) {
  if (!message.components.length) return nothing;
  return html`<div slot="components" class="components">${message.components.map((part) => component(part, message))}</div>`;
}

function component(part, message) {
  const inner = (children) => (children ?? []).map((child) => component(child, message));
  const picture = (media) => localPath(media?.url, message.attachments);
  switch (part.type) {
    case 1: return html`<discord-action-row>${inner(part.components)}</discord-action-row>`;
    case 2: return button(part, message);
    case 3: case 5: case 6: case 7: case 8: return renderMessageSelect(part, message);
    case 9: return html`<div class="section"><div>${inner(part.components)}</div>${component(part.accessory, message)}</div>`;
    case 10: return html`<div class="text">${renderMarkdown(part.content)}</div>`;
    case 11: return html`<img class="thumbnail" src=${ifDefined(picture(part.media))} alt=${part.description ?? ""}>`;
    case 12: return html`<div class="gallery">${part.items.map((item) => html`<img src=${ifDefined(picture(item.media))} alt=${item.description ?? ""}>`)}</div>`;
    case 13: {
      const file = message.attachments.find((attached) => attached.filename === part.file?.url?.replace("attachment://", ""));
      return file ? attachment(file) : nothing;
    }
    case 14: return html`<hr class=${classMap({ wide: part.spacing === 2, bare: part.divider === false })}>`;
    case 17: return html`<section class="container" style=${styleMap({ "--accent": colourOf(part.accent_color) ?? "transparent" })}>${inner(part.components)}</section>`;
    default: return nothing;
  }
}

function button(control, message) {
  const busy = state.busy.has(controlKey(message, control.custom_id));
  const emoji = control.emoji?.name ? html`<span class="emoji">${control.emoji.id ? `:${control.emoji.name}:` : control.emoji.name}</span>` : nothing;
  if (control.style === 5) {
    return html`<a class="button link" href=${control.url} target="_blank" rel="noopener noreferrer" aria-disabled=${control.disabled ?? false}>${emoji}<span>${control.label}</span><span class="leaving" aria-hidden="true">↗</span></a>`;
  }
  return html`<button
    type="button"
    class=${classMap({ button: true, [BUTTON_STYLES[control.style] ?? "secondary"]: true, busy })}
    data-custom-id=${control.custom_id}
    ?disabled=${control.disabled}
    aria-busy=${busy}
    title=${ifDefined(control.disabled ? _("Currently disabled") : undefined)}
    @click=${() => !busy && useControl("click", message, control.custom_id)}
  ><span class="face">${emoji}${control.label ? html`<span>${control.label}</span>` : nothing}</span>${busy ? html`<span class="dots"><i></i><i></i><i></i></span>` : nothing}</button>`;
}
