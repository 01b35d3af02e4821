'use strict';
/** Deeper paths match no route, as in the native router. */
const SEGMENTS_MAX = 100;

const RANK = { static: 0, parameter: 1, wildcard: 2 };

function node(name) {
  const kind = name.startsWith('*') ? 'wildcard' : name.startsWith(':') ? 'parameter' : 'static';
  return { name, kind, children: [], handler: null, parameterNames: [] };
}

function segmentsOf(path) {
  return path.replace(/^\//, '').split('/');
}

/**
 * Routes as the native router does: one tree per method and one for any method, which is tried last; within a tree a static
 * segment goes before a parameter, a parameter before a wildcard, and a branch that leads nowhere is left again. A wildcard
 * takes the rest of the path, a parameter one segment that is not empty.
 */
class Router {
  #trees = new Map();

  /** Registers `handler`; a second one for the same method and pattern takes the place of the first. */
  add(method, pattern, handler) {
    if (!this.#trees.has(method)) this.#trees.set(method, node(''));
    let at = this.#trees.get(method);
    const parameterNames = [];
    for (const segment of segmentsOf(pattern)) {
      // Parameters of one place share a node, whatever they are called.
      const same = (child) => (segment.startsWith(':') ? child.kind === 'parameter' : child.name === segment);
      let next = at.children.find(same);
      if (!next) {
        next = node(segment);
        at.children.push(next);
        at.children.sort((left, right) => RANK[left.kind] - RANK[right.kind]);
      }
      if (next.kind === 'parameter') parameterNames.push(segment.slice(1));
      at = next;
      if (next.kind === 'wildcard') break;
    }
    at.handler = handler;
    at.parameterNames = parameterNames;
  }

  /**
   * Calls `visit(handler, values, names)` for each route that matches, best first, until one returns true.
   * Returns whether one did.
   */
  route(method, path, visit) {
    const segments = segmentsOf(path);
    if (segments.length > SEGMENTS_MAX) return false;
    for (const tree of [this.#trees.get(method), this.#trees.get('any')]) {
      if (tree && descend(tree, segments, 0, [], visit)) return true;
    }
    return false;
  }
}

function descend(parent, segments, depth, values, visit) {
  if (depth === segments.length) return parent.handler !== null && visit(parent.handler, values.slice(), parent.parameterNames);
  const segment = segments[depth];
  for (const child of parent.children) {
    if (child.kind === 'wildcard') {
      if (child.handler && visit(child.handler, values.slice(), child.parameterNames)) return true;
    } else if (child.kind === 'parameter') {
      if (segment === '') continue;
      values.push(segment);
      if (descend(child, segments, depth + 1, values, visit)) return true;
      values.pop();
    } else if (child.name === segment && descend(child, segments, depth + 1, values, visit)) {
      return true;
    }
  }
  return false;
}

module.exports = { Router };
