// The recording's page with scripts: words and times seek, the spoken word follows,
// `?t=from,to` plays just that. Without scripts the page still has all its links.
import { offerQuotes } from "./quote.js";

const page = document.querySelector("[data-recording]");
const passages = [...page.querySelectorAll(".passage")].map((element) => ({
  element,
  said: element.querySelector(".said"),
  start: Number(element.dataset.start),
  end: Number(element.dataset.end),
}));
const offset = Math.round(Number(page.dataset.offset) * 1000);
const length = Number(page.dataset.length);
const follow = page.querySelector("[data-follow]");
let player = page.querySelector("video, audio");
let current = null;
let stopAt = null;
let timer = null;
let words = null; // {passage's start: [start of each word, …]}, asked for at the first use

document.documentElement.classList.add("js");

const address = (start, end) =>
  `?t=${start / 1000}${end === undefined ? "" : `,${end / 1000}`}`;

function asked() {
  const match = /^(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?$/.exec(
    new URLSearchParams(location.search).get("t") ?? "",
  );
  if (!match) return null;
  const [from, to] = [Number(match[1]) * 1000, match[2] && Number(match[2]) * 1000];
  return { from, to: to > from ? to : null };
}

const now = () => Math.round(player.currentTime * 1000) - offset;

function seek(milliseconds, { play = false, to = null } = {}) {
  if (!player) return;
  stopAt = to;
  player.currentTime = Math.max(0, milliseconds + offset) / 1000;
  if (play) player.play().catch(() => {}); // the browser may want a press first
  show();
}

// The last passage that has started; -1 before the first one.
function passageAt(milliseconds) {
  let [low, high] = [0, passages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passages[middle].start <= milliseconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

async function wordTimes() {
  words ??= fetch(page.dataset.words).then((answer) => (answer.ok ? answer.json() : {}));
  return words;
}

// Where each word of a passage lies in its text node.
function wordRanges(passage) {
  passage.ranges ??= [...passage.said.textContent.matchAll(/\S+/g)].map((found) => [
    found.index,
    found.index + found[0].length,
  ]);
  return passage.ranges;
}

async function markWord(passage, milliseconds) {
  if (!window.CSS?.highlights) return;
  const starts = (await wordTimes())[passage.start] ?? [];
  const ranges = wordRanges(passage);
  if (starts.length !== ranges.length || passage !== current) return;
  const index = starts.findLastIndex((start) => start <= milliseconds);
  if (index < 0) return;
  const range = new Range();
  range.setStart(passage.said.firstChild, ranges[index][0]);
  range.setEnd(passage.said.firstChild, ranges[index][1]);
  CSS.highlights.set("spoken", new Highlight(range));
}

function show() {
  const time = now();
  const next = passages[passageAt(time)] ?? null;
  if (next !== current) {
    current?.element.classList.remove("current");
    current = next;
    current?.element.classList.add("current");
    if (current && follow?.checked && !player.paused) {
      current.element.scrollIntoView({ block: "nearest" });
    }
  }
  if (current) markWord(current, time);
  for (const line of page.querySelectorAll(".lane .now")) {
    line.setAttribute("transform", `translate(${Math.min(1000, (1000 * time) / length)} 0)`);
  }
  let chapter = null;
  for (const link of page.querySelectorAll(".chapters a")) {
    link.removeAttribute("aria-current");
    if (Number(link.dataset.start) <= time) chapter = link;
  }
  chapter?.setAttribute("aria-current", "true");
}

function following() {
  if (stopAt !== null && now() >= stopAt) {
    player.pause();
    stopAt = null;
  }
  show();
  clearTimeout(timer);
  if (!player.paused) timer = setTimeout(following, 100);
}

function attach() {
  page.querySelector("[data-tools]").hidden = false;
  player.addEventListener("play", () => {
    page.classList.add("playing");
    following();
  });
  player.addEventListener("seeked", show);
  const start = asked();
  if (!start) return;
  const begin = () => seek(start.from, { to: start.to });
  if (player.readyState >= HTMLMediaElement.HAVE_METADATA) begin();
  else player.addEventListener("loadedmetadata", begin, { once: true });
}

// A link of this page that leads to a moment: play it here.
page.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="?t="]');
  if (!link || !player || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const href = link.getAttribute("href"); // an SVG link's `href` is no string
  history.replaceState(null, "", href.replace("#now", ""));
  const { from, to } = asked();
  seek(from, { play: true, to });
});

// A click on a word plays from it; a selection is left alone.
page.addEventListener("click", async (event) => {
  const said = event.target.closest?.(".said");
  if (!said || !player || !getSelection().isCollapsed) return;
  const passage = passages.find((one) => one.said === said);
  const place = getSelection().focusOffset;
  const starts = (await wordTimes())[passage.start] ?? [];
  const index = wordRanges(passage).findIndex(([, end]) => place <= end);
  seek(starts[index] ?? passage.start, { play: true });
});

// The sound alone, and the film again: at the same moment, playing on if it played.
page.querySelector("[data-alone]")?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = event.currentTarget;
  const [time, playing] = [player.currentTime, !player.paused];
  const begin = () => {
    player.currentTime = time;
    if (playing) player.play().catch(() => {});
  };
  player.addEventListener("loadedmetadata", begin, { once: true });
  [player.src, link.href] = [link.href, player.src];
  [link.textContent, link.dataset.alone] = [link.dataset.alone, link.textContent];
});

// Media elsewhere: nothing is asked of the other host before this press.
page.querySelector("[data-elsewhere] a")?.addEventListener("click", (event) => {
  event.preventDefault();
  const place = page.querySelector("[data-elsewhere]");
  player = document.createElement("video");
  player.controls = true;
  player.src = place.dataset.elsewhere;
  place.replaceWith(player);
  attach();
  player.play().catch(() => {});
});

page.querySelector("[data-share]")?.addEventListener("click", async () => {
  const url = new URL(address(now()), location.href);
  await navigator.clipboard?.writeText(url.href);
  page.querySelector("[data-said]").textContent = page.dataset.copied;
});

if (player) attach();
offerQuotes(page, { passages, wordTimes, wordRanges, address, seek });
