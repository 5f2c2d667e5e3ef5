/// The page's style sheet: one column, light or dark as the reader prefers, black on white in print.
enum Style {
  static let sheet = """
    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--box:#f6f8fa;
    --one:#0969da;--two:#bc4c00;--good:#1a7f37;--bad:#cf222e;--poor:#9a6700}
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--page:#0d1117;
    --box:#151b23;--one:#58a6ff;--two:#f0883e;--good:#3fb950;--bad:#f85149;--poor:#d29922}}
    @media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#999;--page:#fff;--box:#fff;
    --one:#0550ae;--two:#953800;--good:#116329;--bad:#a40e26;--poor:#7d4e00}
    body{padding:0}figure,tr,li{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible!important}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--page);color:var(--ink);
    font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
    h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
    h3{font-size:1rem;margin:1rem 0 .25rem}
    p{margin:.5rem 0}
    .soft{color:var(--soft)}
    .verdict{display:inline-block;padding:.1rem .7rem;border-radius:1rem;border:2px solid;font-weight:600}
    .pass{color:var(--good)}.fail{color:var(--bad)}.insufficient{color:var(--poor)}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
    th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
    th:first-child,td:first-child{text-align:left}
    th{font-weight:600}thead th{border-bottom:2px solid var(--line)}
    table.words{overflow-wrap:anywhere}
    table.words th,table.words td{text-align:left;white-space:normal;vertical-align:top;min-width:8rem}
    pre{background:var(--box);padding:.6rem;border:1px solid var(--line);border-radius:.3rem;
    white-space:pre-wrap;font-size:.85rem}
    svg{display:block;max-width:100%;height:auto;font:12px system-ui,sans-serif}
    @media screen{.scroll svg{max-width:none}}
    @media screen and (max-width:40rem){th:first-child,td:first-child{white-space:normal;min-width:7rem}}
    svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}svg .grid{stroke:var(--line)}
    .one{fill:var(--one)}.two{fill:var(--two)}
    figure{margin:.5rem 0}figcaption{font-size:.85rem;color:var(--soft)}
    @media print{table{font-size:.72rem}th,td{padding:.2rem .35rem;white-space:normal}}
    .examples{display:flex;flex-wrap:wrap;gap:1rem;padding:0;list-style:none}
    .examples li{width:9rem;font-size:.8rem;line-height:1.35}
    .examples img{display:block;width:6rem;height:6rem;object-fit:contain;background:var(--box);
    border:1px solid var(--line)}
    """
}
