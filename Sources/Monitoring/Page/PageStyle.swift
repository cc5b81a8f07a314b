/// How the status page looks, and how it renews itself.
enum PageStyle {
    static let css = """
        :root{color-scheme:light dark;--paper:#fbfaf8;--ink:#1d2226;--quiet:#5b646c;--rule:#d9dcdf;--card:#fff;--line:#1f6f8b;
        --area:#1f6f8b22;--good:#1d6b3a;--fair:#7a5200;--bad:#a4161a;--mild:#fff3d6;--alarm:#fde4e3}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#15191c;--ink:#e8eaec;--quiet:#a2abb3;--rule:#343b41;--card:#1d2327;
        --line:#6cc0dc;--area:#6cc0dc26;--good:#7fd69b;--fair:#f0c060;--bad:#ff9b93;--mild:#3a2f12;--alarm:#471d1c}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:72rem;padding:1rem clamp(.75rem,3vw,2rem) 2rem;background:var(--paper);color:var(--ink);
        font:1rem/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        h1{font-size:1.5rem;margin:.25rem 0 .5rem;display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center}
        h2{font-size:1.1rem;margin:2rem 0 .5rem}
        p{margin:.5rem 0}small{color:var(--quiet);font-size:.85rem;font-weight:400}
        .quiet{color:var(--quiet);font-weight:400}.good{color:var(--good)}.fair{color:var(--fair)}.bad{color:var(--bad)}
        .badge{font-size:1rem;padding:.1rem .7rem;border-radius:1rem;border:1px solid currentColor;color:var(--quiet)}
        .badge.purging{color:var(--good)}.badge.bad{color:var(--bad)}.badge.paused,.badge.throttled,.badge.waiting,.badge.stopping{color:var(--fair)}
        .facts{display:flex;flex-wrap:wrap;gap:.1rem .4rem;margin:0;color:var(--quiet);font-size:.9rem}
        .facts dd{margin:0 1rem 0 0;color:var(--ink)}
        .alarm{background:var(--alarm);border-left:4px solid var(--bad);padding:.6rem .9rem;border-radius:4px}
        .alarm.mild{background:var(--mild);border-color:var(--fair)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.75rem;margin:0}
        .tiles>div,.plot{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.75rem .9rem;margin:0}
        .tiles dt{color:var(--quiet);font-size:.9rem}.tiles dd{margin:0;font-size:1.5rem;line-height:1.3}
        .tiles small{display:block}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.75rem}
        .plot{display:grid;grid-template:1fr auto auto/auto 1fr;gap:.25rem .5rem}
        .plot figcaption{grid-column:1/-1;font-weight:600}.plot figcaption span{display:block;font-size:.85rem}
        .plot svg{width:100%;height:9rem;display:block}
        .y,.x{display:flex;justify-content:space-between;font-size:.75rem;color:var(--quiet)}
        .y{flex-direction:column;text-align:right;min-width:3rem}.x{grid-column:2}
        .plot path{vector-effect:non-scaling-stroke;fill:none}.grid{stroke:var(--rule);stroke-width:1}
        .plot path.area{fill:var(--area)}.line{stroke:var(--line);stroke-width:2;stroke-linejoin:round}
        .limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:6 4}
        table{width:100%;border-collapse:collapse;font-size:.95rem}
        th,td{padding:.4rem .6rem;border-bottom:1px solid var(--rule);text-align:right;vertical-align:top;font-weight:400}
        th:first-child,.text{text-align:left}tbody td:not(.text){white-space:nowrap}tbody th{overflow-wrap:break-word}
        details{margin:.5rem 0}summary{color:var(--line);padding:.5rem .25rem;cursor:pointer;text-decoration:underline}
        thead th{color:var(--quiet);font-size:.85rem;white-space:nowrap}tbody th{font-weight:600}
        td small{display:block}
        footer{margin-top:2rem;display:flex;flex-wrap:wrap;gap:.5rem 1.25rem;align-items:center;color:var(--quiet)}
        a{color:var(--line)}button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);
        border-radius:6px;padding:.35rem .8rem;min-height:2.75rem}
        a:focus-visible,button:focus-visible,summary:focus-visible{outline:3px solid var(--line);outline-offset:2px}
        @media (max-width:44rem){.cards thead{position:absolute;clip-path:inset(50%)}
        .cards,.cards tbody,.cards tr,.cards th,.cards td{display:block;text-align:left}
        .cards tr{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:.5rem .75rem;margin:0 0 .75rem;
        display:grid;grid-template-columns:1fr 1fr;gap:.1rem 1rem}
        .cards th,.cards td{border:0;padding:.1rem 0}.cards th,.cards .text{grid-column:1/-1}
        .cards td::before{content:attr(data-name);color:var(--quiet);margin-right:.6rem;white-space:normal}
        .cards td:not(.text){display:flex;justify-content:space-between}}
        time{white-space:nowrap}@media print{footer{display:none}@supports selector(::details-content){summary{display:none}}details::details-content{content-visibility:visible;display:block}
        section,.plot,tr{break-inside:avoid}body{padding:0;max-width:none}}
        """

    static let script = """
        "use strict";
        const button = document.getElementById("updates");
        let updates = true;
        button.hidden = false;
        button.addEventListener("click", () => {
          updates = !updates;
          button.textContent = updates ? "Stop updating" : "Go on updating";
        });
        setInterval(async () => {
          if (!updates || document.hidden) return;
          let state;
          try {
            const answer = await fetch("/", {signal: AbortSignal.timeout(4000)});
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            state = page.getElementById("state");
            if (answer.ok && state) document.title = page.title;
          } catch {}
          const shown = document.getElementById("state");
          if (state) {
            for (const {id} of shown.querySelectorAll("details[open]")) {
              const fold = state.querySelector("#" + id);
              if (fold) fold.open = true;
            }
            const focus = shown.contains(document.activeElement) && document.activeElement.parentElement.id;
            shown.replaceWith(state);
            if (focus) state.querySelector("#" + focus + ">summary")?.focus();
          } else if (!document.getElementById("lost")) {
            const note = document.createElement("p");
            note.id = "lost";
            note.className = "alarm";
            note.setAttribute("role", "status");
            note.textContent = "The program does not answer any more; this is what it said last.";
            shown.prepend(note);
          }
        }, 5000);
        """
}
