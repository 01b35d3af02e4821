const LINES = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#0891b2'];
const FLAMES = ['#f59e0b', '#f97316', '#eab308', '#fb923c', '#facc15'];

/** Light and dark, as the reader's system has it. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2937;--dim:#6b7280;--rule:#e5e7eb;--good:#047857;--bad:#b91c1c}
@media (prefers-color-scheme:dark){:root{--paper:#111827;--ink:#e5e7eb;--dim:#9ca3af;--rule:#374151;--good:#34d399;--bad:#f87171}}
body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:84rem;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}h3{font-size:1rem;margin:1.5rem 0 .4rem}
table{border-collapse:collapse;font-size:14px}th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{color:var(--dim);font-weight:500}.n{text-align:right;font-variant-numeric:tabular-nums}
.met{color:var(--good)}.not-met{color:var(--bad);font-weight:600}.not-measured,.note{color:var(--dim)}.note{font-size:13px;margin:.3rem 0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(30rem,1fr));gap:1.5rem}
figure{margin:0}figcaption{font-weight:500;margin-bottom:.3rem}svg{width:100%;height:auto}.wide{margin-bottom:2rem}
.t{fill:var(--dim);font:11px system-ui,sans-serif}.g{stroke:var(--rule)}.l{fill:none;stroke-width:1.8}.legend{font-size:13px;margin:.2rem 0}
.key::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:2px;background:currentColor;margin-right:.35em}
${LINES.map((colour, place) => `.l.k${place}{stroke:${colour}}.b.k${place},.d.k${place}{fill:${colour}}.key.k${place}::before{background:${colour}}`).join('\n')}
${FLAMES.map((colour, place) => `.f${place}{fill:${colour}}`).join('')}.ft{font:10px ui-monospace,monospace;fill:#1f2937;pointer-events:none}
`;
