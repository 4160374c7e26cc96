/* SPDX-License-Identifier: MIT */
/* How the page of a report looks, in light, in the dark and on paper. */
#ifndef CONSOLE_REPORT_STYLE_H
#define CONSOLE_REPORT_STYLE_H

/* clang-format off */
#define REPORT_STYLE_LIGHT                                                                         \
	"--bg:#f7f6f3;--card:#fff;--ink:#1d2227;--dim:#69727c;--line:#e2e0da;--lane:#eeece7;"      \
	"--bad:#b3261e;--bad-bg:#fdeceb;--warn:#c96a12;--good:#2b7a4b;"                            \
	"--b1:#d6e6f5;--b2:#bcd7ee;--b3:#9dc4e6;--b4:#78acd9;--b5:#5592c9;--b6:#3878b4;"           \
	"--b7:#215d97;--b8:#0e4176;--area:#9dc4e6;--edge:#215d97;--bar:#5592c9;"                   \
	"--f-site:#d9d5cc;--f-lock:#e8a7a0;--f-io:#a9cbe6;--f-time:#d8d3c2;--f-task:#b5d6b0;"      \
	"--f-chan:#cdb9e2;--f-none:#e6e3dc;--on:#1d2227;"
#define REPORT_STYLE_DARK                                                                          \
	"--bg:#14171a;--card:#1c2024;--ink:#e3e6e8;--dim:#929ba4;--line:#30363c;--lane:#24292e;"   \
	"--bad:#ff8a80;--bad-bg:#3a1f1f;--warn:#f0a04b;--good:#7cc796;"                            \
	"--b1:#1c3348;--b2:#214564;--b3:#275881;--b4:#2f6d9f;--b5:#3f86bd;--b6:#5a9fd6;"           \
	"--b7:#82bbe8;--b8:#b4d9f7;--area:#275881;--edge:#82bbe8;--bar:#3f86bd;"                   \
	"--f-site:#4b4a45;--f-lock:#8a4640;--f-io:#2f5f85;--f-time:#55523f;--f-task:#3d6b3d;"      \
	"--f-chan:#5c477a;--f-none:#33373b;--on:#e3e6e8;"

