// The recording's page with scripts: words and times seek, the spoken word follows,
// `?t=from,to` plays just that. Without scripts the page still has all its links.
import { offerPieces } from "./pieces.js";
import { moment, Playing } from "./playing.js";
import { offerQuotes } from "./quote.js";
import { offsetOf, rangeOf, wordRanges } from "./words.js";

const page = document.querySelector("[data-recording]");
const length = Number(page.dataset.length);
const follow = page.querySelector("[data-follow]");
const lines = [...page.querySelectorAll(".lane .now")];
const chapters = [...page.querySelectorAll(".chapters a")]
  .map((link) => ({ link, start: moment(link.search)?.from ?? 0 }))
  .sort((one, other) => one.start - other.start);
const { connection } = navigator;
const metered = connection?.saveData || connection?.type === "cellular";
const small = matchMedia("(max-width: 40rem)").matches;

let playing = null;
let passages = [];
let current = null;
let chapter = null;
let words = null; // {passage's start: [start of each word, …]}, asked for at the first use

document.documentElement.classList.add("js");

const address = (start, end) =>
  `?t=${start / 1000}${end === undefined ? "" : `,${end / 1000}`}`;
const apart = (event) => event.ctrlKey || event.metaKey || event.shiftKey;

function gatherPassages() {
  passages = [...page.querySelectorAll(".passage")].map((element) => ({
    element,
    said: element.querySelector(".said"),
    start: Number(element.dataset.start),
    end: Number(element.dataset.end),
  }));
}

// The last one that has started; undefined before the first.
function startedAt(sorted, milliseconds) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].start <= milliseconds) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

async function wordTimes() {
  words ??= fetch(page.dataset.words).then((answer) => (answer.ok ? answer.json() : {}));
  return words;
}

async function markWord(passage, milliseconds) {
  if (!window.CSS?.highlights) return;
  const starts = (await wordTimes())[passage.start] ?? [];
  const ranges = wordRanges(passage);
  if (starts.length !== ranges.length || passage.element !== current?.element) return;
  const index = starts.findLastIndex((start) => start <= milliseconds);
  if (index < 0) return;
  CSS.highlights.set("spoken", new Highlight(rangeOf(passage.said, ...ranges[index])));
}

function showPassage(time) {
  const next = startedAt(passages, time) ?? null;
  if (next?.element !== current?.element) {
    current?.element.classList.remove("current");
    next?.element.classList.add("current");
    if (next && follow?.checked && !playing.media.paused) {
      next.element.scrollIntoView({ block: "nearest" });
    }
  }
  current = next;
  if (current) markWord(current, time);
}

function show(time) {
  pieces.load(time);
  showPassage(time);
  const place = Math.min(1000, (1000 * time) / length);
  for (const line of lines) line.setAttribute("transform", `translate(${place} 0)`);
  const next = startedAt(chapters, time) ?? null;
  if (next !== chapter) {
    chapter?.link.removeAttribute("aria-current");
    next?.link.setAttribute("aria-current", "true");
    chapter = next;
  }
}

function attach(media) {
  playing = new Playing(page, media, show);
  page.querySelector("[data-tools]").hidden = false;
  media.addEventListener("play", () => page.classList.add("playing"));
  const start = moment(location.search);
  // A whole stretch was asked for, so it plays; a single moment only stands there.
  if (start) playing.whenReady(() => playing.seek(start.from, { to: start.to, play: start.to }));
}

const seek = (milliseconds, how) => playing?.seek(milliseconds, how);

gatherPassages();
const pieces = offerPieces(page, { frugal: metered || small, added: gatherPassages });

// A link of this page that leads to a moment: play it here.
page.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="?t="]');
  if (!link || !playing || apart(event)) return;
  event.preventDefault();
  const href = link.getAttribute("href"); // an SVG link's `href` is no string
  history.replaceState(null, "", href.replace("#now", ""));
  const { from, to } = moment(location.search);
  seek(from, { play: true, to });
});

// A click on a word plays from it; a selection is left alone.
page.addEventListener("click", async (event) => {
  const said = event.target.closest?.(".said");
  const selection = getSelection();
  if (!said || !playing || !selection.isCollapsed || !said.contains(selection.focusNode)) return;
  const passage = passages.find((one) => one.said === said);
  const place = offsetOf(said, selection.focusNode, selection.focusOffset);
  const starts = (await wordTimes())[passage.start] ?? [];
  const index = wordRanges(passage).findIndex(([, end]) => place <= end);
  seek(starts[index] ?? passage.start, { play: true });
});

// The sound alone, and the film again: at the same moment, playing on if it played.
function changeMedia(link) {
  const { media } = playing;
  const [time, paused] = [media.currentTime, media.paused];
  const begin = () => {
    media.currentTime = time;
    if (!paused) media.play().catch(() => {});
  };
  if (media.readyState) media.addEventListener("loadedmetadata", begin, { once: true });
  [media.src, link.href] = [link.href, media.src];
  [link.textContent, link.dataset.alone] = [link.dataset.alone, link.textContent];
  const sounds = page.classList.toggle("sound-alone");
  // A still would peep out behind the controls of a player without a picture.
  if (sounds) [media.dataset.poster, media.poster] = [media.poster, ""];
  else media.poster = media.dataset.poster;
}

page.querySelector("[data-alone]")?.addEventListener("click", (event) => {
  if (apart(event)) return;
  event.preventDefault();
  changeMedia(event.currentTarget);
});

// Media elsewhere: nothing is asked of the other host before this press.
page.querySelector("[data-elsewhere] .listen")?.addEventListener("click", (event) => {
  event.preventDefault();
  const place = event.target.closest("[data-elsewhere]");
  const media = document.createElement("video");
  media.controls = true;
  media.src = place.dataset.elsewhere;
  place.replaceWith(media);
  attach(media);
  media.play().catch(() => {});
});

page.querySelector("[data-cited]")?.addEventListener("click", () => {
  const { from, to } = moment(location.search) ?? { from: playing.now };
  seek(from, { play: true, to });
});

page.querySelector("[data-share]")?.addEventListener("click", async () => {
  const url = new URL(address(playing.now), location.href).href;
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ title: document.title, url }).catch(() => {});
    return;
  }
  await navigator.clipboard?.writeText(url);
  page.querySelector("[data-said]").textContent = page.dataset.copied;
});

const media = page.querySelector(".watch video, .watch audio");
if (media) {
  attach(media);
  const alone = page.querySelector("[data-alone]");
  if (alone && (metered || small)) changeMedia(alone);
}
offerQuotes(page, { passages: () => passages, wordTimes, address, seek });
