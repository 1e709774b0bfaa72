import { gzipSync } from "node:zlib";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { figures } from "./axe.js";
import { launch } from "./browser.js";
import { Hub } from "./hub.js";
import { firstViews, liveUpdates, queuePages } from "./speed.js";
import { rows, Stage } from "./stage.js";
import { perform, type Task } from "./task.js";
import { auditNarrow, auditStates, prove } from "./tasks/audit.js";
import { customer, customerNarrow, customerNotices, customerStates } from "./tasks/customer.js";
import { cut } from "./tasks/cut.js";
import { decide } from "./tasks/decide.js";
import { drafts, warned } from "./tasks/drafts.js";
import { home, parts } from "./tasks/home.js";
import { byKeyboard, comesBack, keepsFragment } from "./tasks/keyboard.js";
import { live, lost, windows } from "./tasks/live.js";
import { narrow } from "./tasks/narrow.js";
import { health, operationsNarrow, operationsStates, stale as staleRedrive, standing } from "./tasks/operations.js";
import { parked } from "./tasks/parked.js";
import { policy } from "./tasks/policy.js";
import { assign, bulk, keys, matching, rubbish as rubbishFilters, views } from "./tasks/queue.js";
import { deliver, overdue, reportsNarrow, reportStates } from "./tasks/reports.js";
import { restart } from "./tasks/restart.js";
import { early, keep, lift, opening } from "./tasks/restricted.js";
import { empty, restricted, trouble } from "./tasks/states.js";
import { continuation, disclosure, lostAnswer, matchOnPhone, referral, refusedField, rubbish as rubbishForms, stale } from "./tasks/submission.js";
import { exported, find, states, zoomed } from "./tasks/submissions.js";
import { conflict, news, once } from "./tasks/together.js";
import { viewChanged } from "./tasks/views.js";
import { match, register, setAside } from "./tasks/work.js";
import { worklist } from "./tasks/worklist.js";
import { itemByKeyboard, itemKinds, itemList, itemMoved, workItem } from "./tasks/workitems.js";

/** In this order: the first looks at an empty queue, the later ones move the clock. */
const tasks: Task[] = [
  empty, decide, byKeyboard, comesBack, keepsFragment, drafts, warned, conflict, once, news, setAside, match, trouble, restricted, narrow, policy,
  home, parts, bulk, assign, keys, rubbishFilters, views, viewChanged, live, lost, windows, find, exported, states, zoomed,
  disclosure, continuation, refusedField, referral, stale, lostAnswer, rubbishForms, matchOnPhone, lift, keep, early, worklist,
  workItem, itemKinds, itemMoved, itemList, itemByKeyboard, customer, customerStates, customerNarrow,
  restart, cut, matching, register,
  deliver, reportStates, prove, auditStates, auditNarrow, health, parked, operationsStates, staleRedrive, operationsNarrow, overdue, reportsNarrow, standing,
  opening, customerNotices,
];

// What a task leaves behind in the background is its failure, not the end of the run.
const stray: string[] = [];
process.on("unhandledRejection", (e) => stray.push(e instanceof Error ? e.message : String(e)));

/** Tasks whose name has this word; "speed" measures only. */
const only = process.argv[2];
const failed: string[] = [];
let passed = 0;
const browser = await launch();
const times: Record<string, number[]> = {};
try {
  if (only !== "speed") await performAll();
  if (!only || only === "speed") await measure();
} finally {
  await browser.close();
}

async function performAll() {
  const hub = await Hub.start();
  try {
    for (const task of tasks) {
      if (only && !task.name.includes(only)) continue;
      const from = Date.now();
      const problem = [await perform(task, hub, browser), ...stray.splice(0)].filter(Boolean).join("; ");
      console.log(`${problem ? "FAIL" : "ok  "} ${task.name} (${((Date.now() - from) / 1000).toFixed(1)} s)${problem ? `\n     ${problem}` : ""}`);
      if (problem) failed.push(task.name);
      else passed++;
    }
  } finally {
    await hub.stop();
  }
}

/** Speed is measured where nothing else runs, over many submissions. */
async function measure() {
  console.log(`filling a hub with ${rows} submissions`);
  const stage = await Stage.start();
  try {
    times.first_view = await firstViews(browser, stage.origin);
    times.queue_page = await queuePages(browser, stage.origin);
    times.live_update = await liveUpdates(browser, stage.origin);
  } finally {
    await stage.stop();
  }
}

const assets = "../internal/app/dist/assets";
const bytes = readdirSync(assets).reduce((sum, f) => sum + gzipSync(readFileSync(join(assets, f)), { level: 9 }).length, 0);
const p95 = (list: number[]) => list.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(list.length * 0.95) - 1)];
const { screens, axe_findings } = figures();
console.log(`figure screens ${screens} screens-and-states`);
console.log(`figure tasks_passed ${passed} tasks`);
console.log(`figure tasks_failed ${failed.length} tasks`);
console.log(`figure axe_findings ${axe_findings} findings`);
for (const [name, list] of Object.entries(times)) console.log(`figure ${name}_ms_p95 ${Math.round(p95(list)!)} ms`);
console.log(`figure bundle_gzip_kb ${(bytes / 1000).toFixed(1)} kB`);
const most = 250_000;
if (bytes > most) console.log(`the console is ${bytes} bytes to load, more than ${most}`);
process.exitCode = failed.length > 0 || bytes > most ? 1 : 0;
