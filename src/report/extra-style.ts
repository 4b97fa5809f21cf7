/** What the words need beyond the page's style sheet. */
export const extraStyle = `
.y-in { display: none; }
.plot svg text.y-out { fill: var(--ink-3); font-size: 11px; }
.plot svg text.unk-text { fill: var(--info); }
.plot [data-plot] > svg { display: block; overflow: visible; font-family: var(--sans); }
.keyline-all svg { width: 16px; height: 12px; margin: 0 4px 0 10px; vertical-align: -1px; }
.folds-rows:not(:has(input:checked)) .more-row { display: none; }
label.more { cursor: pointer; display: inline-block; margin: 6px 0 0; }
.log label.more { margin: 0; line-height: 30px; }
label.more input { margin: 0 6px 0 0; vertical-align: -1px; }
.log td small.by { font-size: 11px; color: var(--ink-2); margin-left: 5px; }
.log td.x span.kept { color: var(--ink); }
.log td.acked { padding-left: 8px; }
.log th small { color: var(--ink-3); }
.two > div { min-width: 0; }
.two .rail-note { max-width: 62em; margin-top: 8px; }
pre.trace { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.45 var(--mono); margin: 6px 0; color: var(--ink-2); }
#anomalies > .row + .card { margin-top: 18px; }
.plots { margin-top: 22px; }
.plot.axis { border-top: 0; padding: 0; }
th, td.r, .log td.c { white-space: nowrap; }
.log td.c { overflow-wrap: normal; }
.two td, .two th { padding-right: 10px; }
.log th { white-space: normal; }
td, .env dd, .happened p, .say, .story, .known li, code.wrap { overflow-wrap: anywhere; }
.cmd code span { white-space: normal; display: inline-block; max-width: 100%; }
code.wrap { white-space: normal !important; }
.caution { color: var(--info); margin-bottom: 0; }
.none-found { font-size: 19px; }
.fold-faults td { padding-right: 14px; }
details.marks pre, details pre { max-width: 100%; overflow-x: auto; }
html:not([data-script]) .with-script, html:not([data-script]) .copy, html:not([data-script]) .theme,
html:not([data-script]) .go { display: none; }
@media (max-width: 760px) {
  .y-out { display: none; }
  .plot svg text.y-in { display: inline; font-size: 10.5px; fill: var(--ink-2); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
  .wide-only { display: none; }
}
@media print { .more-row { display: table-row !important; } label.more { display: none; } }
`;