#define REPORT_STYLE                                                                               \
	":root{color-scheme:light dark;" REPORT_STYLE_LIGHT "}\n"                                  \
	"@media (prefers-color-scheme:dark){:root{" REPORT_STYLE_DARK "}}\n"                       \
	"*{box-sizing:border-box}\n"                                                               \
	"body{margin:0 auto;padding:28px 24px 48px;max-width:1240px;background:var(--bg);"         \
	"color:var(--ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\","       \
	"\"Liberation Sans\",sans-serif}\n"                                                        \
	"h1{font-size:24px;line-height:1.25;margin:0;overflow-wrap:anywhere}\n"                    \
	"h2{font-size:20px;margin:36px 0 4px}h3{font-size:16px;margin:0 0 2px}\n"                  \
	"header p{margin:2px 0 0;color:var(--dim)}\n"                                              \
	"p{margin:2px 0 10px}section>p,.command{color:var(--dim)}\n"                               \
	"code{font:13px/1.4 ui-monospace,\"DejaVu Sans Mono\",monospace;overflow-wrap:anywhere}\n" \
	".whole{color:var(--good)}\n"                                                              \
	".lost{color:var(--bad);background:var(--bad-bg);border-left:4px solid var(--bad);"        \
	"padding:8px 12px;border-radius:4px;font-weight:600}\n"                                    \
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(160px,1fr));gap:12px;"   \
	"margin:14px 0}\n"                                                                         \
	".card{background:var(--card);border:1px solid var(--line);border-radius:8px;"             \
	"padding:10px 14px}\n"                                                                     \
	".card b{display:block;font-size:24px;line-height:1.2;font-weight:650;"                    \
	"font-variant-numeric:tabular-nums}\n"                                                     \
	".card span{display:block}.card small{color:var(--dim)}\n"                                 \
	".card.bad b{color:var(--bad)}.card.good b{color:var(--good)}\n"                           \
	".findings{background:var(--card);border:1px solid var(--line);border-radius:8px;"         \
	"margin:14px 0;padding:10px 16px 10px 38px}\n"                                             \
	".findings li{padding:3px 0}.findings li::marker{color:var(--dim);font-weight:600}\n"      \
	"section{background:var(--card);border:1px solid var(--line);border-radius:8px;"           \
	"padding:14px 18px;margin:14px 0}\n"                                                       \
	"svg{display:block;width:100%;height:auto;overflow:visible}\n"                             \
	"svg text{font:12px system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\","                   \
	"\"Liberation Sans\",sans-serif;fill:var(--ink)}\n"                                        \
	"svg .dim{fill:var(--dim)}svg .mid{text-anchor:middle}svg .end{text-anchor:end}\n"         \
	"svg .on{fill:var(--on);pointer-events:none}\n"                                            \
	".lane{fill:var(--lane)}.tick{stroke:var(--line);stroke-width:1}\n"                        \
	".b1{fill:var(--b1)}.b2{fill:var(--b2)}.b3{fill:var(--b3)}.b4{fill:var(--b4)}"             \
	".b5{fill:var(--b5)}.b6{fill:var(--b6)}.b7{fill:var(--b7)}.b8{fill:var(--b8)}\n"           \
	".wait{fill:var(--warn)}.mark{fill:none;stroke:var(--bad);stroke-width:1.5}\n"             \
	".flag{fill:var(--bad)}.area{fill:var(--area)}.bar{fill:var(--bar)}\n"                     \
	".edge{fill:none;stroke:var(--edge);stroke-width:1.2}\n"                                   \
	".pct{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3}\n"                            \
	".f-site{fill:var(--f-site)}.f-lock{fill:var(--f-lock)}.f-io{fill:var(--f-io)}"            \
	".f-time{fill:var(--f-time)}.f-task{fill:var(--f-task)}.f-chan{fill:var(--f-chan)}"        \
	".f-none{fill:var(--f-none)}\n"                                                            \
	".flame rect{stroke:var(--card);stroke-width:1}.flame g:hover rect{stroke:var(--ink)}\n"   \
	".legend{display:flex;flex-wrap:wrap;gap:4px 16px;color:var(--dim);font-size:13px;"        \
	"margin:6px 0 0}\n"                                                                        \
	".legend i{display:inline-block;width:14px;height:11px;border-radius:2px;"                 \
	"margin-right:5px;vertical-align:-1px}\n"                                                  \
	".two{display:grid;grid-template-columns:1fr 1fr;gap:14px}.two section{margin:0}\n"        \
	".wide{overflow-x:auto}\n"                                                                 \
	"table{border-collapse:collapse;font-size:13.5px;min-width:60%}\n"                         \
	"th{font-weight:600;font-size:11.5px;letter-spacing:.02em;color:var(--dim);"               \
	"text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}\n"                \
	"th,td{padding:4px 16px 4px 0;vertical-align:top}\n"                                       \
	"td{border-bottom:1px solid var(--line);white-space:nowrap;"                               \
	"font-variant-numeric:tabular-nums}\n"                                                     \
	"tr:last-child td{border-bottom:0}tbody tr:hover td{background:var(--lane)}\n"             \
	".r{text-align:right}th.r,td.r{padding-left:4px}\n"                \
	".path td{white-space:pre}.more{color:var(--dim);margin:6px 0 0}\n"                        \
	"footer{margin-top:28px;color:var(--dim);font-size:13px}\n"                                \
	"@media (max-width:760px){.two{grid-template-columns:1fr}body{padding:16px 10px}}\n"       \
	"@media print{:root{" REPORT_STYLE_LIGHT "--bg:#fff}body{max-width:none;padding:0;"        \
	"font-size:11px}section,.card,.findings{break-inside:avoid}.wide{overflow:visible}"        \
	"table{font-size:9.5px}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n"
/* clang-format on */

#endif
