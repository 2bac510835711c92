// Takes the place of lit's styleMap: that one writes a style attribute at first, which a strict
// Content-Security-Policy forbids. This one sets the properties only. Names are those of CSS.
import { noChange } from "lit";
import { Directive, directive } from "lit/directive.js";

class StyleMap extends Directive {
  update(part, [styles]) {
    for (const [name, value] of Object.entries(styles)) {
      if (value === null || value === undefined || value === "") part.element.style.removeProperty(name);
      else part.element.style.setProperty(name, value);
    }
    return noChange;
  }
}

export const styleMap = directive(StyleMap);
