/// How the page looks: light and dark by the reader's setting, light on paper, narrow on a telephone.
enum PageStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --page: #f4f5f7; --card: #ffffff; --ink: #1b2230; --quiet: #5a6478; --line: #dfe3ea; --soft: #eef1f5;
      --accent: #2456c4; --up: #14713f; --down: #b3261e; --warn: #8a4b00;
      --up-fill: #2e9e63; --down-fill: #d9534a; --stay: #d5dbe5; --node: #445069;
      --before: #8792a6; --after: #3b6fe0;
      --up-soft: #e2f3e9; --down-soft: #fbe6e4; --warn-soft: #fdf0d9; --accent-soft: #e4ecfc;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #10141b; --card: #181e28; --ink: #e8ecf3; --quiet: #a0abbd; --line: #2c3543; --soft: #212936;
        --accent: #8fb3ff; --up: #6fd39b; --down: #ff9188; --warn: #f2c06b;
        --up-fill: #3fb079; --down-fill: #e0645b; --stay: #364155; --node: #9aa8c0;
        --before: #6d7a92; --after: #6e9bff;
        --up-soft: #163325; --down-soft: #3d1f1e; --warn-soft: #3a2c12; --accent-soft: #1c2b4b;
      }
    }
    * { box-sizing: border-box; }
    html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--page); color: var(--ink); overflow-wrap: break-word;
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    }
    header, main, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
    header { padding-top: 40px; }
    .eyebrow { margin: 0 0 4px; color: var(--accent); font-weight: 600; }
    h1 { margin: 0 0 16px; font-size: 34px; line-height: 1.15; letter-spacing: -.02em; text-wrap: balance; }
    h2 { margin: 0 0 12px; font-size: 20px; letter-spacing: -.01em; }
    .facts { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 0 0 24px; }
    .facts div { min-width: 0; }
    .facts dt { color: var(--quiet); font-size: 13px; }
    .facts dd { margin: 0; }
    .verdict { margin: 0 0 20px; font-size: 19px; line-height: 1.45; text-wrap: pretty; }
    .figures {
      display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
      list-style: none; margin: 0 0 20px; padding: 0;
    }
    .figures li {
      display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line);
      border-radius: 12px; padding: 14px 16px;
    }
    .figures .name { color: var(--quiet); font-size: 13px; }
    .figures .figure { font-size: 28px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
    .figures .figure span { font-size: 17px; vertical-align: 3px; }
    .figures .detail { color: var(--quiet); font-size: 13px; }
    nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 20px; font-size: 13.5px; }
    a { color: var(--accent); }
    a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible,
    .wide:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    section {
      background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 24px; margin: 0 0 20px;
      scroll-margin-top: 12px;
    }
    .hint { margin: 0 0 14px; color: var(--quiet); max-width: 76ch; }
    .hint.after-table { margin: 12px 0 18px; }
    .quiet { color: var(--quiet); font-weight: 400; }
    .up { color: var(--up); } .down { color: var(--down); } .same { color: var(--quiet); }
    code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }

    .wide { overflow-x: auto; margin: 0 -24px; padding: 2px 24px; }
    .wide + .wide, .wide + details, .capacity + .wide { margin-top: 18px; }
    details { margin-top: 14px; }
    summary { cursor: pointer; color: var(--accent); width: fit-content; }
    details[open] summary { margin-bottom: 10px; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    caption { text-align: left; color: var(--quiet); padding-bottom: 6px; }
    th, td { padding: 7px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
    th:first-child, td:first-child { padding-left: 0; }
    th:last-child, td:last-child { padding-right: 0; }
    thead th, thead td { color: var(--quiet); font-weight: 600; font-size: 13px; vertical-align: bottom; }
    tbody th { font-weight: 500; }
    tbody th .quiet { display: block; font-size: 13px; }
    .n { text-align: right; white-space: nowrap; }
    .group { text-align: center; border-bottom: 0; padding-bottom: 0; }
    td.bars, th.bars { width: 160px; text-align: center; font-size: 12px; }
    .matrix .up { background: var(--up-soft); } .matrix .down { background: var(--down-soft); }
    .matrix thead th { white-space: normal; } .matrix tbody th { min-width: 110px; }
    .matrix .cell { font-weight: 600; } .matrix .none { color: var(--line); }
    .matrix .same { color: var(--ink); font-weight: 400; }
    .matrix th:last-child, .matrix td:last-child, tfoot th, tfoot td { color: var(--quiet); font-weight: 400; }
    tfoot th, tfoot td, tbody:last-of-type tr:last-child > * { border-bottom: 0; }
    tbody:has(+ tfoot) tr:last-child > * { border-bottom: 1px solid var(--line); }
    .badge {
      display: inline-block; border-radius: 999px; padding: 1px 9px; font-size: 12.5px; font-weight: 600;
      background: var(--soft); color: var(--quiet); white-space: nowrap;
    }
    .badge.added { background: var(--up-soft); color: var(--up); }
    .badge.removed { background: var(--down-soft); color: var(--down); }
    .badge.changed { background: var(--accent-soft); color: var(--accent); }
    .badge.reordered { background: var(--warn-soft); color: var(--warn); }
    .capacity {
      display: flex; gap: 14px; align-items: flex-start; margin: 0; padding: 14px 16px; border-radius: 10px;
    }
    .capacity > :last-child { flex: 1; }
    .capacity .sign {
      flex: none; width: 24px; height: 24px; border-radius: 50%; color: var(--card); text-align: center;
      font-weight: 700; line-height: 24px;
    }
    .capacity.enough { background: var(--up-soft); } .capacity.enough .sign { background: var(--up); }
    .capacity.too-much { background: var(--down-soft); } .capacity.too-much .sign { background: var(--down); }
    .meter { display: block; height: 8px; margin-top: 8px; border-radius: 4px; background: var(--card); }
    .meter span { display: block; height: 8px; border-radius: 4px; background: var(--up-fill); }
    .too-much .meter span { background: var(--down-fill); }

    svg.chart { display: block; width: 100%; min-width: 640px; height: auto; font-size: 13px; }
    svg text { fill: var(--ink); }
    .sankey .side { fill: var(--quiet); }
    .sankey .stage { font-weight: 600; font-size: 15px; }
    .sankey .count { fill: var(--quiet); }
    .node { fill: var(--node); }
    .flow { fill: var(--stay); opacity: .75; }
    .flow.up { fill: var(--up-fill); opacity: .62; } .flow.down { fill: var(--down-fill); opacity: .62; }
    .flow:hover { opacity: .95; }
    .label { pointer-events: none; }
    .pill { fill: var(--card); stroke-width: 1; } .pill.up { stroke: var(--up); } .pill.down { stroke: var(--down); }
    svg .flow-count { font-weight: 600; } svg .flow-count.same { font-weight: 400; }
    svg .flow-count.up { fill: var(--up); } svg .flow-count.down { fill: var(--down); }
    svg tspan.difference { fill: var(--ink); font-weight: 600; }
    .grid { stroke: var(--line); } .base { stroke: var(--quiet); }
    svg .tick { fill: var(--quiet); font-size: 12px; }
    .before { fill: var(--before); } .after { fill: var(--after); }
    .more { fill: var(--up-fill); } .fewer { fill: var(--down-fill); }
    line.threshold { stroke: var(--warn); stroke-dasharray: 4 3; } line.threshold.old { opacity: .45; }
    svg text.threshold { fill: var(--warn); font-size: 12.5px; font-weight: 600; }
    .two-way { display: inline-block; vertical-align: middle; }

    .differences .entry th { padding: 16px 0 6px; }
    .differences tbody tr:not(.entry) th { color: var(--quiet); font-weight: 400; padding-left: 12px; width: 22%; }
    .differences td { width: 39%; }
    del, ins {
      text-decoration: none; border-radius: 4px; padding: 1px 5px; box-decoration-break: clone;
      -webkit-box-decoration-break: clone; overflow-wrap: anywhere;
      font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    }
    del { background: var(--down-soft); color: var(--down); } ins { background: var(--up-soft); color: var(--up); }

    .capped { margin: 0 0 14px; padding: 10px 14px; border-radius: 8px; background: var(--warn-soft); }
    .controls { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: center; margin: 0 0 12px; }
    .controls[hidden], .further[hidden], button[hidden] { display: none; }
    .controls output { color: var(--quiet); margin-left: auto; }
    input, select, .further button {
      font: inherit; color: inherit; background: var(--card); border: 1px solid var(--quiet); border-radius: 8px;
      padding: 6px 10px; margin-left: 4px;
    }
    input { width: 15em; max-width: 100%; }
    .further button { cursor: pointer; margin: 12px 6px 0 0; } .further { margin: 0; }
    #lead-table tbody td:nth-child(2), #lead-table tbody td:nth-child(3), #lead-table tbody td:nth-child(4) {
      text-align: right; white-space: nowrap;
    }
    #lead-table tbody td:nth-child(4) { font-weight: 600; }
    #lead-table { font-size: 14px; }
    #lead-table th, #lead-table td { padding: 6px 8px; }
    #lead-table th:first-child { padding-left: 0; }
    #lead-table tbody th { overflow-wrap: anywhere; min-width: 180px; width: 28%; }
    #lead-table tbody td:nth-child(5) { min-width: 200px; }
    #lead-table tbody td:nth-child(6) { white-space: nowrap; }
    #lead-table tbody td:nth-child(7) { min-width: 220px; width: 30%; padding-right: 0; color: var(--quiet); }
    #lead-table tbody tr:hover { background: var(--soft); }
    #lead-table th button {
      font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit;
    }
    #lead-table th button::after { content: " ↕"; opacity: .45; }
    #lead-table th[aria-sort] { color: var(--accent); }
    #lead-table th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1; }
    #lead-table th[aria-sort=descending] button::after { content: " ↓"; opacity: 1; }
    footer { padding-bottom: 48px; color: var(--quiet); font-size: 13.5px; }
    footer p { margin: 0 0 6px; }

    @media (max-width: 640px) {
      header, main, footer { padding-left: 14px; padding-right: 14px; }
      header { padding-top: 22px; }
      h1 { font-size: 26px; } .verdict { font-size: 17px; }
      section { padding: 16px 14px; } .wide { margin: 0 -14px; padding: 2px 14px; }
      .figures { grid-template-columns: 1fr 1fr; gap: 8px; } .figures .figure { font-size: 24px; }
      .controls output { margin-left: 0; }
      th, td { padding: 6px; } table { font-size: 14px; } svg.chart { min-width: 600px; }
      td.bars, th.bars { width: auto; } .two-way { width: 72px; }
    }
    @media print {
      :root {
        --page: #ffffff; --card: #ffffff; --ink: #000000; --quiet: #454c59; --line: #cfd4dc; --soft: #eef1f5;
        --accent: #1d4aa8; --up: #14713f; --down: #b3261e; --warn: #8a4b00;
        --up-fill: #2e9e63; --down-fill: #d9534a; --stay: #d5dbe5; --node: #445069;
        --before: #8792a6; --after: #3b6fe0;
        --up-soft: #e2f3e9; --down-soft: #fbe6e4; --warn-soft: #fdf0d9; --accent-soft: #e4ecfc;
      }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      body { font-size: 10.5pt; }
      nav, .controls label, .further, details:not([open]), #lead-table th button::after { display: none; }
      #lead-table th button { display: contents; }
      header, main, footer { max-width: none; padding: 0; }
      section { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 14px 0; }
      .wide { overflow: visible; margin: 0; padding: 0; } svg.chart { min-width: 0; }
      thead { display: table-header-group; } tr, svg, .figures li, .capacity { break-inside: avoid; }
      h2, .hint { break-after: avoid; } #handoff, #flow, #scores { break-inside: avoid; } .figures { grid-template-columns: repeat(6, 1fr); }
    }
    @media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
    """
}
