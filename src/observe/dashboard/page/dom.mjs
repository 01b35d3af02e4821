/** The few things done to the document. Text from outside is only ever set as text. */

export function byId(id) {
  return document.getElementById(id);
}

/** Sets a text where it differs, so that nothing is announced or laid out for nothing. */
export function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** An element with attributes and children, which are elements or texts. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const shown = new Map();

/** Makes the children of a list or a table body anew, but only where what they are made of has changed. */
export function fill(id, items, build) {
  const key = JSON.stringify(items);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  byId(id).replaceChildren(...items.map(build));
}
